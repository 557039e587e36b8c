"""The newest value of every parameter: from the broker where that is newer, from the table where it is not."""

from collections.abc import Collection, Mapping

from litestar.exceptions import ServiceUnavailableException

from schemas import times
from schemas.picture import Latest, supersedes
from storage.database import Reads
from storage.faults import DatabaseAway, away_as_one
from telemetry import queries
from web.live.hub import Hub
from web.threads import PATIENCE, WebThreads

ByCell = dict[str, dict[str, Latest]]


async def read_latest(sessions: Reads, threads: WebThreads, hub: Hub, cells: Collection[str]) -> ByCell:
    """Merge table and hub. With the database away the hub answers; 503 for what it does not have."""
    stored: ByCell = {}
    try:
        with away_as_one():
            stored = await threads.additions.within(PATIENCE, read_stored, sessions, cells)
    except DatabaseAway as error:
        blank = [cell for cell in cells if not hub.picture.cells.get(cell)]
        if blank and not hub.filled:
            detail = f"the database cannot be reached and nothing came live yet of {', '.join(blank)}"
            raise ServiceUnavailableException(detail=detail, headers={"Retry-After": "10"}) from error
    live = hub.picture.cells
    return {cell: newer_of(stored.get(cell, {}), live.get(cell, {})) for cell in cells}


def read_stored(sessions: Reads, cells: Collection[str] | None = None) -> ByCell:
    """Return what the table of newest readings holds, of all cells where none are named."""
    found: ByCell = {}
    with sessions.reading() as session:
        for cell, parameter, observed_at, value, quality in session.execute(queries.latest_values(cells)):
            found.setdefault(cell, {})[parameter] = Latest(observed_at, value, quality)
    return found


def newer_of(stored: Mapping[str, Latest], live: Mapping[str, Latest]) -> dict[str, Latest]:
    """Return each parameter's newer value."""
    now = times.now()
    return dict(stored) | {
        parameter: value for parameter, value in live.items() if supersedes(value, stored.get(parameter), now)
    }
