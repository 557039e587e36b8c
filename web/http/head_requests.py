"""HEAD is GET without the content: programs that only ask whether a page is there send it (RFC 9110, 9.3.2)."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

# Never ends by itself.
STREAM = "/live"


def answer_head_requests(app: ASGIApp) -> ASGIApp:
    """Answer HEAD with an application that handles only GET; the server omits the content."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["method"] == "HEAD" and scope["path"] != STREAM:
            get_scope: HTTPScope = {**scope, "method": "GET"}
            scope = get_scope
        await app(scope, receive, send)

    return wrapped
