"""The watchdog's loop: look at everything each second, write what changed, keep the topics as the database has it."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from secrets import token_hex
from socket import gethostname
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine

from broker.following import Follower, NotConnected
from broker.live_picture import LivePicture
from schemas import messages, times, topics
from schemas.site import Site
from service.backoff import BackOff
from service.ending import end
from service.threads import Threads, close
from storage.database import write_sessions
from storage.faults import DatabaseAway, away_as_one
from storage.revisions import check_version
from watchdog.cells import CellWatch
from watchdog.leading import Leadership, NotLeading
from watchdog.looks import Look, States
from watchdog.settings import WatchdogSettings
from watchdog.stored import Known, read_known, write
from watchdog.units import look_at_units

SERVICE = "watchdog"
EVERY_SECONDS = 1.0
# Seconds for an answer of the database.
PATIENCE = 10.0

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Watchdog:
    """Looks, writes, publishes; everything that must survive it is in the database."""

    def __init__(self, settings: WatchdogSettings, site: Site, engine: Engine) -> None:
        self._site, self._engine, self._settings = site, engine, settings.watchdog
        self._sessions = write_sessions(engine)
        self._leadership = Leadership(self._sessions, f"{gethostname()[:40]}-{token_hex(6)}")
        self._live = LivePicture()
        self._follower = Follower(settings.broker, site, SERVICE, self._live)
        self._states, self._cells = States(), CellWatch(site)
        self._leads = False
        # One thread: what it does is in order, and a database that hangs holds up nothing else.
        self._threads = Threads("database", 1, most=2)

    async def run(self) -> None:
        """Run until SIGTERM or Ctrl-C."""
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        following = asyncio.create_task(self._follower.run(), name="broker")
        looking = asyncio.create_task(self._look_again(), name="looking")
        stop = asyncio.create_task(asked.wait(), name="stop")
        done, _ = await asyncio.wait([following, looking, stop], return_when=asyncio.FIRST_COMPLETED)
        await end(looking, following, stop)
        if self._leads:
            with suppress(DatabaseAway):
                await self._ask(self._leadership.resign)
        close(self._threads)
        for task in done:
            task.result()

    async def _look_again(self) -> None:
        tries = BackOff()
        while True:
            try:
                await self.look()
                if tries.succeed():
                    log.info("database answers again")
                wait = EVERY_SECONDS
            except DatabaseAway as error:
                if tries.is_new(str(error)):
                    log.warning("%s; trying again", error)
                wait = tries.next()
            await asyncio.sleep(wait)

    async def look(self) -> None:
        """Look at everything once, write what changed, publish what differs."""
        leads = await self._ask(self._renew)
        if leads != self._leads:
            log.info("this watchdog leads" if leads else "another watchdog leads; this one stands by")
            self._leads = leads
        if not leads:
            return
        known = await self._ask(read_known, self._sessions)
        self._states.clear()
        for key, state in known.states.items():
            self._states.put(key, state)
        if not self._live.picture.connected and not self._live.picture.cells:
            return
        now = times.now()
        due = self._states.changed_by(self._looks(known), now)
        if due:
            try:
                written = await self._ask(write, self._sessions, self._leadership, due, now)
            except NotLeading:
                return
            for key, state in written.items():
                self._states.put(key, state)
            known = await self._ask(read_known, self._sessions)
        await self._publish({(alarm.place, alarm.code): alarm for alarm in known.alarms})

    def _looks(self, known: Known) -> list[Look]:
        picture, now = self._live.picture, times.now()
        looks = [
            look
            for cell in self._site.unit_of_cell
            for look in self._cells.look(cell, picture, known.definitions, known.interventions, now)
        ]
        return [*looks, *look_at_units(self._site, picture, self._settings.backlog, now)]

    async def _publish(self, alarms: Mapping[tuple[str, str], messages.Alarm]) -> None:
        if not self._live.picture.connected:
            return
        held = self._live.picture.alarms
        try:
            for key, alarm in alarms.items():
                if held.get(key) != alarm:
                    await self._follower.publish(topics.alarm(*key), alarm.to_json())
            for key in held.keys() - alarms.keys():
                await self._follower.publish(topics.alarm(*key), b"")
        except NotConnected as error:
            log.debug("alarms wait for the broker: %s", error)

    async def _ask(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the database's thread returns; raise DatabaseAway where it cannot be used now."""
        with away_as_one():
            return await self._threads.within(PATIENCE, work, *args, **kwargs)

    def _renew(self) -> bool:
        check_version(self._engine)
        return self._leadership.renew()
