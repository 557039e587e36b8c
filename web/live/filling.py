"""Puts stored values into the hub: at start, because silent cells have values too, and now and then."""

import asyncio
import logging

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas.site import Site
from storage.database import read_sessions
from storage.revisions import WrongVersion, check_version
from web.live.hub import Hub
from web.live.latest import ByCell, read_stored

FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
# The broker is the short way; this only mends what it missed and brings the flags that the ingestor set.
EVERY_SECONDS = 60.0

log = logging.getLogger(__name__)


class Filling:
    """Knows also whether the database can be used, and says so once for each change."""

    def __init__(self, engine: Engine, site: Site, hub: Hub) -> None:
        self._engine, self._site, self._hub = engine, site, hub
        self._sessions = read_sessions(engine)
        self.fault: str | None = "not asked yet"

    async def run(self) -> None:
        """Fill the hub until cancelled."""
        wait = FIRST_WAIT
        while True:
            try:
                stored = await asyncio.to_thread(self._read)
            except (DBAPIError, PoolTimeout, WrongVersion) as error:
                self._say(_words(error))
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST_WAIT)
                continue
            self._say(None)
            for cell, values in stored.items():
                if cell in self._site.unit_of_cell:
                    self._hub.put_reading(cell, values)
            self._hub.filled = True
            wait = FIRST_WAIT
            await asyncio.sleep(EVERY_SECONDS)

    def _read(self) -> ByCell:
        check_version(self._engine)
        return read_stored(self._sessions)

    def _say(self, fault: str | None) -> None:
        if fault == self.fault:
            return
        if fault is None:
            log.info("database answers")
        else:
            log.warning("%s; trying again", fault)
        self.fault = fault


def _words(error: Exception) -> str:
    """Return the fault without statement or parameters."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return f"database: {error.orig}"
    return str(error) if isinstance(error, WrongVersion) else "database: no connection is free"
