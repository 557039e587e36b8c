"""Who is, was and will be in which cell: the rows of the occupancy page, with conflicts and gaps."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid
from facility.acting.user_messages import message
from facility.assignments.intervals import Span, merged, without
from facility.assignments.views import AssignmentView, Occupant, between
from facility.experiments.drafts import ExperimentState
from schemas import times
from schemas.tables import Cell, Experiment, ExperimentCell, Unit
from storage.database import Reads

LONGEST = timedelta(days=5 * 366)
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
# States whose planned days stand on the plan; a draft is nobody's promise.
_PLANNED: tuple[ExperimentState, ...] = ("planned", "running")


class Bar(BaseModel):
    """An experiment in a cell. `open` lasts still: `ended_at` is then the present."""

    kind: Literal["held", "planned"]
    experiment: Occupant
    assignment: int | None
    started_at: datetime
    ended_at: datetime
    open: bool


class Stretch(BaseModel):
    """A span of time in which something is the matter: nothing in the cell, or two experiments."""

    started_at: datetime
    ended_at: datetime
    experiments: tuple[str, ...] = ()


class OccupancyRow(BaseModel):
    """A cell's line, in the order of time."""

    unit: str
    cell: str
    bars: list[Bar]
    gaps: list[Stretch]
    conflicts: list[Stretch]
    retired: bool = False


class Occupancy(BaseModel):
    """All cells in the order of the site, from the first day's beginning to the last day's end.

    Retired cells come last, those alone that held something in that time.
    """

    started_at: datetime
    ended_at: datetime
    now: datetime
    rows: list[OccupancyRow]


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins at the site: 23 or 25 hours after the last one, twice a year."""
    return times.to_milliseconds(datetime.combine(day, time.min, zone))


def occupancy(
    sessions: Reads, actor: Actor, first: date, last: date, zone: ZoneInfo, *, past_plans: bool = True
) -> Occupancy:
    """Return who holds which cell from one day to another, both included, and what is planned.

    Without `past_plans` the past is what was, whatever had been planned, and plans begin now at the earliest.
    """
    if last < first:
        raise Invalid({"to": message("The end is before the start.")})
    if last - first > LONGEST:
        raise Invalid({"to": message("At most five years are shown at once.")})
    window = Span(day_start(first, zone), day_start(last + timedelta(days=1), zone))
    now = times.now()
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        occupied: dict[str, list[Bar]] = {}
        for view in between(session, window.start, max(window.end, now)):
            occupied.setdefault(view.cell, []).append(_assignment_bar(view, now))
        planned = _planned(session, zone)
        _add_rest(session, zone, occupied, planned, now)
        cells = session.execute(
            select(Unit.code, Cell.code, Cell.retired_at)
            .join(Cell, Cell.unit_id == Unit.id)
            .order_by(Cell.retired_at.is_not(None), Cell.position, Cell.code)
        ).all()
        past = [] if past_plans else [Span(EARLIEST, now)]
        rows = [
            _row(unit, cell, occupied.get(cell, []), planned.get(cell, []), window, past=past)
            if retired_at is None
            else _retired_row(unit, cell, occupied.get(cell, []), window, retired_at)
            for unit, cell, retired_at in cells
        ]
    rows = [row for row in rows if row.bars or not row.retired]
    return Occupancy(started_at=window.start, ended_at=window.end, now=now, rows=rows)


def _retired_row(unit: str, cell: str, occupied: list[Bar], window: Span, retired_at: datetime) -> OccupancyRow:
    """Return the bars of a retired cell; from its retirement on it is neither free nor planned."""
    row = _row(unit, cell, occupied, [], window, past=[])
    in_use = [
        part for gap in row.gaps if (part := Span(EARLIEST, retired_at).overlap(Span(gap.started_at, gap.ended_at)))
    ]
    gaps = [Stretch(started_at=part.start, ended_at=part.end) for part in in_use]
    return row.model_copy(update={"gaps": gaps, "retired": True})


def _row(
    unit: str, cell: str, occupied: list[Bar], planned: list[Bar], window: Span, *, past: list[Span]
) -> OccupancyRow:
    """Return the bars of one cell; a plan is drawn only where its experiment was not assigned anyway."""
    bars = [bar for bar in occupied if _span(bar).overlap(window)]
    for plan in planned:
        own = [_span(bar) for bar in occupied if bar.experiment.id == plan.experiment.id]
        # An hour that an assignment left over at either end of the plan is no plan.
        parts = [part for part in without([_span(plan)], own + past) if part.end - part.start >= timedelta(hours=1)]
        bars += [
            plan.model_copy(update={"started_at": part.start, "ended_at": part.end})
            for part in parts
            if part.overlap(window)
        ]
    bars.sort(key=lambda bar: (bar.started_at, bar.kind, bar.experiment.id))
    gaps = without([window], [_span(bar) for bar in bars])
    return OccupancyRow(
        unit=unit,
        cell=cell,
        bars=bars,
        gaps=[Stretch(started_at=gap.start, ended_at=gap.end) for gap in gaps],
        conflicts=_conflicts(bars, window),
    )


def _conflicts(bars: list[Bar], window: Span) -> list[Stretch]:
    """Return when two experiments claim the cell: two plans, or a plan over what the cell holds."""
    found: dict[tuple[str, ...], list[Span]] = {}
    for position, item in enumerate(bars):
        for other in bars[position + 1 :]:
            shared = _span(item).overlap(_span(other))
            if shared is not None and item.experiment.id != other.experiment.id:
                pair = tuple(sorted((item.experiment.code, other.experiment.code)))
                found.setdefault(pair, []).append(shared)
    return [
        Stretch(started_at=part.start, ended_at=part.end, experiments=pair)
        for pair, spans in sorted(found.items())
        for span in merged(spans)
        if (part := span.overlap(window)) is not None
    ]


def _planned(session: Session, zone: ZoneInfo) -> dict[str, list[Bar]]:
    rows = session.execute(
        select(Experiment, Cell.code)
        .join(ExperimentCell, ExperimentCell.experiment_id == Experiment.id)
        .join(Cell, Cell.id == ExperimentCell.cell_id)
        .where(
            Experiment.state.in_(_PLANNED), Experiment.planned_start.is_not(None), Experiment.planned_end.is_not(None)
        )
    )
    bars: dict[str, list[Bar]] = {}
    for row, cell in rows:
        if row.planned_start is None or row.planned_end is None:
            continue
        bars.setdefault(cell, []).append(
            Bar(
                kind="planned",
                experiment=Occupant.model_validate(row, from_attributes=True),
                assignment=None,
                started_at=day_start(row.planned_start, zone),
                ended_at=day_start(row.planned_end + timedelta(days=1), zone),
                open=False,
            )
        )
    return bars


def _add_rest(
    session: Session, zone: ZoneInfo, occupied: dict[str, list[Bar]], planned: dict[str, list[Bar]], now: datetime
) -> None:
    """Add the planned days that are still to come of what a cell holds, though nobody had planned that cell."""
    occupied_now = {cell: bar for cell, bars in occupied.items() for bar in bars if bar.open}
    running = select(Experiment.id, Experiment.planned_end).where(
        Experiment.id.in_({bar.experiment.id for bar in occupied_now.values()}), Experiment.state.in_(_PLANNED)
    )
    ends: dict[int, date | None] = dict(list(session.execute(running)))
    for cell, bar in occupied_now.items():
        last = ends.get(bar.experiment.id)
        plans = planned.setdefault(cell, [])
        if last is None or any(plan.experiment.id == bar.experiment.id for plan in plans):
            continue
        end = day_start(last + timedelta(days=1), zone)
        if end > now:
            rest = {"kind": "planned", "assignment": None, "started_at": now, "ended_at": end, "open": False}
            plans.append(bar.model_copy(update=rest))


def _assignment_bar(view: AssignmentView, now: datetime) -> Bar:
    return Bar(
        kind="held",
        experiment=view.experiment,
        assignment=view.id,
        started_at=view.started_at,
        ended_at=view.ended_at or max(now, view.started_at),
        open=view.ended_at is None,
    )


def _span(bar: Bar) -> Span:
    return Span(bar.started_at, bar.ended_at)
