"""`GET /live`: server-sent events, a snapshot first and then what changes."""

from collections.abc import AsyncIterator

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from facility.acting.refusals import TooManyAttempts
from web.live.hub import Hub
from web.requests import HttpRequest
from web.server_limits import PlaceCounter

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
_COME_BACK = 60


@get("/live", media_type="text/event-stream")
async def stream(request: HttpRequest, hub: NamedDependency[Hub], streams: NamedDependency[PlaceCounter]) -> Stream:
    """Stream live values: `event: snapshot`, then `event: delta` of the same shape with what changed."""
    address = request.client.host if request.client else ""
    if streams.full(address):
        raise TooManyAttempts(_COME_BACK)
    return Stream(_counted(hub, streams, address), media_type="text/event-stream", headers=HEADERS)


async def _counted(hub: Hub, streams: PlaceCounter, address: str) -> AsyncIterator[bytes]:
    streams.add(address)
    try:
        async for frame in hub.stream():
            yield frame
    finally:
        streams.remove(address)
