"""A cell's setpoints: smooth daily courses, a point every five minutes, different in every cell."""

import math
from dataclasses import dataclass
from random import Random

from publisher.simulation.noise import Noise

DAY = 86400.0
_POINT = 300.0


@dataclass(slots=True)
class Setpoints:
    """Setpoints at an instant: °C, % relative humidity, ppm CO₂, % light."""

    temperature: float
    humidity: float
    co2: float
    light: float


class Scenario:
    """The setpoints of one cell at any instant (seconds since 1970)."""

    def __init__(self, key: str) -> None:
        draw = Random(f"{key}/scenario")
        steady = draw.random() < 0.3
        self.temperature = draw.uniform(13, 24)
        self.swing = draw.uniform(0, 0.8) if steady else draw.uniform(2, 6)
        self._humidity = draw.uniform(58, 72)
        self._dry = draw.uniform(0, 1) if steady else draw.uniform(3, 9)
        self.co2 = float(draw.choice((400, 400, 410, 450, 550, 700)))
        self._light = draw.uniform(45, 100)
        self._day_length = draw.uniform(10, 16) * 3600
        self._noon = 12 * 3600 + draw.uniform(-1, 1) * 3600
        # No two days are alike, yet nothing jumps: published courses move 1.7 °C and 4 % in 30 minutes at most.
        self._weather = Noise(f"{key}/weather", 1.5 * DAY)
        self._cloud = Noise(f"{key}/cloud", 2400)
        self._variable = 0.0 if steady else 1.0
        self._index: int | None = None
        self._left = self._right = Setpoints(0, 0, 0, 0)

    def at(self, instant: float) -> Setpoints:
        """Return the setpoints at an instant (seconds since 1970)."""
        position = instant / _POINT
        index = int(position)
        if index != self._index:
            self._left = self._right if self._index == index - 1 else self._point(index * _POINT)
            self._right = self._point((index + 1) * _POINT)
            self._index = index
        part, left, right = position - index, self._left, self._right
        return Setpoints(
            left.temperature + part * (right.temperature - left.temperature),
            left.humidity + part * (right.humidity - left.humidity),
            left.co2 + part * (right.co2 - left.co2),
            left.light + part * (right.light - left.light),
        )

    def course(self, instant: float, delay: float = 0.0) -> float:
        """Return the day's course, -1 at the coldest hour and 1 at the warmest, some hours after noon."""
        return math.cos(2 * math.pi * (instant - delay - self._noon - 7200) / DAY)

    def _point(self, instant: float) -> Setpoints:
        course, weather = self.course(instant), self._weather.at(instant) * self._variable
        height = math.sin(math.pi * ((instant - self._noon + self._day_length / 2) % DAY) / self._day_length)
        day = (instant - self._noon + self._day_length / 2) % DAY < self._day_length
        shade = 1 - 0.12 * self._variable * (1 + math.tanh(self._cloud.at(instant)))
        return Setpoints(
            self.temperature + self.swing * course + 0.8 * weather,
            min(88.0, max(35.0, self._humidity - self._dry * course - 1.5 * weather)),
            self.co2,
            self._light * height**0.8 * shade if day else 0.0,
        )
