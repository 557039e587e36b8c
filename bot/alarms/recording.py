"""From the broker's alarms to the outbox: events are kept until the database has them."""

import asyncio
import logging
from collections.abc import Callable

from bot.database import Database, DatabaseAway
from bot.live import Ended, Known, Live, Raised
from facility.alarms import notifications
from schemas import times
from storage.database import Sessions

LONGEST_WAIT = 30.0

log = logging.getLogger(__name__)


async def record(live: Live, database: Database, recorded: Callable[[], None]) -> None:
    """Store what was heard, for ever; call `recorded` after each time.

    Also where the database knew it already: the watchdog writes before it publishes, and nobody told the outbox.
    """
    wait, away = 1.0, False
    while True:
        await live.changed.wait()
        live.changed.clear()
        while live.events:
            events = list(live.events)[:500]
            try:
                await database.run(_store, database.write, events)
            except DatabaseAway as error:
                if not away:
                    log.warning("database: %s; alarms wait until it answers", error)
                wait, away = min(wait * 2, LONGEST_WAIT), True
                await asyncio.sleep(wait)
                continue
            if away:
                log.info("database answers again")
            wait, away = 1.0, False
            for _ in events:
                live.events.popleft()
            recorded()


def _store(sessions: Sessions, events: list[Raised | Ended | Known]) -> None:
    with sessions() as session, session.begin():
        at = times.now()
        for event in events:
            match event:
                case Raised(alarm):
                    notifications.heard(session, alarm, at)
                case Ended(place, code):
                    notifications.heard_end(session, place, code, at)
                case Known(topics):
                    notifications.heard_all(session, topics, at)
