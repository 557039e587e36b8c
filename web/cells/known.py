"""Which cell an address means: one of the site, one under its former code, or one that was retired."""

from litestar.exceptions import NotFoundException

from schemas.site import Site
from storage.database import Reads
from storage.faults import away_as_one
from telemetry.retired import site_with_retired
from web.http.query_parameters import known_cell
from web.threads import PATIENCE, WebThreads


def find_cell(site: Site, sessions: Reads, code: str) -> tuple[Site, str]:
    """Return a description that has the cell, and its present code; raise NotFoundException.

    The database is asked only for a cell that the site file does not have.
    """
    try:
        cell = known_cell(site, code)
    except NotFoundException:
        with sessions.reading() as session:
            retired = site_with_retired(session, site, code)
        if retired is None:
            raise
        return retired, code
    return site, cell


async def resolve_cell(site: Site, sessions: Reads, threads: WebThreads, code: str) -> tuple[Site, str]:
    """As `find_cell`, for live pages: raise DatabaseAway where the database would have to know and does not answer."""
    try:
        return site, known_cell(site, code)
    except NotFoundException:
        with away_as_one():
            return await threads.additions.within(PATIENCE, find_cell, site, sessions, code)
