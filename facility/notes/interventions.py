"""Announced work: "I open E2C1 for 20 minutes". While it lasts the cell's deviations are explained by it.

It ends by itself: from its expected end on it is over, whether or not any process has noted that.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction, read_transaction
from facility.acting.fields import CLEAN, CodeText, FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, NotFound
from facility.acting.user_messages import message
from facility.notes.places import cell_number
from schemas import times
from schemas.tables import Cell, Intervention, Person
from storage.database import Reads, Sessions

SHORTEST, LONGEST = 1, 480
MOST_LISTED = 500

Work = Literal["sampling", "watering", "cleaning", "maintenance", "calibration", "visit", "other"]
Minutes = Annotated[int, Field(ge=SHORTEST, le=LONGEST)]
_Rows = Select[Intervention, str, str | None]


class InterventionDraft(FormModel):
    """Work that begins now and is expected to last some minutes."""

    cell: CodeText
    minutes: Minutes = 20
    work: Work = "other"
    text: Annotated[str, StringConstraints(max_length=2000), CLEAN] = ""


class InterventionView(BaseModel):
    """Work on a cell; `ended_at` is None while it lasts."""

    id: int
    cell: str
    work: str
    text: str
    person: str | None
    started_at: datetime
    expected_end: datetime | None
    ended_at: datetime | None


def start_intervention(sessions: Sessions, actor: Actor, draft: InterventionDraft) -> InterventionView:
    """Announce work on a cell; raise Conflict while somebody works there already."""
    with act_transaction(sessions, actor, Act.INTERVENE) as context:
        # The cell is locked: of two who announce at once the second sees the first.
        cell = cell_number(context.session, draft.cell, lock=True)
        present = _running(context.session, cell, context.at)
        if present is not None:
            view = _one(context.session, present.id, context.at)
            raise Conflict(message("{name} works there already.", name=view.person or "?"), view)
        _close_overdue(context.session, cell, context.at)
        row = Intervention(
            cell_id=cell,
            person_id=actor.id,
            kind=draft.work,
            text=draft.text,
            started_at=context.at,
            expected_end=context.at + timedelta(minutes=draft.minutes),
        )
        context.session.add(row)
        return _recorded(context, row, None)


def extend_intervention(sessions: Sessions, actor: Actor, number: int, minutes: int) -> InterventionView:
    """Let work last some minutes longer, from now; raise Conflict for work that is over."""
    with act_transaction(sessions, actor, Act.INTERVENTION_EXTEND) as context:
        row = _open(context, number)
        before = _audited(_one(context.session, number, context.at))
        row.expected_end = max(row.expected_end or context.at, context.at + timedelta(minutes=minutes))
        return _recorded(context, row, before)


def end_intervention(sessions: Sessions, actor: Actor, number: int) -> InterventionView:
    """End work before its time; raise Conflict for work that is over."""
    with act_transaction(sessions, actor, Act.INTERVENTION_END) as context:
        row = _open(context, number)
        before = _audited(_one(context.session, number, context.at))
        row.ended_at = context.at
        return _recorded(context, row, before)


def running_intervention(sessions: Reads, actor: Actor, cell: str) -> InterventionView | None:
    """Return the work that lasts in a cell; None where nobody works."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        now = times.now()
        found = _running(session, cell_number(session, cell), now)
        return None if found is None else _one(session, found.id, now)


def last_interventions(sessions: Reads, actor: Actor, cell: str, limit: int = 50) -> list[InterventionView]:
    """Return the work on a cell, the newest first."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        return _views(session, _rows().where(Cell.code == cell).limit(min(limit, MOST_LISTED)), times.now())


def of_cell(session: Session, cell: str, start: datetime, end: datetime) -> list[InterventionView]:
    """Return the work on a cell that touches a span, the newest first, 500 at most."""
    over = func.coalesce(Intervention.ended_at, Intervention.expected_end)
    statement = _rows().where(Cell.code == cell, Intervention.started_at < end, or_(over.is_(None), over >= start))
    return _views(session, statement.limit(MOST_LISTED), times.now())


def _running(session: Session, cell: int, now: datetime) -> Intervention | None:
    lasting = or_(Intervention.expected_end.is_(None), Intervention.expected_end > now)
    return session.scalar(
        select(Intervention)
        .where(Intervention.cell_id == cell, Intervention.ended_at.is_(None), lasting)
        .order_by(Intervention.started_at.desc())
        .limit(1)
    )


def _close_overdue(session: Session, cell: int, now: datetime) -> None:
    session.execute(
        update(Intervention)
        .where(Intervention.cell_id == cell, Intervention.ended_at.is_(None), Intervention.expected_end <= now)
        .values(ended_at=Intervention.expected_end)
    )


def _open(context: ActContext, number: int) -> Intervention:
    row = context.session.scalar(select(Intervention).where(Intervention.id == number).with_for_update())
    if row is None:
        raise NotFound(message("There is no such intervention."))
    view = _one(context.session, number, context.at)
    if view.ended_at is not None:
        raise Conflict(message("This intervention is over."), view)
    return row


def _recorded(context: ActContext, row: Intervention, before: dict[str, Any] | None) -> InterventionView:
    context.session.flush()
    view = _one(context.session, row.id, context.at)
    context.record("intervention", row.id, before, _audited(view))
    return view


def _rows() -> _Rows:
    return (
        select(Intervention, Cell.code, Person.name)
        .join(Cell, Cell.id == Intervention.cell_id)
        .outerjoin(Person, Person.id == Intervention.person_id)
        .order_by(Intervention.started_at.desc(), Intervention.id.desc())
    )


def _views(session: Session, statement: _Rows, now: datetime) -> list[InterventionView]:
    return [_view(row, cell, person, now) for row, cell, person in session.execute(statement)]


def _one(session: Session, number: int, now: datetime) -> InterventionView:
    return _views(session, _rows().where(Intervention.id == number), now)[0]


def _view(row: Intervention, cell: str, person: str | None, now: datetime) -> InterventionView:
    overdue = row.ended_at is None and row.expected_end is not None and row.expected_end <= now
    return InterventionView(
        id=row.id,
        cell=cell,
        work=row.kind,
        text=row.text,
        person=person,
        started_at=row.started_at,
        expected_end=row.expected_end,
        ended_at=row.expected_end if overdue else row.ended_at,
    )


def _audited(view: InterventionView) -> dict[str, Any]:
    instants = {"started_at": view.started_at, "expected_end": view.expected_end, "ended_at": view.ended_at}
    told: dict[str, Any] = {name: None if at is None else times.to_text(at) for name, at in instants.items()}
    return told | {"cell": view.cell, "work": view.work, "text": view.text}
