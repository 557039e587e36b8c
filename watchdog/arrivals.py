"""When each cell was heard last, by a clock that nobody sets, and which readings were: to hold against the database."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from broker.live_picture import CellChanged, Change, ConnectionChanged, LivePicture
from schemas.site import Site
from telemetry.judging import age_of, stale_after

# After a connection is made, units have so many seconds to come back before a cell counts as silent.
GRACE = 60.0
# Readings of this age, in seconds, must be stored; older ones are forgotten.
YOUNGEST, OLDEST = 60.0, 240.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Instants of readings of a cell that came live, and a parameter that all of them had."""

    parameter: str
    instants: frozenset[datetime]


class Arrivals:
    """Listens to a live picture. What the broker had kept counts as heard before this process was there."""

    def __init__(self, site: Site, live: LivePicture, clock: Callable[[], float] = monotonic) -> None:
        self._site, self._live, self._clock = site, live, clock
        self._heard_at: dict[str, float] = {}
        self._recent: dict[str, deque[tuple[float, datetime, str]]] = {}
        self._connected_at: float | None = None
        live.listen(self._take)

    def silences(self, now: datetime) -> dict[str, float | None]:
        """Return the seconds since each cell was heard; None where nobody knows."""
        return {cell: self._silence(cell, now) for cell in self._site.unit_of_cell}

    def heard(self) -> Mapping[str, Heard]:
        """Return by cell what was heard a while ago and must be stored by now."""
        found = {}
        at = self._clock()
        for cell, recent in self._recent.items():
            while recent and at - recent[0][0] > OLDEST:
                recent.popleft()
            due = [(instant, code) for heard_at, instant, code in recent if at - heard_at >= YOUNGEST]
            if due:
                code = due[-1][1]
                found[cell] = Heard(code, frozenset(instant for instant, other in due if other == code))
        return found

    def _silence(self, cell: str, now: datetime) -> float | None:
        if self._connected_at is None:
            return None
        at = self._clock()
        heard_at = self._heard_at.get(cell)
        newest = max((one.observed_at for one in self._live.picture.cells.get(cell, {}).values()), default=None)
        if heard_at is None or heard_at < self._connected_at:
            if at - self._connected_at < max(GRACE, stale_after(self._site, cell)):
                return None
            if heard_at is None and newest is None:
                # A cell that never sent anything is not missed.
                return None
        # An instant ahead of our clock says nothing of how long ago it came.
        ages = [] if newest is None else [age for age in [age_of(newest, now)] if age >= 0]
        if heard_at is not None:
            ages.append(at - heard_at)
        return min(ages, default=at - self._connected_at)

    def _take(self, change: Change) -> None:
        if isinstance(change, ConnectionChanged):
            self._connected_at = self._clock() if change.connected else None
        elif isinstance(change, CellChanged) and self._connected_at is not None:
            at = self._heard_at[change.cell] = self._clock()
            code, latest = min(change.values.items())
            self._recent.setdefault(change.cell, deque(maxlen=300)).append((at, latest.observed_at, code))
