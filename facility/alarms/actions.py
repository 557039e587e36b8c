"""What people do with alarms: take note of one, or keep it quiet for a while. The watchdog does the rest."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import message
from facility.alarms import notifications
from facility.alarms.messages import as_message, person_name
from schemas import messages
from schemas.tables import Alarm
from storage.database import Sessions

LONGEST_SHELF = timedelta(hours=24)


def acknowledge(sessions: Sessions, actor: Actor, alarm_id: int, comment: str = "") -> messages.Alarm:
    """Take note of an alarm. One that has already returned to normal is over by that; a second time is a conflict."""
    with act_transaction(sessions, actor, Act.ALARM_ACKNOWLEDGE) as context:
        row = _open(context.session, alarm_id)
        if row.acknowledged_at is not None:
            raise Conflict(
                message(
                    "Already acknowledged by {name}.", name=person_name(context.session, row.acknowledged_by) or "?"
                ),
                as_message(context.session, row),
            )
        before = _state(row)
        row.acknowledged_at, row.acknowledged_by, row.comment = context.at, actor.id, comment[:1000]
        if row.state == "returned":
            row.state, row.ended_at = "ended", context.at
        elif row.state == "active":
            row.state = "acknowledged"
        return _done(context, row, before)


def shelve(sessions: Sessions, actor: Actor, alarm_id: int, time: timedelta) -> messages.Alarm:
    """Keep an alarm quiet for a while; the watchdog brings it back when the time is over."""
    if not timedelta(0) < time <= LONGEST_SHELF:
        raise Invalid({"time": message("An alarm is shelved for 24 hours at most.")})
    with act_transaction(sessions, actor, Act.ALARM_SHELVE) as context:
        row = _open(context.session, alarm_id)
        if row.shelved_until is not None and row.shelved_until > context.at:
            raise Conflict(
                message("Already shelved by {name}.", name=person_name(context.session, row.shelved_by) or "?"),
                as_message(context.session, row),
            )
        before = _state(row)
        row.state, row.shelved_until, row.shelved_by = "shelved", context.at + time, actor.id
        return _done(context, row, before)


def open_alarms(session: Session) -> list[messages.Alarm]:
    """Return the alarms that are not over, the gravest first, then the oldest."""
    rows = session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.since)).all()
    grave = ["critical", "major", "warning"]
    return [as_message(session, row) for row in sorted(rows, key=lambda row: grave.index(row.severity))]


def _open(session: Session, alarm_id: int) -> Alarm:
    row = session.scalar(select(Alarm).where(Alarm.id == alarm_id).with_for_update())
    if row is None:
        raise NotFound(message("There is no such alarm."))
    if row.ended_at is not None:
        raise Conflict(message("This alarm is over."), as_message(session, row))
    return row


def _done(context: ActContext, row: Alarm, before: dict[str, object]) -> messages.Alarm:
    row.changed_at = context.at
    context.session.flush()
    context.record("alarm", row.id, before, _state(row))
    alarm = as_message(context.session, row)
    notifications.announce(context.session, alarm, context.at, row.ended_at)
    return alarm


def _state(row: Alarm) -> dict[str, object]:
    return {
        "place": row.place,
        "code": row.code,
        "state": row.state,
        "comment": row.comment,
        "shelved_until": None if row.shelved_until is None else row.shelved_until.isoformat(),
    }
