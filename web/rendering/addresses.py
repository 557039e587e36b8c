"""The requested address, read so that no header can raise an error."""

import re

from web.requests import HttpRequest

# What a browser can ask for: a name or IPv4 address, or IPv6 in brackets, and a port.
_HOST = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


def requested_path(request: HttpRequest) -> str:
    """Return the path with its query, to come back to after a form or a login."""
    query = request.scope["query_string"].decode("ascii", "replace")
    path: str = request.scope["path"]
    return path.encode("utf-8", "replace").decode() + (f"?{query}" if query else "")


def own_origin(request: HttpRequest) -> str:
    """Return scheme, host and port of the requested address, without a slash at the end."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = request.scope["server"] or ("localhost", None)
        host = name if port is None else f"{name}:{port}"
    return f"{request.scope['scheme']}://{host}"
