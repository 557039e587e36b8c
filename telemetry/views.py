"""Read models: what the API, the pages and the bot say of a cell's values. They may change freely."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.messages import Alarm, CellExperiment, Instant, Status
from schemas.picture import Latest
from schemas.site import Label, Parameter, Site, Unit

State = Literal["ok", "stale", "no_value", "no_data", "offline"]
UnitState = Literal["online", "offline", "unknown"]

# Readings that fail to come this many times in a row make a cell's values old.
STALE_PERIODS = 3


class View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ValueView(View):
    """A parameter's newest value. `deviation` is from the setpoint, for pairs of the same unit alone."""

    parameter: str
    label: Label
    unit: str
    kind: str
    state: State
    value: float | None
    observed_at: Instant | None
    age_seconds: float | None
    quality: int
    setpoint_parameter: str | None
    setpoint: float | None
    deviation: float | None


class CellView(View):
    """A cell with every value that it has; `state` speaks for its newest reading."""

    cell: str
    unit: str
    state: State
    observed_at: Instant | None
    age_seconds: float | None
    period_seconds: float
    stale_after_seconds: float
    experiment: CellExperiment | None
    alarms: list[Alarm]
    values: list[ValueView]


class UnitSummary(View):
    """A unit and whether its publisher is there."""

    unit: str
    label: Label
    kind: str
    state: UnitState
    status: Status | None
    cells: list[str]


class UnitView(UnitSummary):
    """A unit with the newest values of its cells."""

    values: list[CellView]


class SeriesHistory(View):
    """Columns of one parameter: `t` in milliseconds since 1970, null where there is a gap."""

    t: list[int]
    min: list[float | None]
    mean: list[float | None]
    max: list[float | None]


class History(View):
    """A cell's history within [from, to).

    `width` is the seconds of a bucket, which starts at `t` (the first may start before `from`; what it says is
    of the range alone); 0 means raw readings.
    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    cell: str
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    source: Literal["raw", "5min", "1h"]
    width: int
    series: dict[str, SeriesHistory]


def unit_state(status: Status | None) -> UnitState:
    return "unknown" if status is None else status.state


def stale_after(site: Site, cell: str) -> float:
    """Return the age in seconds from which a cell's value is old."""
    return STALE_PERIODS * site.period_of(cell)


def value_state(latest: Latest | None, unit: UnitState, limit: float, now: datetime) -> State:
    """Choose the one word for a value: what makes it useless comes first."""
    if latest is None:
        return "no_data"
    if unit == "offline":
        return "offline"
    if (now - latest.observed_at).total_seconds() > limit:
        return "stale"
    return "no_value" if latest.value is None else "ok"


def cell_view(
    site: Site,
    cell: str,
    latest: Mapping[str, Latest],
    status: Status | None,
    *,
    now: datetime,
    experiment: CellExperiment | None = None,
    alarms: list[Alarm] | None = None,
) -> CellView:
    """Say everything about a cell, also of parameters that never sent anything."""
    unit, limit = unit_state(status), stale_after(site, cell)
    newest = max(latest.values(), key=lambda value: value.observed_at, default=None)
    state = value_state(newest, unit, limit, now)
    return CellView(
        cell=cell,
        unit=site.unit_of_cell[cell].code,
        # A door that is silent does not make the cell so: no_value is said of values alone.
        state="ok" if state == "no_value" else state,
        observed_at=None if newest is None else newest.observed_at,
        age_seconds=_age(newest, now),
        period_seconds=site.period_of(cell),
        stale_after_seconds=limit,
        experiment=experiment,
        alarms=[alarm for alarm in alarms or [] if cell in (alarm.cell, alarm.place)],
        values=[value_view(site, p, latest, unit, limit=limit, now=now) for p in site.parameters_of(cell)],
    )


def value_view(
    site: Site, parameter: Parameter, latest: Mapping[str, Latest], unit: UnitState, *, limit: float, now: datetime
) -> ValueView:
    """Say everything about one parameter of a cell."""
    own = latest.get(parameter.code)
    pair = site.setpoint_by_measured.get(parameter.code)
    aim = None if pair is None else latest.get(pair.code)
    deviation = None
    if own is not None and aim is not None and own.value is not None and aim.value is not None:
        # Values of different times say nothing about each other.
        together = abs((own.observed_at - aim.observed_at).total_seconds()) <= limit
        # 18.02 - 18 is 0.02, not 0.019999999999999574.
        deviation = round(own.value - aim.value, parameter.decimals + 2) if together else None
    return ValueView(
        parameter=parameter.code,
        label=parameter.label,
        unit=parameter.unit,
        kind=parameter.kind,
        state=value_state(own, unit, limit, now),
        value=None if own is None else own.value,
        observed_at=None if own is None else own.observed_at,
        age_seconds=_age(own, now),
        quality=0 if own is None else own.quality,
        setpoint_parameter=None if pair is None else pair.code,
        setpoint=None if aim is None else aim.value,
        deviation=deviation,
    )


def unit_summary(unit: Unit, status: Status | None) -> UnitSummary:
    return UnitSummary(
        unit=unit.code,
        label=unit.label,
        kind=unit.kind,
        state=unit_state(status),
        status=status,
        cells=list(unit.cells),
    )


def _age(latest: Latest | None, now: datetime) -> float | None:
    return None if latest is None else round((now - latest.observed_at).total_seconds(), 3)
