"""Puts stored values into the live picture: at start, because silent cells have values too, and now and then."""

import asyncio
import logging

from sqlalchemy import Engine

from schemas.site import Site
from service.backoff import BackOff
from service.threads import Threads
from storage.database import read_sessions
from storage.faults import DatabaseAway, away_as_one
from storage.revisions import WrongVersion, check_version
from web.live.hub import Hub
from web.live.latest import ByCell, read_stored

# The broker is the short way; this only mends what it missed and brings the flags that the ingestor set. Seconds.
EVERY_SECONDS = 60.0
# Seconds that the database has for its answer.
PATIENCE = 10.0

log = logging.getLogger(__name__)


class Filling:
    """Fills the hub; also tracks whether the database can be used, and logs each change once."""

    def __init__(self, engine: Engine, site: Site, hub: Hub, threads: Threads) -> None:
        self._engine, self._site, self._hub, self._threads = engine, site, hub, threads
        self._sessions = read_sessions(engine)
        # What keeps the database from being used, in words; None while it can be.
        self.fault: str | None = "not asked yet"
        # Whether that is its version.
        self.wrong_version = False

    async def run(self) -> None:
        """Fill the picture until cancelled."""
        tries = BackOff()
        while True:
            try:
                with away_as_one():
                    stored = await self._threads.within(PATIENCE, self._read)
            except DatabaseAway as error:
                self.fault, self.wrong_version = str(error), isinstance(error.__cause__, WrongVersion)
                if tries.is_new(self.fault):
                    log.warning("%s; trying again", self.fault)
                await asyncio.sleep(tries.next())
                continue
            if self.fault is not None:
                log.info("database answers")
            self.fault, self.wrong_version = None, False
            tries.succeed()
            for cell, values in stored.items():
                if cell in self._site.unit_of_cell:
                    self._hub.live.put_values(cell, values)
            self._hub.filled = True
            await asyncio.sleep(EVERY_SECONDS)

    def _read(self) -> ByCell:
        check_version(self._engine)
        return read_stored(self._sessions)
