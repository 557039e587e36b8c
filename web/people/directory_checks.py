"""Asks the directory again and again who is still in it: sessions and tokens end without a login."""

import asyncio
import logging
from datetime import timedelta

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from facility.people.directory import Directory, DirectoryAway
from facility.people.directory_people import check_people
from storage.database import Sessions

log = logging.getLogger(__name__)


class DirectoryChecks:
    """A task of the server. Several servers may do the same: who was asked about lately is left out."""

    def __init__(self, sessions: Sessions, directory: Directory, every: timedelta) -> None:
        self._sessions, self._directory, self._every = sessions, directory, every
        self._said = ""

    async def run(self) -> None:
        while True:
            await self.check()
            await asyncio.sleep(self._every.total_seconds() / 5)

    async def check(self) -> None:
        """Look once; a directory or database that is away is said once and asked again."""
        try:
            await asyncio.to_thread(check_people, self._sessions, self._directory, self._every)
            said = ""
        except DirectoryAway as away:
            said = f"people could not be looked up in the directory: {away}; trying again"
        except (DBAPIError, PoolTimeout) as error:
            said = f"people could not be looked up: the database is away ({error.__class__.__name__}); trying again"
        if said and said != self._said:
            log.warning("%s", said)
        self._said = said
