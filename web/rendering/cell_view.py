"""What the pages say about a cell: its state, its values and their ages, from the live snapshot alone.

web/rendering/states.js applies the same rules in the browser; a test runs both over the same cases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from schemas import times
from schemas.site import Parameter, Site
from web.rendering.limits import Limits
from web.rendering.texts import N_

CellState = Literal["alarm", "offline", "nodata", "stale", "warning", "deviation", "normal"]
ValueState = Literal["missing", "none", "high", "low", "suspect", "ok"]

# Readings that fail to come this many times in a row make a cell's values old.
STALE_PERIODS = 3

# What a cell in one of these shows is the past: nothing in it can be within limits, or out of them.
STALE_STATES: frozenset[CellState] = frozenset({"offline", "nodata", "stale"})

STATE_WORDS: dict[CellState, str] = {
    "alarm": N_("Alarm"),
    "offline": N_("Offline"),
    "nodata": N_("No data"),
    "stale": N_("Stale"),
    "warning": N_("Warning"),
    "deviation": N_("Deviation"),
    "normal": N_("Normal"),
}
VALUE_WORDS: dict[ValueState, str] = {
    "missing": N_("never received"),
    "none": N_("no value"),
    "high": N_("too high"),
    "low": N_("too low"),
    "suspect": N_("suspect"),
    "ok": "",
}


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A parameter's latest value beside the setpoint or command that belongs to it."""

    parameter: Parameter
    value: float | None
    state: ValueState
    partner: Parameter | None
    target: float | None
    deviation: float | None
    tolerance: float | None
    observed_at: datetime | None
    age: float | None


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as cards, plan and wall show it."""

    code: str
    unit: str
    state: CellState
    observed_at: datetime | None
    age: float | None
    values: tuple[ShownValue, ...]
    experiment: Mapping[str, Any] | None

    @property
    def main(self) -> tuple[ShownValue, ...]:
        return tuple(v for v in self.values if v.parameter.main)

    def value(self, code: str) -> ShownValue | None:
        return next((v for v in self.values if v.parameter.code == code), None)


def show_cells(site: Site, snapshot: Mapping[str, Any]) -> dict[str, ShownCell]:
    """Return every cell of the site, in its order, also those that never sent anything."""
    now = times.from_text(snapshot["now"])
    return {cell: _show_cell(site, snapshot, cell, now) for cell in site.unit_of_cell}


def show_against(
    site: Site, snapshot: Mapping[str, Any], cell: str, limits: Mapping[str, Limits]
) -> tuple[ShownValue | None, ...]:
    """Return a cell's values judged by an experiment's limits; None for a parameter that the cell does not have."""
    latest = snapshot["cells"].get(cell) or {}
    now = times.from_text(snapshot["now"])
    here = {parameter.code for parameter in site.parameters_of(cell)}
    return tuple(
        _show_value(site, one.parameter, latest, now, one) if one.parameter.code in here else None
        for one in limits.values()
    )


def _show_cell(site: Site, snapshot: Mapping[str, Any], cell: str, now: datetime) -> ShownCell:
    latest = snapshot["cells"].get(cell) or {}
    unit = site.unit_of_cell[cell]
    observed_at = times.from_text(latest["observed_at"]) if latest.get("observed_at") else None
    age = None if observed_at is None else max(0.0, (now - observed_at).total_seconds())
    values = tuple(_show_value(site, parameter, latest, now) for parameter in site.parameters_of(cell))
    return ShownCell(
        code=cell,
        unit=unit.code,
        state=cell_state(
            age=age,
            period=site.period_of(cell),
            status=(snapshot["units"].get(unit.code) or {}).get("state"),
            severities=[a["severity"] for a in snapshot["alarms"] if _concerns(a, cell)],
            abnormal=any(v.state in {"high", "low", "suspect"} for v in values if v.parameter.main),
        ),
        observed_at=observed_at,
        age=age,
        values=values,
        experiment=(snapshot.get("experiments") or {}).get(cell),
    )


def _concerns(alarm: Mapping[str, Any], cell: str) -> bool:
    return (alarm.get("cell") or alarm["place"]) == cell and alarm["state"] in {"active", "acknowledged"}


def cell_state(
    *, age: float | None, period: float, status: str | None, severities: list[str], abnormal: bool
) -> CellState:
    """Choose the one state that a cell is shown in: the most pressing first."""
    if any(severity != "warning" for severity in severities):
        return "alarm"
    if status == "offline":
        return "offline"
    if age is None:
        return "nodata"
    if age > STALE_PERIODS * period:
        return "stale"
    if severities:
        return "warning"
    return "deviation" if abnormal else "normal"


def _show_value(
    site: Site, parameter: Parameter, latest: Mapping[str, Any], now: datetime, limits: Limits | None = None
) -> ShownValue:
    values: Mapping[str, float | None] = latest.get("values") or {}
    quality: Mapping[str, int] = latest.get("quality") or {}
    value = values.get(parameter.code)
    # A value that did not come with the newest reading has a time of its own.
    seen = (latest.get("times") or {}).get(parameter.code) or latest.get("observed_at")
    observed_at = times.from_text(seen) if seen and parameter.code in values else None
    setpoint = site.setpoint_by_measured.get(parameter.code)
    command = next((p for p in site.parameters if p.command_of == parameter.code), None)
    target = None if setpoint is None else values.get(setpoint.code)
    tolerance = min((t.deviation for t in parameter.tolerances), default=None) if limits is None else limits.deviation
    deviation = None if value is None or target is None else value - target
    return ShownValue(
        parameter=parameter,
        value=value,
        state=value_state(
            reported=parameter.code in values,
            value=value,
            deviation=deviation,
            tolerance=tolerance,
            minimum=parameter.minimum,
            maximum=parameter.maximum,
            quality=quality.get(parameter.code, 0),
            low=None if limits is None else limits.low,
            high=None if limits is None else limits.high,
        ),
        partner=setpoint or command,
        target=target if setpoint is not None or command is None else values.get(command.code),
        deviation=deviation,
        tolerance=tolerance,
        observed_at=observed_at,
        age=None if observed_at is None else max(0.0, (now - observed_at).total_seconds()),
    )


def value_state(
    *,
    reported: bool,
    value: float | None,
    deviation: float | None,
    tolerance: float | None,
    minimum: float | None,
    maximum: float | None,
    quality: int,
    low: float | None = None,
    high: float | None = None,
) -> ValueState:
    """Tell a value that was never sent from one that the sensor did not give, and both from zero."""
    if value is None:
        return "none" if reported else "missing"
    if quality in {1, 3} or (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        return "suspect"
    if deviation is not None and tolerance is not None and abs(deviation) > tolerance:
        return "high" if deviation > 0 else "low"
    if low is not None and value < low:
        return "low"
    return "high" if high is not None and value > high else "ok"
