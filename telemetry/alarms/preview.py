"""How often a rule would have fired: the watchdog's own function, run over what is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.site import Parameter, Site
from schemas.tables import Cell, Reading, Reading5min, Series
from schemas.tables import Parameter as ParameterRow
from telemetry.alarms.definitions import Definition, rule_of
from telemetry.alarms.engine import AlarmState, Observation, acknowledge, step
from telemetry.alarms.observing import NOTHING, measure_of, remember
from telemetry.alarms.rules import Kind, Rule, Severity
from telemetry.judging import ValueState, ValueVerdict

LONGEST = timedelta(days=30)
FIVE_MINUTES = timedelta(minutes=5)
# A delay of at least so long is seen well enough in means of five minutes, which are thirty times fewer rows.
COARSE = timedelta(minutes=10)
# A month at a reading a minute; a raw history of more values would make somebody wait at a page.
MOST_RAW = 45_000

MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Firing:
    """An alarm that would have been: from its raising to its return; `ended_at` is None where it still stood."""

    started_at: datetime
    ended_at: datetime | None
    severity: Severity


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would have done between two instants.

    `source` says from what it was found: raw values or means of five minutes. `values` counts them: none means that
    nothing was stored, not that nothing was wrong.
    """

    start: datetime
    end: datetime
    source: str
    values: int
    firings: tuple[Firing, ...]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Which part of a cell's history is read, and from which table."""

    session: Session
    cell: str
    start: datetime
    end: datetime
    raw: bool

    def values(self, code: str) -> dict[datetime, float | None]:
        series = self.session.scalar(
            select(Series.id)
            .join(Cell, Cell.id == Series.cell_id)
            .join(ParameterRow, ParameterRow.id == Series.parameter_id)
            .where(Cell.code == self.cell, ParameterRow.code == code)
        )
        at, value = (Reading.observed_at, Reading.value) if self.raw else (Reading5min.started_at, Reading5min.mean)
        table = Reading if self.raw else Reading5min
        rows = self.session.execute(
            select(at, value).where(table.series_id == series, at >= self.start, at < self.end).order_by(at)
        ).all()
        # The mean of an interval is known when it is over.
        shift = timedelta(0) if self.raw else FIVE_MINUTES
        return {instant + shift: found for instant, found in rows}


def preview(
    session: Session, site: Site, cell: str, levels: Sequence[Definition], *, end: datetime, span: timedelta = LONGEST
) -> Preview:
    """Run the levels of one kind and parameter over a cell's history up to `end`; raise RuleError for a bad rule.

    As if somebody acknowledged each alarm at once: how often people would be called, not how long they would let it
    stand. Doors and announced work are not looked at, so it is the most that could be.
    """
    start = end - min(span, LONGEST)
    rule, one = rule_of(list(levels)), levels[0]
    if rule is None:
        return Preview(start, end, "5min", 0, ())
    if one.parameter is None:
        return _silences(_Stretch(session, cell, start, end, raw=False), rule)
    parameter = site.parameter_by_code[one.parameter]
    pair = site.setpoint_by_measured.get(one.parameter)
    shortest = min(level.delay for level in rule.levels)
    raw = shortest < COARSE and (end - start).total_seconds() / site.period_of(cell) <= MOST_RAW
    stretch = _Stretch(session, cell, start, end, raw)
    values, aims = stretch.values(parameter.code), {} if pair is None else stretch.values(pair.code)
    seen = _observations(one.kind, parameter, values, aims)
    return Preview(start, end, "raw" if raw else "5min", len(values), tuple(_firings(rule, seen)))


def _silences(stretch: _Stretch, rule: Rule) -> Preview:
    """Preview a rule about silence: by the intervals of five minutes for which nothing at all was stored."""
    series = select(Series.id).join(Cell, Cell.id == Series.cell_id).where(Cell.code == stretch.cell)
    instants = stretch.session.scalars(
        select(Reading5min.started_at)
        .where(
            Reading5min.series_id.in_(series),
            Reading5min.started_at >= stretch.start,
            Reading5min.started_at < stretch.end,
        )
        .distinct()
        .order_by(Reading5min.started_at)
    ).all()
    seen = []
    for before, after in pairwise([*instants, stretch.end]):
        silence = after - before - FIVE_MINUTES
        if silence > timedelta(0):
            seen += [Observation(before + FIVE_MINUTES, 0.0), Observation(after - MOMENT, silence.total_seconds())]
        seen.append(Observation(after, 0.0))
    return Preview(stretch.start, stretch.end, "5min", len(instants), tuple(_firings(rule, seen)))


def _observations(
    kind: Kind, parameter: Parameter, values: Mapping[datetime, float | None], aims: Mapping[datetime, float | None]
) -> Iterator[Observation]:
    """Yield how bad the condition was at each value, as the watchdog would have seen it."""
    memory = NOTHING
    for at, value in values.items():
        aim = aims.get(at)
        state: ValueState = "ok" if value is None or parameter.plausible(value) else "suspect"
        deviation = None if value is None or aim is None else value - aim
        one = ValueVerdict(state, value, at, target=aim, deviation=deviation)
        memory = remember(memory, one)
        yield Observation(at, measure_of(kind, one, memory), value)


def _firings(rule: Rule, seen: Iterable[Observation]) -> Iterator[Firing]:
    state, started, severity = AlarmState(), None, rule.levels[0].severity
    for one in seen:
        state, changes = step(state, rule, one)
        for change in changes:
            severity = change.severity or severity
            if change.change in {"raised", "again"}:
                started, severity = one.at, change.severity or severity
            elif change.change == "returned" and started is not None:
                yield Firing(started, one.at, severity)
                started = None
        if state.open and not state.acknowledged:
            state = acknowledge(state)
    if started is not None:
        yield Firing(started, None, severity)
