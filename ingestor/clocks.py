"""Whose clock is wrong, when readings come from the future: a publisher's, or this server's."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from schemas.times import CLOCK_SKEW

FUTURE_SUSPECT = CLOCK_SKEW.total_seconds()
FUTURE_REFUSED = 86_400.0
# Others are waited for so long before it is said that a unit alone is ahead.
_PATIENCE = 15.0
# How long a unit's last reading says something about its clock.
_WINDOW = 3600.0
# Of the units that were heard: so many ahead of us cannot all be wrong.
_NEARLY_ALL = 0.8


@dataclass(slots=True)
class _Observation:
    """A unit's newest reading: what its clock said, against a clock that nobody sets."""

    offset: float
    at: float


class Clocks:
    """Compares the units' clocks with ours, each by its newest live reading. Used by one thread."""

    def __init__(self, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        self._observations: dict[str, _Observation] = {}
        self._ahead_since: dict[str, float] = {}

    def note(self, unit: str, observed: float) -> None:
        """Take note of a unit's reading that is observed now, by its clock (seconds since 1970)."""
        at = self._monotonic()
        self._observations[unit] = _Observation(observed - at, at)

    def must_wait(self, unit: str) -> bool:
        """Return whether readings that this unit sends from the future are to wait: our own clock may be wrong."""
        now = self._monotonic()
        ahead = self._ahead()
        if ahead.get(unit, FUTURE_REFUSED + 1) <= FUTURE_REFUSED:
            self._ahead_since.pop(unit, None)
            return False
        self._ahead_since.setdefault(unit, now)
        if len(ahead.keys() | {unit}) == 1:
            return True  # its word against ours: what is refused leaves the outbox for good, so nobody is blamed
        return self._share(ahead, FUTURE_REFUSED) >= _NEARLY_ALL

    def trouble(self) -> str | None:
        """Say in words that our own clock is wrong; None while it seems right."""
        ahead = self._ahead()
        if len(ahead) < 2:
            return self._trouble_with_one(ahead)
        by = sorted(ahead.values())[len(ahead) // 2]
        for limit, consequence in (
            (FUTURE_REFUSED, "nothing of them is stored or confirmed until the clocks agree, and nothing is lost"),
            (FUTURE_SUSPECT, "their readings are stored and marked suspect"),
        ):
            if self._share(ahead, limit) >= _NEARLY_ALL:
                return (
                    f"this server's clock is wrong: nearly all units are ahead of it, by {_text(by)};"
                    f" {consequence}; set the clock of the ingestor's machine (NTP)"
                )
        return None

    def _trouble_with_one(self, ahead: dict[str, float]) -> str | None:
        for unit, by in ahead.items():
            since = self._ahead_since.get(unit)
            if by > FUTURE_REFUSED and since is not None and self._monotonic() - since >= _PATIENCE:
                return (
                    f"the only unit that is heard, {unit}, is ahead of this server by {_text(by)}: one of the two"
                    " clocks is wrong; nothing of it is stored or confirmed until they agree, and nothing is lost; set"
                    " the clock of the ingestor's machine or of the unit's PC (NTP)"
                )
        return None

    def _ahead(self) -> dict[str, float]:
        """Return by how many seconds each unit's clock is ahead of ours now."""
        now, clock = self._monotonic(), self._clock()
        return {unit: item.offset + now - clock for unit, item in self._observations.items() if now - item.at < _WINDOW}

    @staticmethod
    def _share(ahead: dict[str, float], limit: float) -> float:
        return sum(seconds > limit for seconds in ahead.values()) / len(ahead)


def _text(seconds: float) -> str:
    if seconds >= FUTURE_REFUSED:
        return f"{seconds / 86_400:.1f} days"
    return f"{seconds / 60:.0f} minutes"
