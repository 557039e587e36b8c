"""Which cell an address means: one of the site, one under its former code, or one that was retired."""

from litestar.exceptions import NotFoundException

from schemas.site import Site
from storage.database import Reads
from telemetry.retired import site_with_retired
from web.http.query_parameters import known_cell


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
