"""What people do with alarms: acknowledge, shelve, take out of service. The watchdog does the rest."""

from datetime import timedelta

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction
from facility.acting.fields import Remark
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound, invalid
from facility.acting.user_messages import message
from facility.alarms import notifications, recording
from facility.alarms.messages import as_message, person_name
from facility.alarms.states import read_state, write_alarm, write_condition
from schemas import messages, times
from schemas.tables import Alarm, AlarmCondition, AlarmEvent
from storage.database import Sessions
from telemetry.alarms import engine

LONGEST_SHELF = timedelta(hours=24)
_REMARK: TypeAdapter[str] = TypeAdapter(Remark)


def acknowledge(sessions: Sessions, actor: Actor, alarm_id: int, comment: str = "") -> messages.Alarm:
    """Take note of an alarm. One that has already returned to normal is over by that; a second time is a conflict."""
    comment = _checked(comment)
    with act_transaction(sessions, actor, Act.ALARM_ACKNOWLEDGE) as context:
        row, memory, state = _open(context.session, alarm_id)
        if row.acknowledged_at is not None:
            raise Conflict(
                message(
                    "Already acknowledged by {name}.", name=person_name(context.session, row.acknowledged_by) or "?"
                ),
                as_message(context.session, row),
            )
        before = _audited(row)
        row.acknowledged_at, row.acknowledged_by, row.comment = context.at, actor.id, comment
        return _done(
            context, row, memory, engine.acknowledge(state), change="acknowledged", before=before, comment=comment
        )


def shelve(sessions: Sessions, actor: Actor, alarm_id: int, time: timedelta, comment: str = "") -> messages.Alarm:
    """Keep an alarm quiet for a while; the watchdog brings it back when the time is over."""
    if not timedelta(0) < time <= LONGEST_SHELF:
        raise Invalid({"time": message("An alarm is shelved for 24 hours at most.")})
    comment = _checked(comment)
    with act_transaction(sessions, actor, Act.ALARM_SHELVE) as context:
        row, memory, state = _open(context.session, alarm_id)
        if row.shelved_until is not None and row.shelved_until > context.at:
            raise Conflict(
                message("Already shelved by {name}.", name=person_name(context.session, row.shelved_by) or "?"),
                as_message(context.session, row),
            )
        before = _audited(row)
        until = times.to_milliseconds(context.at + time)
        row.shelved_until, row.shelved_by = until, actor.id
        return _done(
            context, row, memory, engine.shelve(state, until), change="shelved", before=before, comment=comment
        )


def unshelve(sessions: Sessions, actor: Actor, alarm_id: int, comment: str = "") -> messages.Alarm:
    """Take an alarm from the shelf before its time: it comes back as it was, acknowledged or not."""
    comment = _checked(comment)
    with act_transaction(sessions, actor, Act.ALARM_SHELVE) as context:
        row, memory, state = _open(context.session, alarm_id)
        if row.shelved_until is None:
            raise Conflict(message("This alarm is not shelved."), as_message(context.session, row))
        before = _audited(row)
        return _done(context, row, memory, engine.unshelve(state), change="unshelved", before=before, comment=comment)


def set_service(
    sessions: Sessions, actor: Actor, place: str, code: str, *, out: bool, comment: str = ""
) -> messages.Alarm | None:
    """Take a watched condition out of service, or bring it back; return its alarm where one is open.

    Out of service it is still watched, so that it comes back as it then is.
    """
    comment = _checked(comment)
    if out and not comment:
        raise Invalid({"comment": message("Required.")})
    with act_transaction(sessions, actor, Act.ALARM_OUT_OF_SERVICE) as context:
        row = recording.open_alarm(context.session, place, code)
        memory = context.session.get(AlarmCondition, (place, code), with_for_update=True)
        if row is None and memory is None and not out:
            raise NotFound(message("There is no such alarm."))
        state = engine.set_service(read_state(row, memory), out=out)
        if memory is None:
            memory = AlarmCondition(place=place, code=code, comment="")
            context.session.add(memory)
        memory.out_of_service_by, memory.comment = (actor.id, comment) if out else (None, "")
        if row is not None:
            change = "out_of_service" if out else "in_service"
            return _done(context, row, memory, state, change=change, before=_audited(row), comment=comment)
        write_condition(memory, state, context.at)
        after: dict[str, object] = {"place": place, "code": code, "state": "out_of_service" if out else "normal"}
        context.record("alarm", f"{place}/{code}", None, after | {"comment": comment})
        return None


def open_alarms(session: Session) -> list[messages.Alarm]:
    """Return the alarms that are not over, the gravest first, then the oldest."""
    rows = session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.since)).all()
    grave = ["critical", "major", "warning"]
    return [as_message(session, row) for row in sorted(rows, key=lambda row: grave.index(row.severity))]


def _checked(comment: str) -> str:
    """Return a comment as it is kept; raise Invalid for one that does not fit: nothing of it is cut off."""
    try:
        return _REMARK.validate_python(comment.strip())
    except ValidationError as error:
        faults = invalid(error).faults
        raise Invalid({"comment": next(iter(faults.values()))}) from error


def _open(session: Session, alarm_id: int) -> tuple[Alarm, AlarmCondition | None, engine.AlarmState]:
    row = session.scalar(select(Alarm).where(Alarm.id == alarm_id).with_for_update())
    if row is None:
        raise NotFound(message("There is no such alarm."))
    if row.ended_at is not None:
        raise Conflict(message("This alarm is over."), as_message(session, row))
    memory = session.get(AlarmCondition, (row.place, row.code), with_for_update=True)
    return row, memory, read_state(row, memory)


def _done(
    context: ActContext,
    row: Alarm,
    memory: AlarmCondition | None,
    state: engine.AlarmState,
    *,
    change: str,
    before: dict[str, object],
    comment: str,
) -> messages.Alarm:
    shown = row.state
    write_alarm(row, state, context.at)
    if memory is not None:
        write_condition(memory, state, context.at)
    context.session.add(
        AlarmEvent(
            alarm_id=row.id,
            at=context.at,
            change=change,
            from_state=shown,
            to_state=row.state,
            severity=row.severity,
            value=row.value,
            person_id=context.actor.id,
            comment=comment,
        )
    )
    context.session.flush()
    context.record("alarm", row.id, before, _audited(row))
    alarm = as_message(context.session, row)
    notifications.announce(context.session, alarm, context.at, row.ended_at)
    return alarm


def _audited(row: Alarm) -> dict[str, object]:
    return {
        "place": row.place,
        "code": row.code,
        "state": row.state,
        "comment": row.comment,
        "shelved_until": None if row.shelved_until is None else row.shelved_until.isoformat(),
    }
