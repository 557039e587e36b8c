"""The watchdog's loop: look at everything each second, write what changed, keep the topics as the database has it."""

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from socket import gethostname
from time import monotonic
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine

from broker.following import Follower, NotConnected
from broker.live_picture import LivePicture
from schemas import times, topics
from schemas.site import Site
from service.backoff import BackOff
from service.ending import end
from service.threads import Threads, close
from storage.database import read_sessions, write_sessions
from storage.faults import DatabaseAway, away_as_one
from storage.revisions import check_version
from telemetry.alarms.station_rules import WATCHDOG
from watchdog import canary, filling
from watchdog.canary import CanaryFlight
from watchdog.delivery import Courier
from watchdog.facts import Facts, read_facts
from watchdog.leading import Leadership, NotLeading
from watchdog.looking import Looking
from watchdog.looks import States
from watchdog.notifying import Post
from watchdog.publishing import Topics
from watchdog.recalling import recall
from watchdog.settings import WatchdogSettings
from watchdog.stored import Known, Stored, latest_values

EVERY_SECONDS = 1.0
# Seconds between renewals of the lease, and between questions about the data path.
RENEW_EVERY, FACTS_EVERY = 1.5, 10.0
# Seconds for an answer of the database.
PATIENCE = 10.0

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Watchdog:
    """Looks, writes, publishes; everything that must survive it is in the database."""

    def __init__(self, settings: WatchdogSettings, site: Site, engine: Engine) -> None:
        self._site, self._engine = site, engine
        self._sessions = write_sessions(engine)
        self._leadership = Leadership(self._sessions, f"{gethostname()[:40]}-{token_hex(6)}")
        self._live = LivePicture()
        self._follower = Follower(settings.broker, site, WATCHDOG, self._live)
        self._looking = Looking(site, settings.watchdog, self._live)
        self._states, self._stored = States(), Stored(self._sessions)
        self._topics = Topics(self._follower, self._live)
        self._canary, self._facts, self._known = CanaryFlight(), Facts(), Known()
        self._leads, self._renew_at = False, 0.0
        # Whether the database is away, and when to ask it again.
        self._away, self._ask_at, self._tries = False, 0.0, BackOff()
        # One thread: what it does is in order, and a database that hangs holds up nothing else.
        self._threads = Threads("database", 1, most=2)
        self._asking = Threads("facts", 1, most=2)
        block = settings.watchdog
        courier = Courier(block.mail, block.secrets)
        self._post = Post(self._sessions, courier, site.zone, block.web_address, lambda: self._leads)

    async def run(self) -> None:
        """Run until SIGTERM or Ctrl-C."""
        asked = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, asked.set)
        tasks = [
            asyncio.create_task(self._follower.run(), name="broker"),
            asyncio.create_task(self._look_again(), name="looking"),
            asyncio.create_task(self._ask_again(), name="facts"),
            asyncio.create_task(self._send_canaries(), name="canary"),
            asyncio.create_task(self._post.run(), name="notifications"),
            asyncio.create_task(asked.wait(), name="stop"),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # The follower last: it says that this service leaves.
        await end(*tasks[1:], tasks[0])
        if self._leads:
            with suppress(DatabaseAway):
                await self._ask(self._threads, self._leadership.resign)
        close(self._threads, self._asking)
        for task in done:
            task.result()

    async def look(self) -> None:
        """Look at everything once, write what changed, publish what differs."""
        if monotonic() >= self._ask_at:
            try:
                await self._refresh()
            except DatabaseAway as error:
                self._lose(error)
        if not self._leads:
            return
        now = times.to_milliseconds(times.now())
        looks = list(self._looking.look(self._known, self._facts, self._states, now, database_away=self._away))
        changed = self._states.take([*looks, *self._states.lapsed(now)], now)
        if not self._away:
            try:
                await self._write()
            except DatabaseAway as error:
                self._lose(error)
            except NotLeading:
                self._follow()
                return
        if self._away:
            await self._topics.tell((look, self._states.get(look.key)) for look in changed)
        else:
            await self._topics.agree(self._known.alarms)

    async def _refresh(self) -> None:
        """Renew the lease, read what people and we have changed."""
        if monotonic() >= self._renew_at or self._away:
            leads = await self._ask(self._threads, self._renew)
            self._renew_at = monotonic() + RENEW_EVERY
            if leads and not self._leads:
                await self._take_over()
            elif not leads and (self._leads or self._away):
                self._follow()
            elif not leads:
                log.debug("another watchdog leads")
        if self._leads:
            await self._read()
        if self._tries.succeed():
            log.info("the database answers again")
        self._away = False

    async def _take_over(self) -> None:
        for cell, values in (await self._ask(self._threads, latest_values, self._sessions)).items():
            self._live.put_values(cell, values)
        self._looking.recall(await self._ask(self._threads, recall, self._sessions, self._site, times.now()))
        self._stored.forget()
        self._states.clear()
        await self._read()
        # Not before: who leads without knowing the rules would be blind while the database is away.
        self._leads = True
        log.info("this watchdog leads")

    def _follow(self) -> None:
        if self._leads:
            log.warning("another watchdog leads now; this one stands by")
        self._leads = False
        self._states.clear()
        self._canary.stop()

    def _lose(self, error: DatabaseAway) -> None:
        if self._tries.is_new(str(error)):
            log.warning("%s; alarms are published, and recorded when it answers again", error)
        self._away = True
        self._ask_at = monotonic() + self._tries.next()
        self._facts = Facts(canary_silence=self._facts.canary_silence)

    async def _write(self) -> None:
        changes = self._states.unwritten
        if not changes:
            return
        await self._ask(self._threads, self._stored.write, self._leadership, changes)
        self._states.written(changes)
        self._post.wake()
        await self._read()

    async def _read(self) -> None:
        self._known, states = await self._ask(self._threads, self._stored.read)
        for key, state in states.items():
            self._states.put(key, state)

    async def _look_again(self) -> None:
        while True:
            began = monotonic()
            await self.look()
            await asyncio.sleep(max(0.05, EVERY_SECONDS - (monotonic() - began)))

    async def _ask_again(self) -> None:
        """Keep the facts about the data path; what the database does not answer is not known."""
        sessions, filled_at = read_sessions(self._engine), 0.0
        while True:
            if self._leads and not self._away:
                picture, heard = self._live.picture, self._looking.arrivals.heard()
                try:
                    facts = await self._ask(self._asking, read_facts, sessions, self._site, picture, heard, times.now())
                    if facts.canary is not None:
                        self._canary.came_back(facts.canary)
                    self._facts = replace(facts, canary_silence=self._canary.silence(), channels=self._post.healths)
                    if monotonic() >= filled_at:
                        await self._ask(
                            self._asking, filling.note_filled, self._sessions, self._leadership, times.now()
                        )
                        filled_at = monotonic() + filling.EVERY_SECONDS
                except (DatabaseAway, NotLeading) as error:
                    log.debug("facts: %s", error)
                    self._facts = Facts()
            await asyncio.sleep(FACTS_EVERY)

    async def _send_canaries(self) -> None:
        while True:
            if self._leads and (one := self._canary.next(times.now())) is not None:
                with suppress(NotConnected):
                    await self._follower.publish(topics.CANARY, one.to_json(), retain=False)
                    self._canary.sent(one)
            await asyncio.sleep(canary.EVERY_SECONDS)

    async def _ask(self, threads: Threads, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the database's thread returns; raise DatabaseAway where it cannot be used now."""
        with away_as_one():
            return await threads.within(PATIENCE, work, *args, **kwargs)

    def _renew(self) -> bool:
        if not self._leads:
            check_version(self._engine)
        return self._leadership.renew()
