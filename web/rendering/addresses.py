"""The requested address, read so that no header can raise an error."""

from web.requests import HttpRequest


def requested_path(request: HttpRequest) -> str:
    """Return the path with its query, to come back to after a form or a login."""
    query = request.scope["query_string"].decode("ascii", "replace")
    path: str = request.scope["path"]
    return path.encode("utf-8", "replace").decode() + (f"?{query}" if query else "")
