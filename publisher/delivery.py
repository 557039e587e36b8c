"""What is sent when: the newest reading of each cell at once, everything else as paced backlog, oldest first.

A reading leaves the outbox only when the ingestor says `stored`. Until then it is sent again; how much is
under way at once is ruled by these confirmations, so that neither broker nor ingestor is ever flooded.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from pydantic import ValidationError

from publisher.encoding import BACKLOG_BYTES, join_backlog, value_payloads
from publisher.outbox import Appended, Entry, Outbox, OutboxFullError
from schemas import topics
from schemas.messages import Stored

log = logging.getLogger("publisher")

# Backlog messages under way at once. Live readings never wait behind more than these.
WINDOW = 3
# Without a word about it for so long, a reading counts as not stored and is sent again.
CONFIRM_WITHIN = 30.0
# As long as nothing was confirmed on this connection, perhaps nobody listens yet: look again soon.
FIRST_CONFIRM_WITHIN = 5.0
# Nothing at all confirmed: one small message now and then asks whether the ingestor is back.
ASK_AGAIN = (5.0, 300.0)
# A replayed file yields new newest readings far faster than anybody can look.
LIVE_INTERVAL = 1.0
SILENCE = 120.0
_ROWS = 250
_RETRY_DISK = 5.0


class Publish(Protocol):
    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None: ...


@dataclass(slots=True)
class _Message:
    """A message under way: how many of its readings are unconfirmed, and until when that is fine."""

    deadline: float
    left: int
    backlog: bool


class Delivery:
    """Decides; it owns no socket and no clock. Every `now` is seconds of a monotonic clock."""

    def __init__(self, outbox: Outbox, unit: str) -> None:
        self._outbox = outbox
        self._unit = unit
        self._publish: Publish | None = None
        self._under_way: dict[int, _Message] = {}
        self._messages: list[_Message] = []
        self._fresh: dict[str, Entry] = dict(outbox.newest)
        self._live_at: dict[str, float] = {}
        # What has been told to this side; readings beyond it are still on their way in.
        self._last = outbox.sequence
        self._cursor = 0
        self._window = 1
        self._ask_at = 0.0
        self._ask_delay = ASK_AGAIN[0]
        self._forget: list[tuple[int, int]] = []
        self._forget_at = 0.0
        self._confirmed_at: float | None = None
        self._silent = False
        self._patience = FIRST_CONFIRM_WITHIN

    def connected(self, publish: Publish, now: float) -> None:
        """Start over: whatever was under way may be lost, and the broker may have forgotten what it retained."""
        self._publish = publish
        self._under_way.clear()
        self._messages.clear()
        self._live_at.clear()
        self._fresh = self._outbox.newest
        self._cursor = 0
        self._window = 1
        self._ask_delay = ASK_AGAIN[0]
        self._confirmed_at = now
        self._patience = FIRST_CONFIRM_WITHIN

    def disconnected(self) -> None:
        self._publish = None

    def appended(self, appended: Appended) -> None:
        """Take note of what entered the outbox."""
        self._last = appended.last
        if self._publish is None:
            return
        for cell, entry in appended.newest.items():
            if entry.sequence in self._under_way:
                continue  # the connection came up in between and took it from the outbox
            if (passed_over := self._fresh.get(cell)) is not None:
                # Nobody will see it live any more: it follows as backlog, which may have gone by it already.
                self._cursor = min(self._cursor, passed_over.sequence - 1)
            self._fresh[cell] = entry

    def confirmed(self, payload: bytes, now: float) -> None:
        """Take a `stored` message: what it names is in the database and need not be kept."""
        try:
            stored = Stored.model_validate_json(payload)
        except ValidationError as error:
            log.warning("a message on %s is not understood: %s", topics.stored(self._unit), error.errors()[0]["msg"])
            return
        if stored.publisher != self._outbox.publisher:
            return
        for first, last in stored.ranges:
            if first > last or last > self._outbox.sequence:
                log.warning(
                    "confirmation of readings %d to %d ignored: this outbox has given numbers up to %d only;"
                    " is it an old copy?", first, last, self._outbox.sequence,
                )  # fmt: skip
                continue
            self._forget.append((first, last))
            self._arrived(first, last)
        self._messages = [message for message in self._messages if message.left]
        self._window = WINDOW
        self._patience = CONFIRM_WITHIN
        self._ask_delay = ASK_AGAIN[0]
        self._confirmed_at = now
        if self._silent:
            self._silent = False
            log.info("readings are being stored again; %d wait in the outbox", self._outbox.waiting)
        self._delete(now)

    def work(self, now: float) -> float:
        """Send what is due; return in how many seconds there may be something to do again."""
        self._delete(now)
        if self._publish is None:
            return 60.0
        self._send_fresh(self._publish, now)
        self._give_up(now)
        self._send_backlog(self._publish, now)
        self._say_silence(now)
        return self._next(now)

    def _arrived(self, first: int, last: int) -> None:
        under_way = self._under_way
        numbers: Iterable[int] = range(first, last + 1)
        if last - first >= len(under_way):
            numbers = [sequence for sequence in under_way if first <= sequence <= last]
        for sequence in numbers:
            if (message := under_way.pop(sequence, None)) is not None:
                message.left -= 1

    def _delete(self, now: float) -> None:
        if not self._forget or now < self._forget_at:
            return
        try:
            self._outbox.delete(self._forget)
        except OutboxFullError as error:
            # Harmless: at worst they are sent once more. The feeder says that the disk is full.
            log.debug("confirmed readings stay in the outbox for now: %s", error)
            self._forget_at = now + _RETRY_DISK
            return
        self._forget.clear()
        if self._outbox.waiting == 0:
            self._outbox.give_back()

    def _send_fresh(self, publish: Publish, now: float) -> None:
        for cell, entry in list(self._fresh.items()):
            if now < self._live_at.get(cell, 0.0):
                continue
            del self._fresh[cell]
            # One may follow early: a source that reads just as often must not fall behind for good after one delay.
            self._live_at[cell] = max(self._live_at.get(cell, 0.0), now - LIVE_INTERVAL) + LIVE_INTERVAL
            if self._outbox.holds(entry.sequence):
                message = _Message(now + CONFIRM_WITHIN, 1, backlog=False)
                self._under_way[entry.sequence] = message
                self._messages.append(message)
            publish(topics.readings(self._unit, cell), entry.payload, qos=1, retain=True)
            for parameter, value in value_payloads(entry.payload).items():
                publish(topics.value(self._unit, cell, parameter), value, qos=0, retain=True)

    def _give_up(self, now: float) -> None:
        late = [message for message in self._messages if message.deadline <= now]
        if not late:
            return
        lost = {id(message) for message in late}
        again = [sequence for sequence, message in self._under_way.items() if id(message) in lost]
        for sequence in again:
            del self._under_way[sequence]
        self._messages = [message for message in self._messages if message.deadline > now]
        if again:
            self._cursor = min(self._cursor, min(again) - 1)
        if any(message.backlog for message in late) and not self._heard_within(self._patience, now):
            self._window = 0
            self._ask_at = now + self._ask_delay
            self._ask_delay = min(self._ask_delay * 2, ASK_AGAIN[1])

    def _send_backlog(self, publish: Publish, now: float) -> None:
        if self._window == 0:
            if now < self._ask_at or any(message.backlog for message in self._messages):
                return
            self._send_group(publish, now, 1)
            return
        while True:
            room = self._window - sum(message.backlog for message in self._messages)
            if room <= 0 or not self._send_group(publish, now, room * BACKLOG_BYTES):
                return

    def _send_group(self, publish: Publish, now: float, size: int) -> bool:
        """Send the next readings, one message a cell; return whether there were any."""
        group = self._next_group(size)
        for cell, readings in group.items():
            message = _Message(now + self._patience, len(readings), backlog=True)
            self._messages.append(message)
            self._under_way.update((sequence, message) for sequence, _ in readings)
            payload = join_backlog(payload for _, payload in readings)
            publish(topics.backlog(self._unit, cell), payload, qos=1, retain=False)
        return bool(group)

    def _next_group(self, size: int) -> dict[str, list[tuple[int, bytes]]]:
        """Take the oldest readings that are not under way, up to `size` bytes, `BACKLOG_BYTES` a cell."""
        group: dict[str, list[tuple[int, bytes]]] = {}
        sizes: dict[str, int] = {}
        total = 0
        waiting_live = {entry.sequence for entry in self._fresh.values()}
        while self._cursor < self._last:
            rows = self._outbox.after(self._cursor, _ROWS)
            if not rows:
                self._cursor = self._last
            for sequence, cell, payload in rows:
                if sequence > self._last:
                    return group
                if sequence not in self._under_way and sequence not in waiting_live:
                    length = len(payload) + 1
                    if group and (total + length > size or sizes.get(cell, 0) + length > BACKLOG_BYTES):
                        return group
                    group.setdefault(cell, []).append((sequence, payload))
                    sizes[cell] = sizes.get(cell, 0) + length
                    total += length
                self._cursor = sequence
        return group

    def _heard_within(self, seconds: float, now: float) -> bool:
        return self._confirmed_at is not None and now - self._confirmed_at < seconds

    def _say_silence(self, now: float) -> None:
        if not self._silent and self._outbox.waiting and not self._heard_within(SILENCE, now):
            self._silent = True
            log.warning(
                "connected, but nothing has been confirmed as stored for %d s: %d readings wait in the outbox and"
                " none is lost; are the ingestor and its database running?", SILENCE, self._outbox.waiting,
            )  # fmt: skip

    def _next(self, now: float) -> float:
        due = [message.deadline for message in self._messages]
        due += [self._live_at.get(cell, now) for cell in self._fresh]
        if self._window == 0:
            due.append(max(self._ask_at, now + 1))
        if self._forget:
            due.append(self._forget_at)
        return max(0.0, min([*due, now + 60.0]) - now)
