"""Where the network threads hand over and the writer takes: live readings before backlog."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic


@dataclass(slots=True)
class Arrival:
    """A message as the broker delivered it, and what its acknowledgement needs."""

    topic: str
    payload: bytes
    received_at: float  # seconds since 1970
    repeat: bool  # delivered before, or kept by the broker: an old acquaintance is possible
    acknowledge: Callable[[], None]


class Inbox:
    """Two unbounded queues. `put` never blocks and never fails; it may be called from signal handlers.

    The broker's Receive Maximum bounds them roughly; a bounded queue would have to fail in a callback.
    """

    def __init__(self) -> None:
        self.live: SimpleQueue[Arrival] = SimpleQueue()
        self.backlog: SimpleQueue[Arrival] = SimpleQueue()
        self.closed = False
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._closing: SimpleQueue[None] = SimpleQueue()
        self._asleep = False

    def put_live(self, arrival: Arrival) -> None:
        self.live.put(arrival)
        if self._asleep:
            self._bell.put(None)

    def put_backlog(self, arrival: Arrival) -> None:
        self.backlog.put(arrival)
        if self._asleep:
            self._bell.put(None)

    def close(self) -> None:
        """End every wait; what is inside stays unacknowledged and comes again."""
        self.closed = True
        self._bell.put(None)
        self._closing.put(None)

    def take(self) -> Arrival | None:
        """Return the next message, live first; None when there is none now."""
        try:
            return self.live.get_nowait()
        except Empty:
            pass
        try:
            return self.backlog.get_nowait()
        except Empty:
            return None

    def wait(self, seconds: float) -> Arrival | None:
        """Return the next message as soon as there is one; None when the time is over or the inbox closed."""
        deadline = monotonic() + seconds
        while not self.closed:
            # Asleep first, look afterwards: whoever puts between the two rings.
            self._asleep = True
            try:
                if (arrival := self.take()) is not None:
                    return arrival
                self._bell.get(timeout=max(0, deadline - monotonic()))
            except Empty:
                return self.take()
            finally:
                self._asleep = False
        return None

    def pause(self, seconds: float) -> bool:
        """Sleep; return True at once when the inbox is closed."""
        try:
            self._closing.get(timeout=seconds)
        except Empty:
            return self.closed
        self._closing.put(None)
        return True
