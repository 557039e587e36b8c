"""Faults that the simulator can play, each in a cell (or all), from one instant until another (or for good)."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from schemas.messages import Code
from service.settings import Block

Kind = Literal[
    "door", "lamp_failure", "humidifier_saturation", "co2_empty", "scenario_ended",
    "frozen", "spike", "no_value",
    "offline", "clock_wrong", "duplicate",
]  # fmt: skip

_DURATION = re.compile(r"([+-]?)(\d+(?:\.\d+)?)\s*(s|min|m|h|d)?")
_SPIKE_EVERY, _SPIKE_LASTS = 600, 10
_SECONDS = {None: 1, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def _duration(value: object) -> object:
    if isinstance(value, int | float):
        return timedelta(seconds=value)
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        seconds = float(found[2]) * _SECONDS[found[3]]
        return timedelta(seconds=-seconds if found[1] == "-" else seconds)
    return value


def _instant(value: object) -> object:
    # A bare number is seconds since the start; pydantic alone would read it as a date in 1970.
    relative = isinstance(value, int | float) or (isinstance(value, str) and _DURATION.fullmatch(value.strip()))
    return _duration(value) if relative else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
# An instant, or how long after the start of the publisher (before it with a minus).
When = Annotated[AwareDatetime | timedelta, BeforeValidator(_instant)]


class FaultSettings(Block):
    """One `[[source.faults]]`: `kind = "door"`, `cell = "E2C1"`, `from = "10m"`, `until = "11m"`."""

    kind: Kind
    cell: Code | None = Field(default=None, description="all cells of the unit without it")
    parameter: Code | None = Field(default=None, description="for frozen, spike and no_value; all without it")
    from_: When | None = Field(default=None, alias="from", description="from the start without it")
    until: When | None = Field(default=None, description="for good without it")
    shift: Duration = Field(default=timedelta(hours=1), description="how far a wrong clock is ahead")


@dataclass(frozen=True, slots=True)
class SimulatedFault:
    """A fault with its instants in seconds since 1970."""

    kind: Kind
    cell: str | None
    parameter: str | None
    start: float
    end: float
    shift: timedelta

    def on(self, instant: float) -> bool:
        """Return whether the fault is active at an instant (seconds since 1970)."""
        return self.start <= instant < self.end


def faults_of(settings: Iterable[FaultSettings], cell: str, began: datetime) -> list[SimulatedFault]:
    """Return the faults of a cell; `began` is when the publisher started."""
    return [
        SimulatedFault(
            fault.kind, fault.cell, fault.parameter, _seconds(fault.from_, began, began.timestamp()),
            _seconds(fault.until, began, float("inf")), fault.shift,
        )
        for fault in settings
        if fault.cell in {None, cell}
    ]  # fmt: skip


def _seconds(when: datetime | timedelta | None, began: datetime, default: float) -> float:
    if when is None:
        return default
    return (began + when if isinstance(when, timedelta) else when).timestamp()


def disturb(
    values: dict[str, float | None], faults: Iterable[SimulatedFault], instant: float,
    at_start: Callable[[SimulatedFault], dict[str, float | None]],
) -> None:  # fmt: skip
    """Play sensor faults on a reading; `at_start` returns the reading at a fault's first instant."""
    for fault in faults:
        if fault.kind not in {"frozen", "spike", "no_value"} or not fault.on(instant):
            continue
        for code in values if fault.parameter is None else values.keys() & {fault.parameter}:
            value = values[code]
            if fault.kind == "frozen":
                values[code] = at_start(fault)[code]
            elif fault.kind == "no_value":
                values[code] = None
            elif value is not None and instant % _SPIKE_EVERY < _SPIKE_LASTS:
                values[code] = value * 10 + 500
