"""What is sent when: the newest reading of each cell at once, everything else as paced backlog, oldest first.

A reading leaves the outbox only when the ingestor says `stored`. Until then it is sent again; how much is
under way at once is ruled by these confirmations, so that neither broker nor ingestor is ever flooded.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from math import inf
from typing import Protocol

from pydantic import ValidationError

from publisher.encoding import BACKLOG_BYTES, digest_of, join_backlog, value_payloads
from publisher.outbox import Appended, Confirmed, Entry, Outbox
from publisher.outbox_file import OutboxFullError
from schemas import topics
from schemas.messages import Stored
from service.backoff import BackOff

log = logging.getLogger("publisher")

# Backlog messages under way at once. Live readings never wait behind more than these.
WINDOW = 3
# Without a word about it for so long, a reading counts as not stored and is sent again.
CONFIRM_WITHIN = 30.0
# As long as nothing was confirmed on this connection, perhaps nobody listens yet: look again soon.
FIRST_CONFIRM_WITHIN = 5.0
# Nothing at all confirmed: one small message now and then asks whether the ingestor is back.
_FIRST_PROBE, _LAST_PROBE = 5.0, 300.0
# A replayed file yields new newest readings far faster than anybody can look.
LIVE_INTERVAL = 1.0
SILENCE = 120.0
_ROWS = 250
_RETRY_DISK = 5.0
# What a packet holds beside topic and readings: header, packet identifier, properties, the list's own brackets.
_PACKET = 32
# So often the connection must break after a backlog message before the message is suspected; no smaller ones are tried.
_BROKEN_OFTEN = 2
_SMALLEST = 1024


class Publish(Protocol):
    """Function that hands a message to the connection."""

    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None: ...


@dataclass(slots=True)
class _Message:
    """A message under way: how many of its readings are unconfirmed, and until when that is fine."""

    deadline: float
    left: int
    backlog: bool


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A reading that was sent: in which message, and which one a confirmation must name."""

    message: _Message
    digest: str | None


class Delivery:
    """Decides what to send; it has no socket and no clock. Every `now` is seconds of a monotonic clock."""

    def __init__(self, outbox: Outbox, unit: str) -> None:
        self._outbox = outbox
        self._unit = unit
        self._publish: Publish | None = None
        self._under_way: dict[int, _UnderWay] = {}
        self._messages: list[_Message] = []
        self._fresh: dict[str, Entry] = dict(outbox.newest)
        self._live_at: dict[str, float] = {}
        # What has been told to this side; readings beyond it are still on their way in.
        self._last = outbox.sequence
        self._cursor = 0
        self._window = 1
        self._probe_at = 0.0
        self._probe_back_off = BackOff(_FIRST_PROBE, _LAST_PROBE)
        self._forget: list[tuple[int, int]] = []
        self._forget_exactly: list[Confirmed] = []
        self._forget_at = 0.0
        self._confirmed_at: float | None = None
        # Since when something that was sent has had no answer.
        self._unanswered_since: float | None = None
        self._silent = False
        self._patience = FIRST_CONFIRM_WITHIN
        self._largest: int | None = None
        # How large a backlog message may be, and the largest that this connection did not survive, as it seems.
        self._backlog_bytes = BACKLOG_BYTES
        self._unanswered_bytes = 0
        self._broken = 0
        self._too_large: set[str] = set()

    def connected(self, publish: Publish, now: float, largest: int | None = None) -> None:
        """Start over: whatever was under way may be lost, and the broker may have forgotten what it retained.

        `largest` is how many bytes a packet may have; None where the broker sets no limit.
        """
        self._publish = publish
        self._limit_packets(largest)
        self._under_way.clear()
        self._messages.clear()
        self._live_at.clear()
        self._fresh = self._outbox.newest
        self._cursor = 0
        self._window = 1
        self._probe_back_off.succeed()
        self._confirmed_at = now
        self._unanswered_since = None
        self._patience = FIRST_CONFIRM_WITHIN

    def disconnected(self) -> None:
        """Stop sending. A broker without MQTT 5 does not say that a packet is too large: it breaks the connection."""
        self._publish = None
        if self._largest is None and self._unanswered_bytes > _SMALLEST:
            self._broken += 1
            if self._broken >= _BROKEN_OFTEN:
                self._broken = 0
                self._backlog_bytes = max(_SMALLEST, self._unanswered_bytes // 2)
                log.warning(
                    "the connection broke %d times after messages of up to %d bytes: the backlog goes in smaller ones"
                    " now; is max_packet_size of the broker too small?", _BROKEN_OFTEN, self._unanswered_bytes,
                )  # fmt: skip
        self._unanswered_bytes = 0

    def appended(self, appended: Appended) -> None:
        """Take note of what entered the outbox."""
        if appended.publisher != self._outbox.publisher:
            return  # numbers of a name that is given up: the outbox sends these readings under new ones
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
        if stored.digests is None:
            self._confirmed_by_number(stored.ranges)
        elif not self._confirmed_exactly(stored.ranges, stored.digests):
            return
        if stored.reused and self._outbox.holds_any(stored.reused):
            self._change_publisher(
                "another reading is stored under a number of this outbox: a copy of it is used elsewhere, or it was"
                " restored from a backup"
            )
            return
        if not stored.ranges:
            return
        if any(message.backlog and not message.left for message in self._messages):
            self._unanswered_bytes = self._broken = 0
        self._messages = [message for message in self._messages if message.left]
        self._window = WINDOW
        self._patience = CONFIRM_WITHIN
        self._probe_back_off.succeed()
        self._confirmed_at = now
        self._unanswered_since = now if self._messages else None
        if self._silent:
            self._silent = False
            log.info("readings are being stored again; %d wait in the outbox", self._outbox.waiting)
        self._delete(now)

    def taken_over(self) -> None:
        """Take a new name, because another program has connected as this publisher."""
        self._change_publisher("another program sends as this publisher: a copy of this outbox is used elsewhere")

    def work(self, now: float) -> float:
        """Send what is due; return in how many seconds there may be something to do again."""
        self._delete(now)
        if self._publish is None:
            return 60.0
        self._send_fresh(self._publish, now)
        self._give_up(now)
        self._send_backlog(self._publish, now)
        self._log_silence(now)
        return self._next(now)

    def _confirmed_by_number(self, ranges: list[tuple[int, int]]) -> None:
        """Accept the confirmation of an ingestor of an older version, by sequence numbers alone."""
        for first, last in ranges:
            if first > last or last > self._outbox.sequence:
                log.warning(
                    "confirmation of readings %d to %d ignored: this outbox has given numbers up to %d only;"
                    " is it an old copy?", first, last, self._outbox.sequence,
                )  # fmt: skip
                continue
            self._forget.append((first, last))
            numbers: Iterable[int] = range(first, last + 1)
            if last - first >= len(self._under_way):
                numbers = [sequence for sequence in self._under_way if first <= sequence <= last]
            for sequence in numbers:
                self._arrived(sequence)

    def _confirmed_exactly(self, ranges: list[tuple[int, int]], digests: list[str | None]) -> bool:
        """Take what is confirmed by number and digest; return False where that shows that the outbox is a copy."""
        numbers = chain.from_iterable(range(first, last + 1) for first, last in ranges)
        confirmed = list(zip(numbers, digests, strict=True))
        if any(sequence > self._outbox.sequence for sequence, _ in confirmed):
            self._change_publisher(
                "readings are stored under numbers that this outbox has not given yet: a copy of it is used elsewhere,"
                " or it was restored from a backup"
            )
            return False
        self._forget_exactly += confirmed
        for sequence, digest in confirmed:
            if (sent := self._under_way.get(sequence)) is not None and sent.digest == digest:
                self._arrived(sequence)
        return True

    def _arrived(self, sequence: int) -> None:
        if (sent := self._under_way.pop(sequence, None)) is not None:
            sent.message.left -= 1

    def _change_publisher(self, why: str) -> None:
        try:
            self._outbox.change_publisher(why)
        except OutboxFullError as error:
            log.error("%s; it cannot take another name yet: %s; nothing is deleted, trying again", why, error)  # noqa: TRY400
            return
        self._last = self._outbox.sequence
        self._forget.clear()
        self._forget_exactly.clear()
        self.disconnected()

    def _delete(self, now: float) -> None:
        if not (self._forget or self._forget_exactly) or now < self._forget_at:
            return
        try:
            self._outbox.delete(self._forget, self._forget_exactly)
        except OutboxFullError as error:
            # Harmless: at worst they are sent once more. The feeder says that the disk is full.
            log.debug("confirmed readings stay in the outbox for now: %s", error)
            self._forget_at = now + _RETRY_DISK
            return
        self._forget.clear()
        self._forget_exactly.clear()
        if self._outbox.waiting == 0:
            self._outbox.give_back()

    def _send_fresh(self, publish: Publish, now: float) -> None:
        for cell, entry in list(self._fresh.items()):
            if now < self._live_at.get(cell, 0.0):
                continue
            del self._fresh[cell]
            # One may follow early: a source that reads just as often must not fall behind for good after one delay.
            self._live_at[cell] = max(self._live_at.get(cell, 0.0), now - LIVE_INTERVAL) + LIVE_INTERVAL
            topic = topics.readings(self._unit, cell)
            if len(entry.payload) > self._room(topic):
                self._log_too_large(entry.sequence, cell, entry.payload)
                continue
            if self._outbox.holds(entry.sequence):
                message = _Message(now + CONFIRM_WITHIN, 1, backlog=False)
                self._sent(message, [(entry.sequence, entry.payload)], now)
            publish(topic, entry.payload, qos=1, retain=True)
            for parameter, value in value_payloads(entry.payload).items():
                publish(topics.value(self._unit, cell, parameter), value, qos=0, retain=True)

    def _give_up(self, now: float) -> None:
        late = [message for message in self._messages if message.deadline <= now]
        if not late:
            return
        lost = {id(message) for message in late}
        again = [sequence for sequence, sent in self._under_way.items() if id(sent.message) in lost]
        for sequence in again:
            del self._under_way[sequence]
        self._messages = [message for message in self._messages if message.deadline > now]
        if again:
            self._cursor = min(self._cursor, min(again) - 1)
        if any(message.backlog for message in late) and not self._confirmed_within(self._patience, now):
            self._window = 0
            self._probe_at = now + self._probe_back_off.next()

    def _send_backlog(self, publish: Publish, now: float) -> None:
        if self._window == 0:
            if now < self._probe_at or any(message.backlog for message in self._messages):
                return
            self._send_group(publish, now, 1)
            return
        while True:
            room = self._window - sum(message.backlog for message in self._messages)
            if room <= 0 or not self._send_group(publish, now, room * self._backlog_bytes):
                return

    def _send_group(self, publish: Publish, now: float, size: int) -> bool:
        """Send the next readings, one message a cell; return whether there were any."""
        group = self._next_group(size)
        for cell, readings in group.items():
            message = _Message(now + self._patience, len(readings), backlog=True)
            self._sent(message, readings, now)
            payload = join_backlog(payload for _, payload in readings)
            self._unanswered_bytes = max(self._unanswered_bytes, len(payload))
            publish(topics.backlog(self._unit, cell), payload, qos=1, retain=False)
        return bool(group)

    def _sent(self, message: _Message, readings: list[tuple[int, bytes]], now: float) -> None:
        self._messages.append(message)
        self._under_way.update((sequence, _UnderWay(message, digest_of(payload))) for sequence, payload in readings)
        if self._unanswered_since is None:
            self._unanswered_since = now

    def _next_group(self, size: int) -> dict[str, list[tuple[int, bytes]]]:
        """Take the oldest readings that are not under way, up to `size` bytes, a message's worth a cell."""
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
                    room = self._room(topics.backlog(self._unit, cell))
                    if length > room:
                        self._log_too_large(sequence, cell, payload)
                        self._cursor = sequence
                        continue
                    if group and (
                        total + length > size or sizes.get(cell, 0) + length > min(self._backlog_bytes, room)
                    ):
                        return group
                    group.setdefault(cell, []).append((sequence, payload))
                    sizes[cell] = sizes.get(cell, 0) + length
                    total += length
                self._cursor = sequence
        return group

    def _confirmed_within(self, seconds: float, now: float) -> bool:
        return self._confirmed_at is not None and now - self._confirmed_at < seconds

    def _limit_packets(self, largest: int | None) -> None:
        if largest != self._largest and largest is not None and largest < BACKLOG_BYTES + _PACKET:
            log.warning(
                "the broker takes packets of up to %d bytes only: the backlog goes in smaller messages, which takes"
                " longer; max_packet_size of the broker is better 300000 or more", largest,
            )  # fmt: skip
        self._largest = largest
        self._too_large.clear()

    def _room(self, topic: str) -> float:
        """Return how many bytes the readings of a message may have."""
        return inf if self._largest is None else self._largest - len(topic) - _PACKET

    def _log_too_large(self, sequence: int, cell: str, payload: bytes) -> None:
        if cell not in self._too_large:
            self._too_large.add(cell)
            log.error(
                "cell %s: a reading (number %d) has %d bytes, more than the broker takes: such readings stay in the"
                " outbox; raise max_packet_size of the broker (now %d)", cell, sequence, len(payload), self._largest,
            )  # fmt: skip

    def _log_silence(self, now: float) -> None:
        since = self._unanswered_since
        if not self._silent and since is not None and self._outbox.waiting and now - since >= SILENCE:
            self._silent = True
            log.warning(
                "connected, but nothing has been confirmed as stored for %d s: %d readings wait in the outbox and"
                " none is lost; are the ingestor and its database running?", SILENCE, self._outbox.waiting,
            )  # fmt: skip

    def _next(self, now: float) -> float:
        due = [message.deadline for message in self._messages]
        due += [self._live_at.get(cell, now) for cell in self._fresh]
        if self._window == 0:
            due.append(max(self._probe_at, now + 1))
        if self._forget or self._forget_exactly:
            due.append(self._forget_at)
        return max(0.0, min([*due, now + 60.0]) - now)
