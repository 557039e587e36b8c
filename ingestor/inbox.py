"""Where the network threads hand over and the writer takes: live readings before backlog."""

from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event
from time import monotonic

# Well within the shortest keepalive: a network thread that is held still pings.
_HELD = 1.0


@dataclass(slots=True)
class Arrival:
    """A message as the broker delivered it, and what its acknowledgement needs."""

    topic: str
    payload: bytes
    received_at: float  # seconds since 1970
    repeat: bool  # delivered before, or kept by the broker: may be a redelivery
    acknowledge: Callable[[], None]


class Lane:
    """An unbounded queue whose sender is held up a little at each message while it is long.

    The broker's Receive Maximum should bound it, but Mosquitto 2.0.11 sends far more once it gets acknowledgements.
    A sender that is not read any more stops by itself; holding it for good would cost the connection's keepalive.
    """

    def __init__(self, limit: int) -> None:
        self._queue: SimpleQueue[Arrival] = SimpleQueue()
        self._limit = limit
        self._room = Event()
        self._room.set()

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, arrival: Arrival) -> None:
        """Add a message; never blocks."""
        self._queue.put(arrival)

    def hold(self) -> None:
        """Return when there is room, or after a moment."""
        if self._queue.qsize() > self._limit:
            # Cleared before the size is read: a `take` in between sets it again.
            self._room.clear()
            if self._queue.qsize() > self._limit:
                self._room.wait(_HELD)

    def take(self) -> Arrival | None:
        """Return the next message; None when there is none now."""
        if not self._room.is_set() and self._queue.qsize() <= self._limit // 2:
            self._room.set()
        try:
            return self._queue.get_nowait()
        except Empty:
            return None

    def release(self) -> None:
        """Let a sender that is held up continue."""
        self._room.set()


class Inbox:
    """Two lanes; `close` may be called from signal handlers."""

    def __init__(self, live: int, backlog: int) -> None:
        self.live, self.backlog = Lane(live), Lane(backlog)
        self.closed = False
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._closing: SimpleQueue[None] = SimpleQueue()
        self._asleep = False

    def put(self, lane: Lane, arrival: Arrival) -> None:
        """Take in a message; never fails, and holds up a network thread that is far ahead of the writer."""
        lane.put(arrival)
        if self._asleep:
            self._bell.put(None)
        elif not self.closed:
            lane.hold()

    def close(self) -> None:
        """End every wait; what is inside stays unacknowledged and comes again."""
        self.closed = True
        self._bell.put(None)
        self._closing.put(None)
        self.live.release()
        self.backlog.release()

    def take(self) -> Arrival | None:
        """Return the next message, live first; None when there is none now."""
        arrival = self.live.take()
        return self.backlog.take() if arrival is None else arrival

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
