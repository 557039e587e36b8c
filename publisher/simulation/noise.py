"""Noise that depends on its name and the instant alone: the same past is simulated twice alike."""

import math
from random import Random

_BLOCK = 64
_WARM_UP = 80


class Noise:
    """A first-order autoregressive process (mean 0, standard deviation 1, this correlation time in seconds).

    Meant to be asked forwards in time; a jump costs a short warm-up, never another value.
    """

    __slots__ = ("_a", "_b", "_block", "_key", "_place", "_step", "_white", "_x", "_y")

    def __init__(self, key: str, correlation_time: float) -> None:
        self._key = key
        self._step = correlation_time / 10
        self._a = math.exp(-0.1)
        self._b = math.sqrt(1 - self._a**2)
        self._place: int | None = None
        self._x = self._y = 0.0
        self._block: int | None = None
        self._white: list[float] = []

    def at(self, instant: float) -> float:
        """Return the noise at an instant (seconds since 1970), with standard deviation 1."""
        position = instant / self._step
        place = int(position)
        if place != self._place:
            self._move(place)
        return self._x + (self._y - self._x) * (position - place)

    def _move(self, place: int) -> None:
        """Make x the value at this lattice point and y the one at the next."""
        if self._place is None or not 0 < place - self._place <= _WARM_UP:
            self._y = 0.0
            reached = place - _WARM_UP
        else:
            reached = self._place + 1
        for number in range(reached + 1, place + 2):
            self._x = self._y
            self._y = self._a * self._y + self._b * self._shock(number)
        self._place = place

    def _shock(self, number: int) -> float:
        block, index = divmod(number, _BLOCK)
        if block != self._block:
            gauss = Random(f"{self._key}/{block}").gauss
            self._white = [gauss(0, 1) for _ in range(_BLOCK)]
            self._block = block
        return self._white[index]
