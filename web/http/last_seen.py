"""Write now and then when sessions and tokens were used last."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from facility.people.last_seen import LastSeen
from service.threads import Threads
from storage.database import Sessions

log = logging.getLogger(__name__)

_EVERY = 20.0  # seconds; a session that nobody uses ends after hours


class LastSeenWriting:
    """The task that writes them."""

    def __init__(self, seen: LastSeen, writing: Sessions, threads: Threads) -> None:
        self._seen, self._writing, self._threads = seen, writing, threads

    async def run(self) -> None:
        """Write until cancelled; a database that is away or busy gets them later."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self._threads.run(self._seen.write, self._writing)
            except SQLAlchemyError as error:
                log.debug("when sessions were last used is written later: %s", error.__class__.__name__)
