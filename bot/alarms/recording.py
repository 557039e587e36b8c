"""From the broker's alarms to the outbox: what was heard is kept until the database has it."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from bot.database import Database, DatabaseAway
from broker.live_picture import AlarmChanged, Change, ConnectionChanged, LivePicture
from facility.alarms import notifications
from schemas import times
from service.backoff import BackOff
from storage.database import Sessions

# Events in one transaction.
AT_ONCE = 500

log = logging.getLogger(__name__)


class AllAlarms(NamedTuple):
    """Place and code of every alarm that the broker has, right after connecting."""

    known: frozenset[tuple[str, str]]


class Recording:
    """Stores what was heard and calls `recorded` after each time.

    Also where the database knew it already: the watchdog writes before it publishes, and nobody told the outbox.
    """

    def __init__(self, live: LivePicture, database: Database, recorded: Callable[[], None]) -> None:
        self._live, self._database, self._recorded = live, database, recorded
        self._heard: deque[AlarmChanged | AllAlarms] = deque()
        self._news = asyncio.Event()
        live.listen(self._hear)

    def _hear(self, change: Change) -> None:
        match change:
            case AlarmChanged():
                self._heard.append(change)
            case ConnectionChanged(connected=True):
                self._heard.append(AllAlarms(frozenset(self._live.picture.alarms)))
            case _:
                return
        self._news.set()

    async def run(self) -> None:
        """Store until cancelled."""
        tries = BackOff()
        while True:
            await self._news.wait()
            self._news.clear()
            while self._heard:
                events = list(self._heard)[:AT_ONCE]
                try:
                    await self._database.run(_store, self._database.write, events)
                except DatabaseAway as error:
                    if tries.is_new("away"):
                        log.warning("%s; alarms wait until it answers", error)
                    await asyncio.sleep(tries.next())
                    continue
                if tries.succeed():
                    log.info("database answers again")
                for _ in events:
                    self._heard.popleft()
                self._recorded()


def _store(sessions: Sessions, events: list[AlarmChanged | AllAlarms]) -> None:
    with sessions() as session, session.begin():
        at = times.now()
        for event in events:
            match event:
                case AllAlarms(known):
                    notifications.heard_all(session, known, at)
                case AlarmChanged(place, code, None):
                    notifications.heard_end(session, place, code, at)
                case AlarmChanged(_, _, alarm) if alarm is not None:
                    notifications.heard(session, alarm, at)
