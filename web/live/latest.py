"""The newest value of every parameter: from the broker where that is newer, from the table where it is not."""

from collections.abc import Collection, Iterable, Mapping

from litestar.exceptions import ServiceUnavailableException
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.database import Reads
from telemetry import queries
from telemetry.views import Latest
from web.live.hub import Hub

ByCell = dict[str, dict[str, Latest]]


def read_latest(sessions: Reads, hub: Hub, cells: Collection[str]) -> ByCell:
    """Merge table and hub. With the database away the hub answers, and 503 where it cannot know."""
    try:
        stored = read_stored(sessions, cells)
    except (DBAPIError, PoolTimeout) as error:
        blank = [cell for cell in cells if not hub.cell(cell)]
        if blank and not hub.filled:
            detail = f"the database cannot be reached and nothing came live yet of {', '.join(blank)}"
            raise ServiceUnavailableException(detail=detail, headers={"Retry-After": "10"}) from error
        stored = {}
    return {cell: newest([stored.get(cell, {}), hub.cell(cell)]) for cell in cells}


def read_stored(sessions: Reads, cells: Collection[str] | None = None) -> ByCell:
    """Return what the table of newest readings holds."""
    found: ByCell = {}
    with sessions.reading() as session:
        for cell, parameter, observed_at, value, quality in session.execute(queries.latest_values(cells)):
            found.setdefault(cell, {})[parameter] = Latest(observed_at, value, quality)
    return found


def newest(sources: Iterable[Mapping[str, Latest]]) -> dict[str, Latest]:
    """Return each parameter's newest value; of the same instant the one that is trusted less."""
    merged: dict[str, Latest] = {}
    for source in sources:
        for parameter, value in source.items():
            held = merged.get(parameter)
            if held is None or (value.observed_at, value.quality) > (held.observed_at, held.quality):
                merged[parameter] = value
    return merged
