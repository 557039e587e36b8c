"""The canary: numbered messages that go through broker, ingestor and database, and are read back from their row."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

from schemas.messages import Canary
from telemetry.alarms.station_rules import WATCHDOG

EVERY_SECONDS = 10.0
# Numbers that are remembered: one that comes back later than this is as good as lost.
MOST = 1000


class CanaryFlight:
    """Numbers the canaries, and says for how long none has come back, by a clock that nobody sets.

    Numbering goes on above what the database has: after a restart, and after another watchdog.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._stored: int | None = None
        self._last = 0
        self._sent: dict[int, float] = {}
        self._waiting_since: float | None = None

    def next(self, now: datetime) -> Canary | None:
        """Return the next one to send; None until it is known which numbers were used."""
        if self._stored is None:
            return None
        number = self._last = max(self._last, self._stored) + 1
        return Canary(sender=WATCHDOG, number=number, sent_at=now)

    def sent(self, canary: Canary) -> None:
        """Note that the broker has it."""
        at = self._sent[canary.number] = self._clock()
        self._waiting_since = at if self._waiting_since is None else self._waiting_since
        if len(self._sent) > MOST:
            del self._sent[next(iter(self._sent))]

    def came_back(self, stored: int) -> None:
        """Take the newest number that the database has; 0 for none."""
        known = self._sent.get(stored)
        if known is not None and stored > (self._stored or 0):
            self._waiting_since = known
            self._sent = {number: at for number, at in self._sent.items() if number > stored}
        self._stored = stored

    def silence(self) -> float | None:
        """Return the seconds since the newest that came back was sent; None where none was sent."""
        return None if self._waiting_since is None else self._clock() - self._waiting_since

    def stop(self) -> None:
        """Forget what is under way: another watchdog leads."""
        self._stored = self._waiting_since = None
        self._sent.clear()
