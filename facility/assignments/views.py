"""Who was where and when, as it is shown; and what each cell holds now, as it is published."""

from collections.abc import Collection, Iterable
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import NotFound
from facility.acting.user_messages import message
from facility.experiments.drafts import ExperimentState
from schemas.messages import CellExperiment, ParameterLimits
from schemas.tables import Assignment, Cell, Experiment, ExperimentParameter, Parameter
from storage.database import Reads

_Rows = Select[Assignment, str, Experiment]


class Occupant(BaseModel):
    """The experiment of an assignment, as far as a line of a table needs it."""

    id: int
    code: str
    title: str
    team: str
    state: ExperimentState


class AssignmentView(BaseModel):
    """What a cell held from when to when; `ended_at` is None while it still does."""

    id: int
    cell: str
    experiment: Occupant
    started_at: datetime
    ended_at: datetime | None


def assignments_of_cell(sessions: Reads, actor: Actor, cell: str) -> list[AssignmentView]:
    """Return a cell's whole history, the newest first; raise NotFound for a cell that never was."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        if session.scalar(select(Cell.id).where(Cell.code == cell)) is None:
            raise NotFound(message("There is no cell {codes}.", codes=cell))
        return by_cell(session, cell)


def assignments_of_experiment(sessions: Reads, actor: Actor, number: int) -> list[AssignmentView]:
    """Return where an experiment was and is, the newest first."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        return _views(session, _rows().where(Assignment.experiment_id == number))


def get_assignment(sessions: Reads, actor: Actor, number: int) -> AssignmentView:
    """Return one assignment; raise NotFound."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        found = _views(session, _rows().where(Assignment.id == number))
    if not found:
        raise NotFound(message("There is no such assignment."))
    return found[0]


def occupants_now(sessions: Reads, actor: Actor) -> list[AssignmentView]:
    """Return what every occupied cell holds."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        return _views(session, _rows().where(Assignment.ended_at.is_(None)))


def by_cell(session: Session, cell: str) -> list[AssignmentView]:
    return _views(session, _rows().where(Cell.code == cell))


def between(session: Session, start: datetime, end: datetime) -> list[AssignmentView]:
    """Return the assignments that touch a span."""
    later = Assignment.ended_at.is_(None) | (Assignment.ended_at > start)
    return _views(session, _rows().where(Assignment.started_at < end, later))


def occupants(session: Session, rows: Iterable[Assignment]) -> list[AssignmentView]:
    return _views(session, _rows().where(Assignment.id.in_([row.id for row in rows])))


def read_assignment(session: Session, number: int) -> AssignmentView:
    session.flush()
    return _views(session, _rows().where(Assignment.id == number))[0]


def cell_experiments(session: Session) -> dict[str, CellExperiment | None]:
    """Return what every cell holds now: the content of the topics `octopus/v1/experiments/<cell>`.

    No actor: what is published is decided by the broker's access rules, and only the services call this.
    """
    held: dict[str, CellExperiment | None] = dict.fromkeys(
        session.scalars(select(Cell.code).where(Cell.retired_at.is_(None)).order_by(Cell.position))
    )
    views = _views(session, _rows().where(Assignment.ended_at.is_(None)))
    limits = _limits(session, {view.experiment.id for view in views})
    for view in views:
        one = view.experiment
        held[view.cell] = CellExperiment(
            id=one.id,
            code=one.code,
            title=one.title,
            state=one.state,
            started_at=view.started_at,
            limits=limits.get(one.id, {}),
        )
    return held


def _limits(session: Session, numbers: Collection[int]) -> dict[int, dict[str, ParameterLimits]]:
    """Return what experiments ask of their parameters of interest, by experiment and code."""
    found: dict[int, dict[str, ParameterLimits]] = {}
    for row, code in session.execute(
        select(ExperimentParameter, Parameter.code)
        .join(Parameter, Parameter.id == ExperimentParameter.parameter_id)
        .where(ExperimentParameter.experiment_id.in_(numbers))
        .order_by(Parameter.position)
    ):
        found.setdefault(row.experiment_id, {})[code] = ParameterLimits.model_validate(row, from_attributes=True)
    return found


def _rows() -> _Rows:
    return (
        select(Assignment, Cell.code, Experiment)
        .join(Cell, Cell.id == Assignment.cell_id)
        .join(Experiment, Experiment.id == Assignment.experiment_id)
        .order_by(Assignment.started_at.desc(), Assignment.id.desc())
    )


def _views(session: Session, statement: _Rows) -> list[AssignmentView]:
    return [
        AssignmentView(
            id=row.id,
            cell=cell,
            experiment=Occupant.model_validate(experiment, from_attributes=True),
            started_at=row.started_at,
            ended_at=row.ended_at,
        )
        for row, cell, experiment in session.execute(statement)
    ]
