"""Whether this machine's clock was set: for a while after that nobody knows who has been silent for how long."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic

# Seconds by which a clock may run apart from the monotonic one between two looks.
JUMP = 10.0
# Seconds within which every sender has said again that it is there, and what its clock says.
RECOVERY = 90.0


class Steadiness:
    """Compares the clock with one that nobody sets, look by look."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._offset: float | None = None
        self._set_at: float | None = None

    def look(self, now: datetime) -> bool:
        """Tell whether times that were noted earlier may be compared with `now`."""
        at = self._clock()
        offset = now.timestamp() - at
        if self._offset is not None and abs(offset - self._offset) > JUMP:
            self._set_at = at
        self._offset = offset
        return self._set_at is None or at - self._set_at > RECOVERY
