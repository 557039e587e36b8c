"""Messages from the future wait here, unacknowledged, until it is clear whose clock is wrong."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from ingestor.clocks import Clocks
from ingestor.decoding import Decoded
from ingestor.inbox import Arrival

# Well below what the broker sends without an acknowledgement.
_ROOM = 1000


class WaitingRoom:
    """Holds what `Clocks` wants to wait. Used by the thread that decodes."""

    def __init__(
        self,
        clocks: Clocks,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.clocks = clocks
        self._clock, self._monotonic = clock, monotonic
        self._waiting: deque[tuple[str, float, Arrival]] = deque()

    def takes(self, arrival: Arrival, readings: Sequence[Decoded]) -> bool:
        """Note what a message says of its unit's clock; keep it where it must wait, and tell so."""
        future = any(reading.future for reading in readings)
        if not readings or readings[-1].unit_id is None:
            return False
        unit = readings[-1].unit
        if future or (not arrival.repeat and readings[-1].seconds and arrival.topic.endswith("/readings")):
            self.clocks.note(unit, max(reading.seconds for reading in readings))
        if not future or not self.clocks.must_wait(unit):
            return False
        if len(self._waiting) >= _ROOM:
            if any(reading.sequence is None for reading in readings):
                return False  # nobody sends it again: it is recorded as a rejection
            arrival.acknowledge()  # its outbox keeps it and sends it again
            return True
        self._waiting.append((unit, self._monotonic(), arrival))
        return True

    def leaving(self) -> Iterator[Arrival]:
        """Yield the messages that need not wait any longer, as if they arrived by the clock as it is now."""
        if not self._waiting:
            return
        waits = {unit: self.clocks.must_wait(unit) for unit in {unit for unit, _, _ in self._waiting}}
        for _ in range(len(self._waiting)):
            unit, since, arrival = self._waiting.popleft()
            if waits[unit]:
                self._waiting.append((unit, since, arrival))
            else:
                yield replace(arrival, received_at=self._clock() - (self._monotonic() - since))
