"""Experiments as they are shown: one with all about it, many in a list."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, read_transaction
from facility.acting.fields import FormModel, fold
from facility.acting.permissions import Act
from facility.acting.refusals import NotFound
from facility.acting.user_messages import message
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS, ExperimentState, Tolerance
from schemas.tables import Assignment, Cell, Experiment, ExperimentCell, ExperimentParameter, Parameter
from storage.database import Reads

Sort = Literal["code", "title", "team", "state", "planned_start", "planned_end", "updated_at"]
_COLUMNS: dict[str, Any] = {
    "code": Experiment.code,
    "title": Experiment.folded,
    "team": Experiment.team,
    # In the order in which an experiment goes through them.
    "state": case({state: place for place, state in enumerate(EXPERIMENT_STATE_LABELS)}, value=Experiment.state),
    "planned_start": Experiment.planned_start,
    "planned_end": Experiment.planned_end,
    "updated_at": Experiment.updated_at,
}


class ExperimentSummary(BaseModel):
    """A line of the list; `cells_now` hold it at this moment."""

    id: int
    code: str
    title: str
    team: str
    state: ExperimentState
    planned_start: date | None
    planned_end: date | None
    cells: tuple[str, ...]
    cells_now: tuple[str, ...]
    updated_at: datetime
    version: int


class ExperimentView(ExperimentSummary):
    """An experiment with all about it; `started_at` is the beginning of its first assignment: its day 0."""

    scientific_contact: str
    technical_contact: str
    description: str
    objective: str
    parameters: tuple[Tolerance, ...]
    started_at: datetime | None
    created_at: datetime


class ExperimentQuery(FormModel):
    """Which experiments and in which order; `-` before the sort turns it round."""

    search: Annotated[str, Field(max_length=200)] = ""
    state: tuple[ExperimentState, ...] = ()
    cell: Annotated[str, Field(max_length=64)] = ""
    sort: Sort = "updated_at"
    descending: bool = True
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class ExperimentPage(BaseModel):
    """A page of the list, and how many there are in all."""

    experiments: list[ExperimentSummary]
    total: int


def list_experiments(sessions: Reads, actor: Actor, query: ExperimentQuery) -> ExperimentPage:
    """Return the experiments whose texts contain every word of the search."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        conditions = _conditions(query)
        total = session.scalar(select(func.count()).select_from(Experiment).where(*conditions)) or 0
        column = _COLUMNS[query.sort]
        order = (column.desc(), Experiment.id.desc()) if query.descending else (column.asc(), Experiment.id.asc())
        rows = session.scalars(
            select(Experiment).where(*conditions).order_by(*order).offset(query.offset).limit(query.limit)
        ).all()
        planned, now = _cells(session, rows)
        return ExperimentPage(experiments=[_summary(row, planned, now) for row in rows], total=total)


def get_experiment(sessions: Reads, actor: Actor, number: int) -> ExperimentView:
    """Return one experiment; raise NotFound."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        row = session.get(Experiment, number)
        if row is None:
            raise NotFound(message("There is no such experiment."))
        return read_experiment(session, row)


def experiment_codes(sessions: Reads, actor: Actor, numbers: Iterable[int]) -> dict[int, str]:
    """Return the codes of these experiments, for lines that hold only numbers."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        rows = session.execute(select(Experiment.id, Experiment.code).where(Experiment.id.in_(set(numbers))))
        return {number: code for number, code in rows}  # noqa: C416 - rows are no pairs to dict()


def read_experiment(session: Session, row: Experiment) -> ExperimentView:
    planned, now = _cells(session, [row])
    started = session.scalar(select(func.min(Assignment.started_at)).where(Assignment.experiment_id == row.id))
    return ExperimentView(
        **_summary(row, planned, now).model_dump(),
        scientific_contact=row.scientific_contact,
        technical_contact=row.technical_contact,
        description=row.description,
        objective=row.objective,
        parameters=_tolerances(session, row.id),
        started_at=started,
        created_at=row.created_at,
    )


def snapshot(session: Session, row: Experiment) -> dict[str, Any]:
    """Return all that people typed, as JSON: what the audit keeps and a change is laid over."""
    view = read_experiment(session, row)
    return view.model_dump(
        mode="json", exclude={"id", "cells_now", "started_at", "created_at", "updated_at", "version"}
    )


def _conditions(query: ExperimentQuery) -> list[ColumnElement[bool]]:
    conditions = [Experiment.folded.contains(word, autoescape=True) for word in fold(query.search).split()]
    if query.state:
        conditions.append(Experiment.state.in_(query.state))
    if query.cell:
        cells_by_experiment = select(Assignment.experiment_id).join(Cell, Cell.id == Assignment.cell_id)
        planned = select(ExperimentCell.experiment_id).join(Cell, Cell.id == ExperimentCell.cell_id)
        conditions.append(
            Experiment.id.in_(
                cells_by_experiment.where(Cell.code == query.cell).union(planned.where(Cell.code == query.cell))
            )
        )
    return conditions


def _cells(session: Session, rows: Iterable[Experiment]) -> tuple[dict[int, list[str]], dict[int, list[str]]]:
    """Return the planned cells and the present ones of each experiment, in the site's order."""
    numbers = [row.id for row in rows]
    planned: dict[int, list[str]] = {number: [] for number in numbers}
    now: dict[int, list[str]] = {number: [] for number in numbers}
    for number, code in session.execute(
        select(ExperimentCell.experiment_id, Cell.code)
        .join(Cell, Cell.id == ExperimentCell.cell_id)
        .where(ExperimentCell.experiment_id.in_(numbers))
        .order_by(Cell.position)
    ):
        planned[number].append(code)
    for number, code in session.execute(
        select(Assignment.experiment_id, Cell.code)
        .join(Cell, Cell.id == Assignment.cell_id)
        .where(Assignment.experiment_id.in_(numbers), Assignment.ended_at.is_(None))
        .order_by(Cell.position)
    ):
        now[number].append(code)
    return planned, now


def _summary(row: Experiment, planned: dict[int, list[str]], now: dict[int, list[str]]) -> ExperimentSummary:
    names = set(ExperimentSummary.model_fields) - {"cells", "cells_now"}
    fields = {name: getattr(row, name) for name in names}
    return ExperimentSummary(**fields, cells=tuple(planned[row.id]), cells_now=tuple(now[row.id]))


def _tolerances(session: Session, number: int) -> tuple[Tolerance, ...]:
    rows = session.execute(
        select(ExperimentParameter, Parameter.code)
        .join(Parameter, Parameter.id == ExperimentParameter.parameter_id)
        .where(ExperimentParameter.experiment_id == number)
        .order_by(Parameter.position)
    )
    names = set(Tolerance.model_fields) - {"parameter"}
    return tuple(Tolerance(parameter=code, **{name: getattr(row, name) for name in names}) for row, code in rows)
