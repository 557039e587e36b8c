"""The one judge of values: how a value, a cell, a sender and an experiment stand. Pure; all others show its verdicts.

Ages and periods are in seconds, values and limits in the parameter's own unit, times are aware UTC.
web/rendering/states.js applies the same rules in the browser; tests/telemetry runs both, and the bot, over one table.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from schemas.messages import PRESENCE_SECONDS, Alarm, ParameterLimits, Status
from schemas.picture import Latest
from schemas.site import Parameter, Site
from schemas.tables import Quality
from schemas.times import CLOCK_SKEW
from telemetry.limits import Limits, Severity, limits_for

ValueState = Literal["no_data", "offline", "stale", "no_value", "suspect", "high", "low", "ok"]
CellState = Literal["alarm", "offline", "no_data", "stale", "warning", "deviation", "incomplete", "ok"]
PresenceState = Literal["online", "offline", "silent", "unknown"]

# Readings that fail to come this many times in a row make a value stale.
STALE_PERIODS = 3

# What is shown is the past, or nothing: it can be neither within limits nor out of them.
SILENT_STATES: frozenset[str] = frozenset({"no_data", "offline", "stale"})
MISSING_STATES: frozenset[str] = SILENT_STATES | {"no_value"}
ABNORMAL_STATES: frozenset[str] = frozenset({"suspect", "high", "low"})


@dataclass(frozen=True, slots=True)
class ValueVerdict:
    """The verdict on a value: its state, and what it was judged by.

    `deviation` is from the setpoint, None where that is stale or of another time. Where `state` is high or low,
    `exceeded` names which kind of limit was passed, `limit` the widest one passed and `severity` what that means.
    """

    state: ValueState
    value: float | None = None
    observed_at: datetime | None = None
    age: float | None = None
    quality: int = Quality.RAW
    target: float | None = None
    target_at: datetime | None = None
    deviation: float | None = None
    limits: Limits = field(default_factory=Limits)
    exceeded: Literal["deviation", "low", "high"] | None = None
    limit: float | None = None
    severity: Severity | None = None

    @property
    def abnormal(self) -> bool:
        """Whether the state needs attention: one of ABNORMAL_STATES."""
        return self.state in ABNORMAL_STATES

    @property
    def missing(self) -> bool:
        """Whether there is no value to show: the state is one of MISSING_STATES."""
        return self.state in MISSING_STATES


@dataclass(frozen=True, slots=True)
class CellVerdict:
    """The verdict on a cell; `observed_at` and `age` (seconds) are those of its newest value."""

    cell: str
    state: CellState
    observed_at: datetime | None
    age: float | None
    values: Mapping[str, ValueVerdict]


@dataclass(frozen=True, slots=True)
class ExperimentVerdict:
    """How many values are out of limits, missing and within, and how many cells send nothing that can be judged."""

    outside: int
    missing: int
    silent: int
    within: int


def stale_after(site: Site, cell: str) -> float:
    """Return the age in seconds from which a cell's values are stale."""
    return STALE_PERIODS * site.period_of(cell)


def age_of(observed_at: datetime, now: datetime) -> float:
    """Return the seconds since then; negative where it lies ahead of our clock."""
    return (now - observed_at).total_seconds()


def is_ahead(age: float) -> bool:
    """Return whether a time lies further ahead of our clock than clocks may differ."""
    return age < -CLOCK_SKEW.total_seconds()


def is_fresh(age: float, limit: float) -> bool:
    """Return whether something is recent: neither older than `limit` seconds nor ahead of our clock."""
    return age <= limit and not is_ahead(age)


def judge_presence(status: Status | None, heard_at: datetime | None, now: datetime) -> PresenceState:
    """Return a sender's presence by the time of its last message; without one, by the state it published.

    An `online` that is no longer repeated is `silent`; senders that never repeat themselves are taken at their word.
    """
    if status is None:
        return "unknown"
    at = heard_at or status.at
    if status.state == "offline" or status.at is None or at is None:
        return status.state
    return "online" if is_fresh(age_of(at, now), STALE_PERIODS * PRESENCE_SECONDS) else "silent"


def judge_value(
    parameter: Parameter,
    latest: Latest | None,
    target: Latest | None,
    *,
    presence: PresenceState,
    period: float,
    limits: Limits,
    now: datetime,
) -> ValueVerdict:
    """Judge a value beside its setpoint, where it has one; `period` is the seconds between two readings of the cell.

    What makes a value useless comes first. A stale setpoint, or one of another time than the value, is not compared.
    """
    aim, aim_at = (None, None) if target is None else (target.value, target.observed_at)
    if latest is None:
        return ValueVerdict("no_data", target=aim, target_at=aim_at, limits=limits)
    observed_at, value, quality = latest
    age, stale = age_of(observed_at, now), STALE_PERIODS * period
    deviation = None
    if value is not None and aim is not None and aim_at is not None:
        together = abs((observed_at - aim_at).total_seconds()) <= stale
        # A stale pair still tells how things stood then.
        comparable = together and (age > stale or age_of(aim_at, now) <= stale)
        deviation = _difference(value, aim, parameter) if comparable else None
    exceeded, limit, severity = None, None, None
    state: ValueState = "ok"
    if presence == "offline":
        state = "offline"
    elif age > stale:
        state = "stale"
    elif value is None:
        state = "no_value"
    elif quality in {Quality.SUSPECT, Quality.REJECTED} or is_ahead(age) or not parameter.plausible(value):
        state = "suspect"
    else:
        state, exceeded, limit, severity = _against(limits, value, deviation)
    return ValueVerdict(
        state, value, observed_at, age, quality, aim, aim_at, deviation, limits, exceeded, limit, severity
    )


def judge_cell(
    site: Site,
    cell: str,
    latest: Mapping[str, Latest],
    *,
    presence: PresenceState,
    limits: Mapping[str, ParameterLimits],
    alarms: Iterable[Alarm],
    now: datetime,
) -> CellVerdict:
    """Judge a cell and each value that it can have.

    `limits` are the parameters that the experiment in the cell names, with its limits. Its state follows the main
    parameters and those; the most pressing comes first.
    """
    period = site.period_of(cell)
    values: dict[str, ValueVerdict] = {}
    states: list[ValueState] = []
    for parameter in site.parameters_of(cell):
        pair = site.setpoint_by_measured.get(parameter.code)
        values[parameter.code] = verdict = judge_value(
            parameter,
            latest.get(parameter.code),
            None if pair is None else latest.get(pair.code),
            presence=presence,
            period=period,
            limits=limits_for(parameter, limits.get(parameter.code)),
            now=now,
        )
        if parameter.main or parameter.code in limits:
            states.append(verdict.state)
    known = [item.observed_at for item in latest.values()]
    # One value ahead of our clock must not make a silent cell look fresh.
    newest = max((at for at in known if not is_ahead(age_of(at, now))), default=max(known, default=None))
    age = None if newest is None else age_of(newest, now)
    severities = [alarm.severity for alarm in alarms if concerns(alarm, cell)]
    state = _cell_state(presence, age, STALE_PERIODS * period, severities, states)
    return CellVerdict(cell, state, newest, age, values)


def judge_experiment(cells: Iterable[Iterable[ValueState]]) -> ExperimentVerdict:
    """Count the states of an experiment's values, given by cell."""
    outside = missing = silent = within = 0
    for cell in cells:
        states = list(cell)
        if all(state in SILENT_STATES for state in states):
            silent += 1
            continue
        outside += sum(state in ABNORMAL_STATES for state in states)
        missing += sum(state in MISSING_STATES for state in states)
        within += states.count("ok")
    return ExperimentVerdict(outside, missing, silent, within)


def concerns(alarm: Alarm, cell: str) -> bool:
    """Return whether an alarm is a cell's own and not yet over."""
    return (alarm.cell or alarm.place) == cell and alarm.state in {"active", "acknowledged"}


def _against(
    limits: Limits, value: float, deviation: float | None
) -> tuple[ValueState, Literal["deviation", "low", "high"] | None, float | None, Severity | None]:
    if deviation is not None:
        passed = [tolerance for tolerance in limits.tolerances if abs(deviation) > tolerance[0]]
        if passed:
            limit, severity = passed[-1]
            return ("high" if deviation > 0 else "low"), "deviation", limit, severity
    if limits.low is not None and value < limits.low:
        return "low", "low", limits.low, limits.severity
    if limits.high is not None and value > limits.high:
        return "high", "high", limits.high, limits.severity
    return "ok", None, None, None


def _cell_state(
    presence: PresenceState, age: float | None, stale: float, severities: list[Severity], states: list[ValueState]
) -> CellState:
    rules: tuple[tuple[CellState, bool], ...] = (
        ("alarm", any(severity != "warning" for severity in severities)),
        ("offline", presence == "offline"),
        ("no_data", age is None),
        ("stale", age is not None and age > stale),
        ("warning", bool(severities)),
        ("deviation", not ABNORMAL_STATES.isdisjoint(states)),
        ("incomplete", not MISSING_STATES.isdisjoint(states)),
    )
    return next((state for state, holds in rules if holds), "ok")


def _difference(value: float, aim: float, parameter: Parameter) -> float:
    """Return value - aim without the noise of binary fractions: 18.3 - 18 is 0.3, not 0.3000000000000007."""
    scale = 10.0 ** (parameter.decimals + 4)
    difference = value - aim
    scaled = difference * scale
    return math.floor(scaled + 0.5) / scale if abs(scaled) < 2**52 else difference
