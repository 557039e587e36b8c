"""Rain and the mass of the soil block: showers, what plants drink, and a counter that somebody resets on Mondays."""

import math
from random import Random

from publisher.simulation.scenario import DAY

# 1970 began on a Thursday.
_MONDAY = 4 * DAY
_WEEK = 7 * DAY


class Water:
    """Of one cell. The block weighs 1 kg more for each millimetre on its square metre."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._dry_mass = Random(f"{key}/mass").uniform(850, 1350)
        self._week: int | None = None
        self._showers: list[tuple[float, float, float]] = []
        self._total = 0.0

    def at(self, instant: float) -> tuple[float, float]:
        """Return the counter in mm and the mass in kg."""
        week = int((instant - _MONDAY) // _WEEK)
        if week != self._week:
            self._draw(week)
        into = instant - _MONDAY - week * _WEEK
        rain = 0.0
        for start, length, amount in self._showers:
            if into > start:
                rain += amount * min(1.0, (into - start) / length)
        days, part = divmod(into / DAY, 1.0)
        # Drinking follows the light: nothing at night, most of it around noon.
        drunk = self._total / 7 * (days + (1 - math.cos(math.pi * min(1.0, max(0.0, (part - 0.2) / 0.65)))) / 2)
        return rain, self._dry_mass + rain - drunk

    def _draw(self, week: int) -> None:
        draw = Random(f"{self._key}/rain/{week}")
        self._week = week
        self._showers = [
            (day * DAY + draw.uniform(3, 8) * 3600, draw.uniform(20, 60) * 60, draw.uniform(1, 8))
            for day in range(7)
            if draw.random() < 0.6
        ]
        self._total = sum(amount for _, _, amount in self._showers)
