"""Doors: the main cause of excursions, and no fault. Somebody looks in two or three times a working day."""

import math
from dataclasses import dataclass
from random import Random

from publisher.simulation.scenario import DAY

_A_DAY = 2.5
_MEDIAN_OPEN = 54.0
_OPENING, _RECOVERY = 30.0, 130.0
# What is left of an excursion after this is below any sensor's resolution.
_FORGOTTEN = 12 * _RECOVERY


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening and the excursion that its median length would reach."""

    start: float
    end: float
    temperature: float
    humidity: float
    co2: float


@dataclass(slots=True)
class Draught:
    """What open doors do to a cell's air at an instant."""

    open: bool = False
    temperature: float = 0.0
    humidity: float = 0.0
    co2: float = 0.0


_NONE = Draught()


class Doors:
    """The openings of one cell, drawn day by day, and those that a fault adds."""

    def __init__(self, key: str, added: tuple[tuple[float, float], ...] = ()) -> None:
        self._key = key
        draw = Random(f"{key}/doors")
        self._added = [_opening(draw, start, end) for start, end in added]
        self._day: int | None = None
        self._openings: list[Opening] = []
        self._quiet = (0.0, 0.0)

    def at(self, instant: float) -> Draught:
        """Return the effect of doors at an instant (seconds since 1970)."""
        if self._quiet[0] <= instant < self._quiet[1]:
            return _NONE
        day = int(instant // DAY)
        if day != self._day:
            self._day = day
            days = (self._openings_of(day - 1), self._openings_of(day), self._added)
            self._openings = sorted((o for some in days for o in some), key=lambda opening: opening.start)
        draught = Draught()
        felt = False
        for opening in self._openings:
            if opening.start <= instant < opening.end + _FORGOTTEN:
                felt = True
                _add(draught, opening, instant)
        if not felt:
            # Until the next opening (or midnight, when the next day is drawn) there is nothing to look up.
            coming = [opening.start for opening in self._openings if opening.start > instant]
            self._quiet = (instant, min([*coming, (day + 1) * DAY]))
        return draught

    def _openings_of(self, day: int) -> list[Opening]:
        draw = Random(f"{self._key}/doors/{day}")
        count = sum(draw.random() < _A_DAY / 10 for _ in range(10))
        openings = []
        for _ in range(count):
            start = day * DAY + draw.triangular(6, 18, 10) * 3600
            openings.append(_opening(draw, start, start + min(280.0, _MEDIAN_OPEN * math.exp(draw.gauss(0, 0.7)))))
        return openings


def _opening(draw: Random, start: float, end: float) -> Opening:
    sign = draw.choice((-1, 1))
    return Opening(
        start, end,
        temperature=sign * min(3.5, 0.8 * math.exp(draw.gauss(0, 0.9))),
        humidity=-min(38.0, 24 * math.exp(draw.gauss(0, 0.27))),
        co2=min(400.0, 112 * math.exp(draw.gauss(0, 0.69))),
    )  # fmt: skip


def _add(draught: Draught, opening: Opening, instant: float) -> None:
    full = 1 - math.exp(-_MEDIAN_OPEN / _OPENING)
    been_open = min(instant, opening.end) - opening.start
    part = (1 - math.exp(-been_open / _OPENING)) / full
    # Open for hours, the cell takes on the hall's air.
    hours = 1 - math.exp(-been_open / 14400)
    fading = 1.0 if instant < opening.end else math.exp(-(instant - opening.end) / _RECOVERY)
    draught.open = draught.open or instant < opening.end
    draught.temperature += (part * opening.temperature - 4.0 * hours) * fading
    draught.humidity += (part * opening.humidity - 6.0 * hours) * fading
    draught.co2 += part * opening.co2 * (1 - hours) * fading
