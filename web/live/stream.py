"""`GET /live`: server-sent events, a snapshot first and then what changes."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from web.live.hub import Hub

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@get("/live", media_type="text/event-stream")
async def stream(hub: NamedDependency[Hub]) -> Stream:
    """Stream live values: `event: snapshot`, then `event: delta` of the same shape with what changed."""
    return Stream(hub.stream(), media_type="text/event-stream", headers=HEADERS)
