"""Read models of the API, the pages and the bot for a cell's values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.messages import Alarm, CellExperiment, Instant, Status
from schemas.picture import Latest
from schemas.site import Label, Parameter, Site, Unit
from telemetry.judging import CellState, PresenceState, ValueState, ValueVerdict, judge_cell, stale_after
from telemetry.limits import Limits, Severity

_VALUE_STATES = (
    "the first that holds of no_data (never received), offline (its publisher is), stale, no_value (the sensor gave"
    " none), suspect, high, low, ok"
)
_CELL_STATES = (
    "the first that holds of alarm, offline, no_data, stale, warning (an alarm of that severity), deviation (a main"
    " value or one that the experiment names is high, low or suspect), incomplete (one of them is missing), ok"
)


class FrozenView(BaseModel):
    """Base of the views: immutable."""

    model_config = ConfigDict(frozen=True)


class LimitsView(FrozenView):
    """Within which a value is normal, in the parameter's unit: the narrowest deviation from the setpoint, low…high.

    `own`: the experiment in the cell sets them, not the station.
    """

    deviation: float | None
    low: float | None
    high: float | None
    own: bool


class ValueView(FrozenView):
    """A parameter's newest value and its verdict.

    `deviation` is from the setpoint, for pairs of the same unit alone, and null where the two are not of the same
    time. Where `state` is high or low, `exceeded` says which kind of limit was passed, `limit` the widest one passed.
    """

    parameter: str
    label: Label
    unit: str
    kind: str
    state: ValueState = Field(description=_VALUE_STATES)
    value: float | None
    observed_at: Instant | None
    age_seconds: float | None
    quality: int
    setpoint_parameter: str | None
    setpoint: float | None
    setpoint_observed_at: Instant | None
    deviation: float | None
    limits: LimitsView
    exceeded: Literal["deviation", "low", "high"] | None
    limit: float | None
    severity: Severity | None


class CellView(FrozenView):
    """A cell with every value that it has. Its time and age are those of its newest value; each has its own."""

    cell: str
    unit: str
    state: CellState = Field(description=_CELL_STATES)
    observed_at: Instant | None
    age_seconds: float | None
    period_seconds: float
    stale_after_seconds: float
    experiment: CellExperiment | None
    alarms: list[Alarm]
    values: list[ValueView]


class UnitSummary(FrozenView):
    """A unit and its publisher's presence; `silent`: the state is `online`, but is no longer repeated."""

    unit: str
    label: Label
    kind: str
    state: PresenceState
    status: Status | None
    cells: list[str]


class UnitView(UnitSummary):
    """A unit with the newest values of its cells."""

    values: list[CellView]


class SeriesHistory(FrozenView):
    """Columns of one parameter: `t` in milliseconds since 1970, null where there is a gap."""

    t: list[int]
    min: list[float | None]
    mean: list[float | None]
    max: list[float | None]


class CellHistory(FrozenView):
    """A cell's history within [from, to).

    `width` is the seconds of a bucket, which starts at `t` (the first may start before `from`; what it says is
    of the range alone); 0 means raw readings. `rejected` tells by parameter from when to when a person has rejected the
    values, which stay in the columns as they were stored.
    """

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    cell: str
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    source: Literal["raw", "5min", "1h"]
    width: int
    series: dict[str, SeriesHistory]
    rejected: dict[str, list[tuple[Instant, Instant]]] = Field(default_factory=dict)


def cell_view(
    site: Site,
    cell: str,
    latest: Mapping[str, Latest],
    presence: PresenceState,
    *,
    now: datetime,
    experiment: CellExperiment | None = None,
    alarms: list[Alarm] | None = None,
) -> CellView:
    """Return everything about a cell, also of parameters that never sent anything."""
    limits = {} if experiment is None else experiment.limits
    verdict = judge_cell(site, cell, latest, presence=presence, limits=limits, alarms=alarms or [], now=now)
    return CellView(
        cell=cell,
        unit=site.unit_of_cell[cell].code,
        state=verdict.state,
        observed_at=verdict.observed_at,
        age_seconds=_rounded(verdict.age),
        period_seconds=site.period_of(cell),
        stale_after_seconds=stale_after(site, cell),
        experiment=experiment,
        alarms=[alarm for alarm in alarms or [] if cell in (alarm.cell, alarm.place)],
        values=[_value_view(site, p, verdict.values[p.code]) for p in site.parameters_of(cell)],
    )


def unit_summary(unit: Unit, status: Status | None, presence: PresenceState) -> UnitSummary:
    """Return a unit with its publisher's status and presence."""
    return UnitSummary(
        unit=unit.code, label=unit.label, kind=unit.kind, state=presence, status=status, cells=list(unit.cells)
    )


def limits_view(limits: Limits) -> LimitsView:
    """Return limits as they are shown."""
    return LimitsView(deviation=limits.deviation, low=limits.low, high=limits.high, own=limits.own)


def _value_view(site: Site, parameter: Parameter, verdict: ValueVerdict) -> ValueView:
    setpoint = site.setpoint_by_measured.get(parameter.code)
    return ValueView(
        parameter=parameter.code,
        label=parameter.label,
        unit=parameter.unit,
        kind=parameter.kind,
        state=verdict.state,
        value=verdict.value,
        observed_at=verdict.observed_at,
        age_seconds=_rounded(verdict.age),
        quality=verdict.quality,
        setpoint_parameter=None if setpoint is None else setpoint.code,
        setpoint=verdict.target,
        setpoint_observed_at=verdict.target_at,
        deviation=verdict.deviation,
        limits=limits_view(verdict.limits),
        exceeded=verdict.exceeded,
        limit=verdict.limit,
        severity=verdict.severity,
    )


def _rounded(age: float | None) -> float | None:
    return None if age is None else round(age, 3)
