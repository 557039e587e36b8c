"""Alarms as people look at them: those that are open, those of the past page by page, one with its transitions."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from facility.acting.acts import Actor, read_transaction
from facility.acting.fields import CLEAN, FormModel, OptionalMoment
from facility.acting.permissions import Act
from facility.acting.refusals import NotFound
from facility.acting.user_messages import message
from schemas.tables import Alarm, AlarmCondition, AlarmEvent, Cell, Parameter, Person
from storage.database import Reads
from telemetry.alarms.rules import SEVERITIES, Severity

State = Literal["active", "acknowledged", "returned", "shelved", "suppressed", "out_of_service", "ended"]
STATES: tuple[State, ...] = get_args(State)
Sort = Literal["severity", "since", "place", "state", "count", "ended_at"]
PAGE = 50
MOST_TRANSITIONS = 500
MOST_SPANS = 500
# The last page that a list turns to: deeper, dates narrow better than pages do.
MOST_SKIPPED = 100_000

Code = Annotated[str, StringConstraints(max_length=64), CLEAN]
_Rows = Select[Alarm, str | None, str | None, str | None, str | None]


class AlarmView(BaseModel):
    """An alarm with everything that is known of it; instants in UTC, values in its parameter's unit."""

    id: int
    place: str
    code: str
    kind: str
    cell: str | None
    parameter: str | None
    severity: Severity
    state: State
    active: bool
    since: datetime
    returned_at: datetime | None
    ended_at: datetime | None
    value: float | None
    threshold: float | None
    text: dict[str, str]
    guidance: dict[str, str] | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    comment: str
    shelved_until: datetime | None
    shelved_by: str | None
    count: int
    suppressed_by: str | None


class Transition(BaseModel):
    """A change of an alarm: by the watchdog where `person` is None."""

    at: datetime
    change: str
    before: str
    after: str
    severity: str
    value: float | None
    person: str | None
    comment: str


class AlarmHistory(BaseModel):
    """An alarm and its transitions, the oldest first; `more` where there are too many to list."""

    alarm: AlarmView
    transitions: list[Transition]
    more: bool = False


class OutOfService(BaseModel):
    """A watched condition that was taken out of service, why and by whom."""

    place: str
    code: str
    since: datetime
    person: str | None
    comment: str


class AlarmQuery(FormModel):
    """Which alarms: each member narrows. `open` leaves out what is over; `since`…`until` is touched by the alarm."""

    open: bool = False
    state: State | None = None
    severity: Severity | None = None
    cell: Code = ""
    place: Code = ""
    code: Code = ""
    since: OptionalMoment = None
    until: OptionalMoment = None
    sort: Sort = "severity"
    descending: bool = True
    offset: Annotated[int, Field(ge=0, le=MOST_SKIPPED)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = PAGE


class AlarmPage(BaseModel):
    """A part of the alarms that match, and how many do in all."""

    alarms: list[AlarmView]
    total: int


def find_alarms(sessions: Reads, actor: Actor, query: AlarmQuery) -> AlarmPage:
    """Return a page of alarms in the order that is asked for."""
    with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
        conditions = _conditions(query)
        counted = select(func.count()).select_from(Alarm).outerjoin(Cell, Cell.id == Alarm.cell_id).where(*conditions)
        total = session.scalar(counted) or 0
        rows = _rows().where(*conditions).order_by(*_order(query)).offset(query.offset).limit(query.limit)
        return AlarmPage(alarms=_views(session, rows), total=total)


def get_alarm(sessions: Reads, actor: Actor, number: int) -> AlarmHistory:
    """Return an alarm with its transitions; raise NotFound."""
    with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
        found = _views(session, _rows().where(Alarm.id == number))
        if not found:
            raise NotFound(message("There is no such alarm."))
        rows = session.execute(
            select(AlarmEvent, Person.name)
            .outerjoin(Person, Person.id == AlarmEvent.person_id)
            .where(AlarmEvent.alarm_id == number)
            .order_by(AlarmEvent.at, AlarmEvent.id)
            .limit(MOST_TRANSITIONS + 1)
        ).all()
        transitions = [
            Transition(
                at=row.at,
                change=row.change,
                before=row.from_state,
                after=row.to_state,
                severity=row.severity,
                value=row.value,
                person=name,
                comment=row.comment,
            )
            for row, name in rows[:MOST_TRANSITIONS]
        ]
        return AlarmHistory(alarm=found[0], transitions=transitions, more=len(rows) > MOST_TRANSITIONS)


def out_of_service(sessions: Reads, actor: Actor) -> list[OutOfService]:
    """Return the watched conditions that are out of service, by place."""
    with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
        rows = session.execute(
            select(AlarmCondition, Person.name)
            .outerjoin(Person, Person.id == AlarmCondition.out_of_service_by)
            .where(AlarmCondition.out_of_service.is_(True))
            .order_by(AlarmCondition.place, AlarmCondition.code)
            .limit(500)
        )
        return [
            OutOfService(place=row.place, code=row.code, since=row.changed_at, person=name, comment=row.comment)
            for row, name in rows
        ]


def of_cell(session: Session, cell: str, start: datetime, end: datetime) -> list[AlarmView]:
    """Return the alarms of a cell that touch a span, the newest first; the most recent ones where they are many."""
    query = AlarmQuery(cell=cell, since=start, until=end, sort="since")
    return _views(session, _rows().where(*_conditions(query)).order_by(*_order(query)).limit(MOST_SPANS))


def _conditions(query: AlarmQuery) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.open:
        found.append(Alarm.ended_at.is_(None))
    for column, asked in ((Alarm.state, query.state), (Alarm.severity, query.severity), (Cell.code, query.cell)):
        if asked:
            found.append(column == asked)
    for column, asked in ((Alarm.place, query.place), (Alarm.code, query.code)):
        if asked:
            found.append(column == asked)
    if query.until is not None:
        found.append(Alarm.since < query.until)
    if query.since is not None:
        found.append(or_(Alarm.ended_at.is_(None), Alarm.ended_at >= query.since))
    return found


def _order(query: AlarmQuery) -> list[ColumnElement[Any]]:
    rank = case({name: place for place, name in enumerate(SEVERITIES)}, value=Alarm.severity, else_=0)
    state = case({name: -place for place, name in enumerate(STATES)}, value=Alarm.state, else_=-len(STATES))
    keys = {
        "severity": rank,
        "since": Alarm.since,
        "place": Alarm.place,
        "state": state,
        "count": Alarm.count,
        "ended_at": Alarm.ended_at,
    }
    key = keys[query.sort]
    # Of what is equal the newest first, then by number: a page never shows an alarm that another has shown.
    return [key.desc() if query.descending else key.asc(), Alarm.since.desc(), Alarm.id.desc()]


def _rows() -> _Rows:
    acknowledging, shelving = aliased(Person), aliased(Person)
    return (
        select(Alarm, Cell.code, Parameter.code, acknowledging.name, shelving.name)
        .outerjoin(Cell, Cell.id == Alarm.cell_id)
        .outerjoin(Parameter, Parameter.id == Alarm.parameter_id)
        .outerjoin(acknowledging, acknowledging.id == Alarm.acknowledged_by)
        .outerjoin(shelving, shelving.id == Alarm.shelved_by)
    )


def _views(session: Session, statement: _Rows) -> list[AlarmView]:
    return [_view(*row) for row in session.execute(statement)]


def _view(
    row: Alarm, cell: str | None, parameter: str | None, acknowledged: str | None, shelved: str | None
) -> AlarmView:
    guidance = {"fr": row.guidance_fr, "en": row.guidance_en}
    return AlarmView(
        id=row.id,
        place=row.place,
        code=row.code,
        kind=row.kind,
        cell=cell,
        parameter=parameter,
        severity=row.severity,
        state=row.state,
        active=row.active,
        since=row.since,
        returned_at=row.returned_at,
        ended_at=row.ended_at,
        value=row.value,
        threshold=row.threshold,
        text={"fr": row.text_fr, "en": row.text_en},
        guidance={name: text for name, text in guidance.items() if text} or None,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=acknowledged,
        comment=row.comment,
        shelved_until=row.shelved_until,
        shelved_by=shelved,
        count=row.count,
        suppressed_by=row.suppressed_by,
    )
