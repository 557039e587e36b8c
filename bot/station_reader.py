"""Reads of the station's tables for the bot."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas import times
from schemas.messages import ParameterLimits
from schemas.picture import Latest
from schemas.tables import (
    Assignment,
    Cell,
    Experiment,
    ExperimentParameter,
    LatestReading,
    Parameter,
    Reading,
    Reading1h,
    Reading5min,
)
from storage.database import Reads
from telemetry.judging import STALE_PERIODS
from telemetry.queries import series_of_cell


@dataclass(frozen=True, slots=True)
class ChartPoint:
    """An interval of a chart from `at`; none of the numbers where nothing was stored."""

    at: datetime
    low: float
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class ChartData:
    """A series over a time, with the width beyond which two points have a gap between them."""

    since: datetime
    until: datetime
    step: timedelta
    points: tuple[ChartPoint, ...]


@dataclass(frozen=True, slots=True)
class ExperimentRow:
    code: str
    title: str
    state: str
    planned_start: date | None
    planned_end: date | None
    cells: tuple[str, ...]
    id: int


class StationReader:
    """Each method is one short read transaction; call it in a thread."""

    def __init__(self, sessions: Reads, period: float) -> None:
        self._sessions, self._period = sessions, period

    def latest(self, cell: str, parameter: str) -> Latest | None:
        """Return the newest stored value of a series."""
        with self._sessions.reading() as session:
            series = _series(session, cell, parameter)
            row = None if series is None else session.get(LatestReading, series)
            return None if row is None else Latest(row.observed_at, row.value, row.quality)

    def history(self, cell: str, parameter: str, span: timedelta) -> ChartData:
        """Return raw readings of a few hours, 5-minute means of days, hourly ones of weeks."""
        until = times.now()
        since = until - span
        with self._sessions.reading() as session:
            series = _series(session, cell, parameter)
            if span <= timedelta(hours=4):
                step = timedelta(seconds=max(90, STALE_PERIODS * self._period))
                raw = select(Reading.observed_at, Reading.value).where(
                    Reading.series_id == series, Reading.observed_at.between(since, until), Reading.value.is_not(None)
                )
                rows = session.execute(raw.order_by(Reading.observed_at)).all()
                points = [ChartPoint(_aware(at), value, value, value) for at, value in rows if value is not None]
            else:
                table = Reading5min if span <= timedelta(days=8) else Reading1h
                width = timedelta(minutes=5) if table is Reading5min else timedelta(hours=1)
                step = max(width * 1.5, timedelta(seconds=STALE_PERIODS * self._period))
                chosen = select(table.started_at, table.min, table.mean, table.max).where(
                    table.series_id == series, table.started_at.between(since, until)
                )
                means = session.execute(chosen.order_by(table.started_at)).all()
                points = [ChartPoint(_aware(at) + width / 2, low, mean, high) for at, low, mean, high in means]
        return ChartData(since, until, step, tuple(points))

    def experiments(self) -> list[ExperimentRow]:
        """Return all that are not archived, newest first."""
        with self._sessions.reading() as session:
            rows = session.scalars(
                select(Experiment).where(Experiment.state != "archived").order_by(Experiment.updated_at.desc())
            ).all()
            cells = session.execute(
                select(Assignment.experiment_id, Cell.code)
                .join(Cell, Cell.id == Assignment.cell_id)
                .where(Assignment.ended_at.is_(None))
                .order_by(Cell.position)
            ).all()
        cells_by_experiment: dict[int, list[str]] = {}
        for experiment_id, code in cells:
            cells_by_experiment.setdefault(experiment_id, []).append(code)
        return [
            ExperimentRow(
                row.code,
                row.title,
                row.state,
                row.planned_start,
                row.planned_end,
                tuple(cells_by_experiment.get(row.id, ())),
                row.id,
            )
            for row in rows
        ]

    def limits(self, cell: str, parameter: str) -> tuple[str, ParameterLimits] | None:
        """Return the code of the experiment in the cell and what it asks of a parameter, where it names that."""
        with self._sessions.reading() as session:
            found = session.execute(
                select(ExperimentParameter, Experiment.code)
                .join(Experiment, Experiment.id == ExperimentParameter.experiment_id)
                .join(Assignment, Assignment.experiment_id == ExperimentParameter.experiment_id)
                .join(Cell, Cell.id == Assignment.cell_id)
                .join(Parameter, Parameter.id == ExperimentParameter.parameter_id)
                .where(Assignment.ended_at.is_(None), Cell.code == cell, Parameter.code == parameter)
            ).first()
            if found is None:
                return None
            row, code = found
            return code, ParameterLimits.model_validate(row, from_attributes=True)


def _series(session: Session, cell: str, parameter: str) -> int | None:
    return dict(session.execute(series_of_cell(cell)).tuples().all()).get(parameter)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
