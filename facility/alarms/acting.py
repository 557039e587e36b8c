"""What people do with alarms: take note of one, or keep it quiet for a while. The watchdog does the rest."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, Deed, acting
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import say
from facility.alarms import notifications
from facility.alarms.messages import as_message, person_name
from schemas import messages
from schemas.tables import Alarm
from storage.database import Sessions

LONGEST_SHELF = timedelta(hours=24)


def acknowledge(sessions: Sessions, actor: Actor, alarm_id: int, comment: str = "") -> messages.Alarm:
    """Take note of an alarm. One that has already returned to normal is over by that; a second time is a conflict."""
    with acting(sessions, actor, Act.ALARM_ACKNOWLEDGE) as deed:
        row = _open(deed.session, alarm_id)
        if row.acknowledged_at is not None:
            raise Conflict(
                say("Already acknowledged by {name}.", name=person_name(deed.session, row.acknowledged_by) or "?"),
                as_message(deed.session, row),
            )
        before = _state(row)
        row.acknowledged_at, row.acknowledged_by, row.comment = deed.at, actor.id, comment[:1000]
        if row.state == "returned":
            row.state, row.ended_at = "ended", deed.at
        elif row.state == "active":
            row.state = "acknowledged"
        return _done(deed, row, before)


def shelve(sessions: Sessions, actor: Actor, alarm_id: int, time: timedelta) -> messages.Alarm:
    """Keep an alarm quiet for a while; the watchdog brings it back when the time is over."""
    if not timedelta(0) < time <= LONGEST_SHELF:
        raise Invalid({"time": say("An alarm is shelved for 24 hours at most.")})
    with acting(sessions, actor, Act.ALARM_SHELVE) as deed:
        row = _open(deed.session, alarm_id)
        if row.shelved_until is not None and row.shelved_until > deed.at:
            raise Conflict(
                say("Already shelved by {name}.", name=person_name(deed.session, row.shelved_by) or "?"),
                as_message(deed.session, row),
            )
        before = _state(row)
        row.state, row.shelved_until, row.shelved_by = "shelved", deed.at + time, actor.id
        return _done(deed, row, before)


def open_alarms(session: Session) -> list[messages.Alarm]:
    """Return the alarms that are not over, the gravest first, then the oldest."""
    rows = session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.since)).all()
    grave = ["critical", "major", "warning"]
    return [as_message(session, row) for row in sorted(rows, key=lambda row: grave.index(row.severity))]


def _open(session: Session, alarm_id: int) -> Alarm:
    row = session.scalar(select(Alarm).where(Alarm.id == alarm_id).with_for_update())
    if row is None:
        raise NotFound(say("There is no such alarm."))
    if row.ended_at is not None:
        raise Conflict(say("This alarm is over."), as_message(session, row))
    return row


def _done(deed: Deed, row: Alarm, before: dict[str, object]) -> messages.Alarm:
    row.changed_at = deed.at
    deed.session.flush()
    deed.record("alarm", row.id, before, _state(row))
    alarm = as_message(deed.session, row)
    notifications.announce(deed.session, alarm, deed.at, row.ended_at)
    return alarm


def _state(row: Alarm) -> dict[str, object]:
    return {
        "place": row.place,
        "code": row.code,
        "state": row.state,
        "comment": row.comment,
        "shelved_until": None if row.shelved_until is None else row.shelved_until.isoformat(),
    }
