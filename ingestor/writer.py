"""Take and decode in one thread; in the other, the one with the database session, commit, acknowledge, say `stored`.

Two threads, because the database works outside the interpreter: the next batch is decoded while it does.
"""

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic

from ingestor.clocks import Clocks
from ingestor.decoding import Decoded, decode
from ingestor.inbox import Arrival, Inbox
from ingestor.reading_store import ReadingStore, Receipt
from ingestor.retrying import BAD_READING, Retrying, Stopped
from ingestor.series_index import SeriesIndex
from ingestor.troubles import Troubles
from ingestor.waiting_room import WaitingRoom
from schemas.messages import Stored
from storage.faults import classify

log = logging.getLogger("ingestor.writer")

Confirm = Callable[[str, Stored], None]

_NAP = 1.0
# Messages of which nothing can be stored, written at once after a batch of readings; how many may lie about.
_REFUSED = 500
_REFUSED_MOST = 3000
# Seconds that a few of them wait for more.
_REFUSED_WAIT = 0.2
_REPORT = 60.0


@dataclass(slots=True)
class ReadingBatch:
    """Messages and what they hold, for one transaction."""

    arrivals: list[Arrival] = field(default_factory=list)
    readings: list[Decoded] = field(default_factory=list)
    values: int = 0

    def add(self, arrival: Arrival, readings: list[Decoded]) -> None:
        """Add a decoded message."""
        self.arrivals.append(arrival)
        self.readings += readings
        self.values += sum(len(reading.rows) or 1 for reading in readings)

    def decoded_anew(self, station: SeriesIndex) -> "ReadingBatch":
        """Return the batch with its messages decoded again by another index: the site has changed."""
        anew = ReadingBatch()
        for arrival in self.arrivals:
            anew.add(arrival, decode(arrival, station))
        return anew


class Writer:
    """Runs until the inbox closes; then ends the batch it has begun."""

    def __init__(
        self,
        inbox: Inbox,
        history: ReadingStore,
        load_station: Callable[[], SeriesIndex],
        retrying: Retrying,
        *,
        batch: int,
        linger: float,
        waiting_room: WaitingRoom | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self._inbox = inbox
        self._history = history
        self._load_station = load_station
        self._retrying = retrying
        self._batch, self._linger = batch, linger
        self._waiting_room = waiting_room or WaitingRoom(Clocks())
        self._troubles = troubles or Troubles(lambda _: None)
        self._refused: deque[tuple[Arrival, list[Decoded]]] = deque()
        self._refused_since = 0.0
        # When a publisher was last said to use numbers again.
        self._said: dict[str, float] = {}
        self._counts = Receipt()
        self._reported_at = monotonic()

    def run(self, confirm: Confirm, maintain: Callable[[], None]) -> None:
        """Write what arrives until the inbox is closed; raise what nobody can mend."""
        try:
            station = self._retrying.run(self._load_station)
            with ThreadPoolExecutor(1, "writing") as writing:
                try:
                    self._run(writing, station, confirm, maintain)
                finally:
                    # Whatever ended this: a write that waits for the database gives up.
                    self._inbox.close()
        except Stopped:
            log.info("asked to stop while the database is away: what was not acknowledged comes again")

    def _run(self, writing: Executor, station: SeriesIndex, confirm: Confirm, maintain: Callable[[], None]) -> None:
        """Decode the next batch while the one before is being written."""
        written: list[Future[None]] = []
        while not self._inbox.closed:
            batch = self._collect(station)
            for waited in self._waiting_room.leaving():
                batch.add(waited, decode(waited, station))
            for item in written:
                item.result()
            written.clear()
            # Live readings that came meanwhile need not wait for one batch more.
            while batch.values < self._batch and (arrival := self._inbox.live.take()) is not None:
                self._add(batch, arrival, station)
            for part in (batch, self._next_refused()):
                known = part
                if any(reading.unknown for reading in part.readings):
                    # The site may have grown since; whatever is unknown to the present tables is refused.
                    station = self._retrying.run(self._load_station)
                    known = part.decoded_anew(station)
                if known.arrivals:
                    written.append(writing.submit(self._write, known, confirm))
            self._troubles.set("clock", self._waiting_room.clocks.trouble(), key="clock")
            maintain()
        for item in written:
            item.result()

    def _write(self, batch: ReadingBatch, confirm: Confirm) -> None:
        if batch.readings:
            self._commit(batch.readings, confirm)
        for arrival in batch.arrivals:
            arrival.acknowledge()
        self._report()

    def _collect(self, station: SeriesIndex) -> ReadingBatch:
        batch = ReadingBatch()
        arrival = self._inbox.wait(_REFUSED_WAIT if self._refused else _NAP)
        until = monotonic() + self._linger
        while arrival is not None:
            self._add(batch, arrival, station)
            # Small batches of backlog: a live reading waits until the one before its own is written.
            if batch.values >= (self._batch // 3 if arrival.topic.endswith("/backlog") else self._batch):
                break
            if len(self._refused) >= _REFUSED_MOST:
                break
            arrival = self._inbox.take()
            if arrival is None and (left := until - monotonic()) > 0:
                arrival = self._inbox.wait(left)
        return batch

    def _add(self, batch: ReadingBatch, arrival: Arrival, station: SeriesIndex) -> None:
        readings = decode(arrival, station)
        if self._waiting_room.takes(arrival, readings):
            return
        if any(reading.rows or reading.sequence is not None or reading.canary is not None for reading in readings):
            batch.add(arrival, readings)
        else:
            if not self._refused:
                self._refused_since = monotonic()
            self._refused.append((arrival, readings))

    def _next_refused(self) -> ReadingBatch:
        """Take some of the messages of which nothing can be stored: live readings go before them."""
        batch = ReadingBatch()
        if len(self._refused) >= _REFUSED or monotonic() - self._refused_since >= _REFUSED_WAIT:
            for _ in range(min(_REFUSED, len(self._refused))):
                batch.add(*self._refused.popleft())
        return batch

    def _commit(self, readings: list[Decoded], confirm: Confirm) -> None:
        try:
            receipt = self._retrying.run(lambda: self._history.write(readings))
        except Exception as error:
            kind, text = classify(error)
            if kind not in BAD_READING:
                raise
            if len(readings) == 1:
                receipt = self._retrying.run(lambda: self._history.reject(readings[0], text))
            else:
                # The culprit is in one of the halves; the other is stored.
                middle = len(readings) // 2
                self._commit(readings[:middle], confirm)
                self._commit(readings[middle:], confirm)
                return
        self._counts.rows += receipt.rows
        self._counts.stored += receipt.stored
        self._counts.rejected += receipt.rejected
        self._counts.repeated += receipt.repeated
        for unit, message in receipt.messages():
            confirm(unit, message)
        for (unit, publisher), taken in receipt.reused.items():
            if self._said.get(publisher, -_REPORT) <= monotonic() - _REPORT:
                self._said[publisher] = monotonic()
                log.warning(
                    "unit %s: %d readings of publisher %s have numbers under which other readings are stored: a copy of"
                    " its outbox is in use, or it was restored from a backup. They are not confirmed; their publisher"
                    " takes a new name and sends them again", unit, len(taken), publisher,
                )  # fmt: skip

    def _report(self) -> None:
        passed = monotonic() - self._reported_at
        if passed < _REPORT:
            return
        counts, self._counts = self._counts, Receipt()
        self._reported_at = monotonic()
        if counts.stored or counts.rejected or counts.repeated:
            log.info(
                "%.0f s: %d values of %d readings stored (%.0f/s), %d readings rejected, %d repeated;"
                " waiting: %d live, %d backlog messages",
                passed, counts.rows, counts.stored, counts.rows / passed, counts.rejected, counts.repeated,
                len(self._inbox.live), len(self._inbox.backlog),
            )  # fmt: skip
