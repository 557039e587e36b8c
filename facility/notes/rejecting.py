"""Values that are wrong: a parameter of a cell is rejected from when to when, with a reason; who was affected by it.

A rejection is a row of its own. The readings stay untouched, so that taking it back restores everything.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, act_transaction, read_transaction
from facility.acting.fields import CodeText, FormModel, Moment, Reason
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import message
from facility.notes.places import cell_number, parameter_number
from schemas import times
from schemas.tables import (
    Assignment,
    Cell,
    Experiment,
    ExperimentMember,
    Parameter,
    Person,
    QualityMark,
    Reading,
    Series,
)
from storage.database import Reads, Sessions

MOST_LISTED = 500

_Rows = Select[QualityMark, str, str, str | None]


class Rejection(FormModel):
    """A parameter of a cell whose values are wrong from one instant up to another."""

    cell: CodeText
    parameter: CodeText
    started_at: Moment
    ended_at: Moment
    reason: Reason


class RejectionView(BaseModel):
    """A rejection as it is shown; `withdrawn_at` tells that it no longer counts."""

    id: int
    cell: str
    parameter: str
    started_at: datetime
    ended_at: datetime
    reason: str
    person: str | None
    created_at: datetime
    withdrawn_at: datetime | None


class AffectedExperiment(BaseModel):
    """An experiment that the cell held meanwhile, from when to when, and who should hear of it."""

    id: int
    code: str
    title: str
    started_at: datetime
    ended_at: datetime
    contacts: list[str]
    addresses: list[str]


class Affected(BaseModel):
    """A rejection with what it hits. `readings` counts the stored values within."""

    rejection: RejectionView
    readings: int
    experiments: list[AffectedExperiment]


class RejectionQuery(FormModel):
    """Which rejections, those of one cell or all, the newest first."""

    cell: str = ""
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 100


def reject(sessions: Sessions, actor: Actor, draft: Rejection) -> Affected:
    """Reject the values; raise Invalid for a span that ends before it starts or lies ahead."""
    if draft.ended_at <= draft.started_at:
        raise Invalid({"ended_at": message("The end is before the start.")})
    with act_transaction(sessions, actor, Act.VALUES_REJECT) as context:
        if draft.ended_at > context.at + times.CLOCK_SKEW:
            raise Invalid({"ended_at": message("Values that do not exist yet cannot be rejected.")})
        cell = cell_number(context.session, draft.cell)
        row = QualityMark(
            cell_id=cell,
            parameter_id=parameter_number(context.session, cell, draft.parameter),
            started_at=draft.started_at,
            ended_at=draft.ended_at,
            reason=draft.reason,
            person_id=actor.id,
            created_at=context.at,
        )
        context.session.add(row)
        context.session.flush()
        found = _affected(context.session, row)
        context.record("rejection", row.id, None, _audited(found.rejection))
        return found


def withdraw_rejection(sessions: Sessions, actor: Actor, number: int) -> RejectionView:
    """Take a rejection back: the values count again as they were stored."""
    with act_transaction(sessions, actor, Act.REJECTION_WITHDRAW) as context:
        row = context.session.scalar(select(QualityMark).where(QualityMark.id == number).with_for_update())
        if row is None:
            raise NotFound(message("There is no such rejection."))
        if row.withdrawn_at is not None:
            raise Conflict(message("This rejection is withdrawn already."), _one(context.session, number))
        before = _audited(_one(context.session, number))
        row.withdrawn_at = context.at
        context.session.flush()
        view = _one(context.session, number)
        context.record("rejection", number, before, _audited(view))
        return view


def affected(sessions: Reads, actor: Actor, number: int) -> Affected:
    """Return a rejection with the experiments that it hits; raise NotFound."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        row = session.get(QualityMark, number)
        if row is None:
            raise NotFound(message("There is no such rejection."))
        return _affected(session, row)


def find_rejections(sessions: Reads, actor: Actor, query: RejectionQuery) -> list[RejectionView]:
    """Return rejections, the newest first."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        statement = _rows() if not query.cell else _rows().where(Cell.code == query.cell)
        return _views(session, statement.limit(query.limit))


def of_cell(session: Session, cell: str, start: datetime, end: datetime) -> list[RejectionView]:
    """Return the rejections of a cell that touch a span and count, the newest first, 500 at most."""
    statement = _rows().where(
        Cell.code == cell,
        QualityMark.started_at < end,
        QualityMark.ended_at > start,
        QualityMark.withdrawn_at.is_(None),
    )
    return _views(session, statement.limit(MOST_LISTED))


def _affected(session: Session, row: QualityMark) -> Affected:
    series = select(Series.id).where(Series.cell_id == row.cell_id, Series.parameter_id == row.parameter_id)
    counted = select(func.count()).where(
        Reading.series_id == series.scalar_subquery(),
        Reading.observed_at >= row.started_at,
        Reading.observed_at < row.ended_at,
    )
    later = or_(Assignment.ended_at.is_(None), Assignment.ended_at > row.started_at)
    held = session.execute(
        select(Assignment, Experiment)
        .join(Experiment, Experiment.id == Assignment.experiment_id)
        .where(Assignment.cell_id == row.cell_id, Assignment.started_at < row.ended_at, later)
        .order_by(Assignment.started_at)
        .limit(MOST_LISTED)
    ).all()
    addresses: dict[int, list[str]] = {}
    members = (
        select(ExperimentMember.experiment_id, Person.email)
        .join(Person, Person.id == ExperimentMember.person_id)
        .where(ExperimentMember.experiment_id.in_({one.id for _, one in held}), Person.email.is_not(None))
        .order_by(Person.email)
    )
    for number, email in session.execute(members):
        addresses.setdefault(number, []).append(str(email))
    return Affected(
        rejection=_one(session, row.id),
        readings=session.scalar(counted) or 0,
        experiments=[
            AffectedExperiment(
                id=one.id,
                code=one.code,
                title=one.title,
                started_at=max(assignment.started_at, row.started_at),
                ended_at=min(assignment.ended_at or row.ended_at, row.ended_at),
                contacts=[name for name in (one.scientific_contact, one.technical_contact) if name],
                addresses=addresses.get(one.id, []),
            )
            for assignment, one in held
        ],
    )


def _rows() -> _Rows:
    return (
        select(QualityMark, Cell.code, Parameter.code, Person.name)
        .join(Cell, Cell.id == QualityMark.cell_id)
        .join(Parameter, Parameter.id == QualityMark.parameter_id)
        .outerjoin(Person, Person.id == QualityMark.person_id)
        .order_by(QualityMark.started_at.desc(), QualityMark.id.desc())
    )


def _views(session: Session, statement: _Rows) -> list[RejectionView]:
    return [
        RejectionView(
            id=row.id,
            cell=cell,
            parameter=parameter,
            started_at=row.started_at,
            ended_at=row.ended_at,
            reason=row.reason,
            person=person,
            created_at=row.created_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row, cell, parameter, person in session.execute(statement)
    ]


def _one(session: Session, number: int) -> RejectionView:
    return _views(session, _rows().where(QualityMark.id == number))[0]


def _audited(view: RejectionView) -> dict[str, Any]:
    return {
        "cell": view.cell,
        "parameter": view.parameter,
        "started_at": times.to_text(view.started_at),
        "ended_at": times.to_text(view.ended_at),
        "reason": view.reason,
        "withdrawn": view.withdrawn_at is not None,
    }
