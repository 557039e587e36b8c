"""All that happened in a cell within a span: what charts draw beside its values, and what is exported with them."""

import csv
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.alarms import views as alarms
from facility.alarms.views import AlarmView
from facility.notes import annotations, interventions, rejecting
from facility.notes.annotations import AnnotationView
from facility.notes.interventions import InterventionView
from facility.notes.places import cell_number
from facility.notes.rejecting import RejectionView
from schemas import times
from schemas.tables import Assignment, Cell, Experiment, ExperimentParameter, Parameter
from storage.database import Reads

COLUMNS = ("kind", "cell", "parameter", "from (UTC)", "to (UTC)", "experiment", "person", "tags", "text")


class LimitsInForce(BaseModel):
    """What an experiment asks of a parameter, for the time that it held the cell; in the parameter's unit."""

    parameter: str
    experiment: str
    started_at: datetime
    ended_at: datetime | None
    deviation: float | None
    low: float | None
    high: float | None


class CellEvents(BaseModel):
    """The alarms, work, annotations, rejections and limits of a cell that touch [start, end), the newest first."""

    cell: str
    start: datetime
    end: datetime
    alarms: list[AlarmView]
    interventions: list[InterventionView]
    annotations: list[AnnotationView]
    rejections: list[RejectionView]
    limits: list[LimitsInForce]


def events_of_cell(sessions: Reads, actor: Actor, cell: str, start: datetime, end: datetime) -> CellEvents:
    """Return them; raise NotFound for a cell that never was."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        cell_number(session, cell)
        return CellEvents(
            cell=cell,
            start=start,
            end=end,
            alarms=alarms.of_cell(session, cell, start, end),
            interventions=interventions.of_cell(session, cell, start, end),
            annotations=annotations.of_cell(session, cell, start, end),
            rejections=rejecting.of_cell(session, cell, start, end),
            limits=_limits(session, cell, start, end),
        )


def events_csv(events: CellEvents) -> str:
    """Return the events as a file, the oldest first, that a spreadsheet opens without running anything."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    lines: list[list[str]] = sorted(_lines(events), key=_begin)
    writer.writerows(lines)
    return text.getvalue()


def _lines(events: CellEvents) -> Iterator[list[str]]:
    for one in events.annotations:
        told = (one.experiment, one.person, " ".join(one.tags), one.text)
        yield _line("annotation", one.cell, one.parameter, one.started_at, one.ended_at, *told)
    for work in events.interventions:
        told = (None, work.person, work.work, work.text)
        yield _line("intervention", work.cell, None, work.started_at, work.ended_at, *told)
    for bad in events.rejections:
        yield _line(
            "rejection", bad.cell, bad.parameter, bad.started_at, bad.ended_at, None, bad.person, "", bad.reason
        )
    for alarm in events.alarms:
        told = (None, alarm.acknowledged_by, alarm.severity, alarm.text["en"])
        over = alarm.returned_at or alarm.ended_at
        yield _line("alarm", events.cell, alarm.parameter, alarm.since, over, *told)


def _line(
    kind: str,
    cell: str,
    parameter: str | None,
    start: datetime,
    end: datetime | None,
    *told: str | None,
) -> list[str]:
    begin, until = times.to_text(start), "" if end is None else times.to_text(end)
    return [kind, cell, parameter or "", begin, until, *(_plain(text) for text in told)]


def _begin(line: list[str]) -> str:
    return line[3]


def _plain(text: str | None) -> str:
    # A spreadsheet takes these for the beginning of a formula.
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text or ""


def _limits(session: Session, cell: str, start: datetime, end: datetime) -> list[LimitsInForce]:
    later = or_(Assignment.ended_at.is_(None), Assignment.ended_at > start)
    rows = session.execute(
        select(Assignment, Experiment.code, ExperimentParameter, Parameter.code)
        .join(Cell, Cell.id == Assignment.cell_id)
        .join(Experiment, Experiment.id == Assignment.experiment_id)
        .join(ExperimentParameter, ExperimentParameter.experiment_id == Experiment.id)
        .join(Parameter, Parameter.id == ExperimentParameter.parameter_id)
        .where(Cell.code == cell, Assignment.started_at < end, later)
        .order_by(Assignment.started_at.desc(), Parameter.position)
        .limit(rejecting.MOST_LISTED)
    )
    return [
        LimitsInForce(
            parameter=parameter,
            experiment=experiment,
            started_at=assignment.started_at,
            ended_at=assignment.ended_at,
            deviation=own.deviation,
            low=own.low,
            high=own.high,
        )
        for assignment, experiment, own, parameter in rows
    ]
