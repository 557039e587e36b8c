"""Empties the outboxes of all channels: a task and a thread for each, so that one that hangs holds up no other.

Only the watchdog that leads sends. What was taken from an outbox is in the database with its words until the channel
has it, so that a crash at any instant loses nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from facility.alarms import channels, outgoing
from facility.alarms.channels import Health
from facility.alarms.faults import Fault
from facility.alarms.outgoing import Outgoing
from facility.alarms.targets import Target, read_targets
from facility.alarms.wording import trial_words
from schemas import times
from service.backoff import BackOff
from service.ending import end
from service.threads import Busy, Threads, close
from storage.database import Sessions
from storage.faults import DatabaseAway, away_as_one
from watchdog.delivery import Courier, NotDelivered

# Seconds between looks at the outboxes, and between looks at which channels there are.
POLL, TARGETS_EVERY = 0.5, 2.0
TIDY_EVERY = 3600.0
# Seconds for one message, and for an answer of the database.
PATIENCE, DATABASE_PATIENCE = 40.0, 10.0
FIRST_WAIT, LONGEST_WAIT = 2.0, 120.0

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger(__name__)


class Sender:
    """One channel: its outbox, its thread, and how long it waits after a failure."""

    def __init__(self, target: Target, courier: Courier, post: "Post") -> None:
        self.target = target
        self._courier, self._post = courier, post
        self._threads = Threads(f"channel-{target.key}", 1, most=1)
        self._tries, self._retry_at = BackOff(FIRST_WAIT, LONGEST_WAIT), 0.0
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Send what waits, for ever."""
        await self._threads.run(self._courier.prepare, self.target.kind)
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                while self._post.leads() and monotonic() >= self._retry_at and await self._send_next():
                    pass
            except DatabaseAway as error:
                log.debug("channel %s: %s", self.target.key, error)

    def wake(self) -> None:
        """Say that something waits; it is said again while it does."""
        self._news.set()

    async def try_out(self, asked_at: datetime) -> None:
        """Send a message that only shows that the channel works, and write down what became of it."""
        title, body = trial_words(self.target.language, self.target.name)
        batch = f"test-{asked_at:%Y%m%d%H%M%S}"
        fault = await self._deliver(Outgoing(batch, title, body, asked_at))
        await self._post.ask(outgoing.tested, self._post.sessions, self.target.key, asked_at, fault or "", times.now())
        if not fault:
            self._retry_at = 0.0

    def close(self) -> None:
        close(self._threads, seconds=0.1)

    async def _send_next(self) -> bool:
        post, target = self._post, self.target
        one = await post.ask(outgoing.next_message, post.sessions, target, times.now(), post.zone, post.web_address)
        if one is None:
            return False
        fault = await self._deliver(one)
        if fault is None:
            await self._note_arrived(one.batch)
            if self._tries.succeed():
                log.info("channel %s: messages go out again", target.key)
            return True
        if self._tries.is_new(fault):
            log.warning("channel %s takes no message (%s); trying again", target.key, fault)
        self._retry_at = monotonic() + self._tries.next()
        await post.ask(outgoing.refused, post.sessions, target.key, fault, times.now())
        return False

    async def _note_arrived(self, batch: str) -> None:
        """Write down that a message has arrived, for as long as it takes: else it would be sent again."""
        at, tries = times.now(), BackOff()
        while True:
            try:
                await self._post.ask(outgoing.arrived, self._post.sessions, self.target, batch, at)
            except (DatabaseAway, SQLAlchemyError) as error:
                log.debug("channel %s: %s", self.target.key, error)
                await asyncio.sleep(tries.next())
            else:
                return

    async def _deliver(self, one: Outgoing) -> Fault | None:
        """Return why the message did not arrive; None when it did."""
        try:
            await self._threads.within(PATIENCE, self._courier.send, self.target, one.batch, one.title, one.body)
        except NotDelivered as error:
            return error.fault
        except (TimeoutError, Busy):
            # The thread still waits for an answer to an earlier message.
            return "late"
        except Exception as error:  # noqa: BLE001 - whatever a library does, the message is kept and tried again
            log.error("channel %s: %s", self.target.key, type(error).__name__)  # noqa: TRY400 - a trace may hold secrets
            return "server"
        return None


class Post:
    """All channels: starts and ends senders as people add and remove channels, and sends the tests they ask for."""

    def __init__(
        self, sessions: Sessions, courier: Courier, zone: ZoneInfo, web_address: str | None, leads: Callable[[], bool]
    ) -> None:
        self.sessions, self.zone, self.web_address, self.leads = sessions, zone, web_address, leads
        self._courier = courier
        # How the channels do, for the alarms about them; one that is gone is well.
        self.healths: dict[str, Health] = {}
        self._news = asyncio.Event()
        self._senders: dict[str, tuple[Sender, asyncio.Task[None]]] = {}
        self._trials: dict[str, asyncio.Task[None]] = {}
        self._threads = Threads("outboxes", 2, most=32)

    async def run(self) -> None:
        """Run until cancelled."""
        targets_at, tidy_at = 0.0, 0.0
        try:
            while True:
                if self.leads():
                    try:
                        if monotonic() >= targets_at or self._trials:
                            targets, asked, healths = await self.ask(_read, self.sessions)
                            self._arrange(targets, asked)
                            gone = self.healths.keys() - healths.keys()
                            self.healths = {key: Health(self.healths[key].name, False) for key in gone} | healths
                            targets_at = monotonic() + TARGETS_EVERY
                        if monotonic() >= tidy_at:
                            await self.ask(outgoing.forget_old, self.sessions, times.now())
                            tidy_at = monotonic() + TIDY_EVERY
                        for key in await self.ask(_with_work, self.sessions) & self._senders.keys():
                            self._senders[key][0].wake()
                    except DatabaseAway as error:
                        log.debug("channels: %s", error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._news.wait()
                self._news.clear()
        finally:
            await end(*self._trials.values(), *(task for _, task in self._senders.values()))
            for sender, _ in self._senders.values():
                sender.close()
            close(self._threads)

    def wake(self) -> None:
        """Say that something was put into the outboxes, which others do without saying."""
        self._news.set()

    async def ask(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the database answers; raise DatabaseAway where it cannot be used now."""
        with away_as_one():
            return await self._threads.within(DATABASE_PATIENCE, work, *args, **kwargs)

    def _arrange(self, found: list[Target], asked: list[tuple[Target, datetime]]) -> None:
        targets = {target.key: target for target in found}
        for key in [key for key, (sender, _) in self._senders.items() if targets.get(key) != sender.target]:
            sender, task = self._senders.pop(key)
            task.cancel()
            sender.close()
        for key in targets.keys() - self._senders.keys():
            sender = Sender(targets[key], self._courier, self)
            self._senders[key] = sender, asyncio.create_task(_kept(sender), name=f"channel-{key}")

        self._trials = {key: task for key, task in self._trials.items() if not task.done()}
        for target, at in asked:
            if target.key not in self._trials:
                self._trials[target.key] = asyncio.create_task(self._trial(target, at), name=f"trial-{target.key}")

    async def _trial(self, target: Target, asked_at: datetime) -> None:
        # A sender of its own: a channel that is switched off can be tried, and one that hangs too.
        sender = Sender(target, self._courier, self)
        try:
            await sender.try_out(asked_at)
        except DatabaseAway as error:
            log.debug("trial of channel %s: %s", target.key, error)
        finally:
            sender.close()


async def _kept(sender: Sender) -> None:
    """Start a sender again when it fails in a way that nobody thought of."""
    while True:
        try:
            await sender.run()
        except Exception:
            log.exception("channel %s failed; starting it again", sender.target.key)
        await asyncio.sleep(FIRST_WAIT)


def _read(sessions: Sessions) -> tuple[list[Target], list[tuple[Target, datetime]], dict[str, Health]]:
    with sessions() as session:
        return read_targets(session), channels.to_try(session), channels.healths(session)


def _with_work(sessions: Sessions) -> set[str]:
    with sessions() as session:
        return outgoing.with_work(session)
