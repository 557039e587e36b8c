"""The newest value of every parameter: from the broker where that is newer, from the table where it is not."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from litestar.exceptions import ServiceUnavailableException
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas import times
from schemas.picture import Latest
from storage.database import Sessions
from telemetry import queries
from telemetry.judging import supersedes
from web.live.hub import Hub

ByCell = dict[str, dict[str, Latest]]


def read_latest(sessions: Sessions, hub: Hub, cells: Collection[str]) -> ByCell:
    """Merge table and hub. With the database away the hub answers, and 503 where it cannot know."""
    try:
        stored = read_stored(sessions, cells)
    except (DBAPIError, PoolTimeout) as error:
        blank = [cell for cell in cells if not hub.cell(cell)]
        if blank and not hub.filled:
            detail = f"the database cannot be reached and nothing came live yet of {', '.join(blank)}"
            raise ServiceUnavailableException(detail=detail, headers={"Retry-After": "10"}) from error
        stored = {}
    now = times.now()
    return {cell: newest([stored.get(cell, {}), hub.cell(cell)], now) for cell in cells}


def read_stored(sessions: Sessions, cells: Collection[str] | None = None) -> ByCell:
    """Return what the table of newest readings holds."""
    found: ByCell = {}
    with sessions() as session:
        for cell, parameter, observed_at, value, quality in session.execute(queries.latest_values(cells)):
            found.setdefault(cell, {})[parameter] = Latest(observed_at, value, quality)
    return found


def newest(sources: Iterable[Mapping[str, Latest]], now: datetime) -> dict[str, Latest]:
    """Return each parameter's newest value."""
    merged: dict[str, Latest] = {}
    for source in sources:
        for parameter, value in source.items():
            if supersedes(value, merged.get(parameter), now):
                merged[parameter] = value
    return merged
