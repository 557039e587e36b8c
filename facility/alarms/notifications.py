"""The outbox of what must be told about alarms: written in the transaction that causes it, emptied by a channel.

A row holds an alarm's newest content. What changed and back again before anybody could be told is told once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facility.alarms.messages import as_message
from facility.alarms.targets import read_targets
from schemas import messages
from schemas.tables import Alarm, Notification
from storage.database import Sessions

# The bot's own; it edits its messages, so it is told every change.
DISCORD = "discord"

# Who switches a channel on after months does not want to hear all that happened since.
OUTDATED = timedelta(days=7)

# A value that moves is no news; these are.
_NEWS = ("severity", "state", "text", "guidance", "acknowledged_by", "shelved_until", "since")


@dataclass(frozen=True, slots=True)
class Item:
    """A notification as a channel sees it."""

    id: int
    alarm: messages.Alarm
    over: bool
    ended_at: datetime | None
    revision: int
    waiting: bool
    batch: str | None
    channel_id: str | None
    message_id: str | None
    attempts: int
    created_at: datetime


def announce(session: Session, alarm: messages.Alarm, at: datetime, ended_at: datetime | None = None) -> bool:
    """Put an alarm's state into every channel's outbox; tell whether there is something new in it.

    Call it in the transaction that changes the alarm.
    """
    news = [_announce(session, DISCORD, alarm, at, ended_at)]
    for target in read_targets(session):
        known = _find(session, target.key, alarm.id) is not None
        # Who was not told that it began is not told that it is over.
        if known or (ended_at is None and target.concerns(alarm)):
            news.append(_announce(session, target.key, alarm, at, ended_at))
    return any(news)


def heard(session: Session, alarm: messages.Alarm, at: datetime) -> bool:
    """Take note of an alarm's message: where the database has the alarm too, the database is right."""
    others = session.scalars(
        select(Notification).where(
            Notification.place == alarm.place,
            Notification.code == alarm.code,
            Notification.over.is_(False),
            Notification.alarm_id != alarm.id,
        )
    )
    # A topic holds one alarm: an earlier one of this place and code went away unseen.
    news = [_end(session, row, at) for row in others]
    row = session.get(Alarm, alarm.id)
    if row is not None and (row.place, row.code) == (alarm.place, alarm.code):
        news.append(announce(session, as_message(session, row), at, row.ended_at))
    else:
        news.append(announce(session, alarm, at))
    return any(news)


def heard_end(session: Session, place: str, code: str, at: datetime) -> bool:
    """Take note that an alarm's topic is empty: it is over, unless the database says that it is not."""
    rows = session.scalars(
        select(Notification).where(Notification.place == place, Notification.code == code, Notification.over.is_(False))
    )
    news = [_end(session, row, at) for row in rows]
    return any(news)


def heard_all(session: Session, topics: Collection[tuple[str, str]], at: datetime) -> bool:
    """Given every (place, code) that has a message now, end those that went away unseen."""
    rows = session.scalars(select(Notification).where(Notification.over.is_(False))).all()
    news = [_end(session, row, at) for row in rows if (row.place, row.code) not in topics]
    return any(news)


def waiting(session: Session, channel: str, at: datetime, limit: int = 500) -> list[Item]:
    """Return what the channel must still be told, oldest first."""
    rows = session.scalars(
        select(Notification)
        .where(
            Notification.channel == channel,
            Notification.waiting.is_(True),
            or_(
                Notification.ended_at.is_(None),
                Notification.message_id.is_not(None),
                Notification.ended_at > at - OUTDATED,
            ),
        )
        .order_by(Notification.created_at, Notification.id)
        .limit(limit)
    )
    return [_item(row) for row in rows]


def of_batches(session: Session, channel: str, batches: Collection[str]) -> list[Item]:
    """Return everything that is told by these messages, whether it waits or not."""
    rows = session.scalars(
        select(Notification)
        .where(Notification.channel == channel, Notification.batch.in_(batches))
        .order_by(Notification.created_at, Notification.id)
    )
    return [_item(row) for row in rows]


def count_waiting(session: Session, channel: str) -> int:
    """Return how many notifications the channel has not sent in their newest form."""
    of_channel = (Notification.channel == channel, Notification.waiting.is_(True))
    return session.scalar(select(func.count()).select_from(Notification).where(*of_channel)) or 0


def claim(sessions: Sessions, items: Sequence[Item], batch: str) -> None:
    """Name the message that is about to be sent, before it is: a repeat after a crash is then recognised."""
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.batch, row.message_id = batch, None


def attempt(sessions: Sessions, items: Sequence[Item]) -> None:
    """Count a try, before it is made."""
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.attempts += 1


def sent(sessions: Sessions, items: Sequence[Item], channel_id: str, message_id: str, at: datetime) -> None:
    """Note that the channel holds these revisions; one that changed meanwhile goes on waiting."""
    told = {item.id: item.revision for item in items}
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.channel_id, row.message_id, row.sent_at = channel_id, message_id, at
            row.sent_revision, row.attempts, row.failure = told[row.id], 0, ""
            row.waiting = row.revision != told[row.id]


def posted(sessions: Sessions, items: Sequence[Item], channel_id: str, message_id: str) -> None:
    """Note that the channel holds the message, perhaps with an older content: it goes on waiting for an edit."""
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.channel_id, row.message_id, row.waiting = channel_id, message_id, True


def withheld(sessions: Sessions, items: Sequence[Item], reason: str) -> None:
    """Note that these are not told, and why; a later change is looked at anew."""
    revisions = {item.id: item.revision for item in items}
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            if row.revision == revisions[row.id]:
                row.waiting, row.failure = False, reason[:500]


def failed(sessions: Sessions, items: Sequence[Item], reason: str) -> None:
    """Keep the reason why these are not sent yet."""
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.failure = reason[:500]


def lost(sessions: Sessions, items: Sequence[Item]) -> None:
    """Forget a message that somebody deleted: what is over needs no other, the rest is sent anew."""
    with sessions() as session, session.begin():
        for row in _rows(session, items):
            row.batch, row.message_id, row.attempts = None, None, 0
            row.waiting = not row.over


def _announce(session: Session, channel: str, alarm: messages.Alarm, at: datetime, ended_at: datetime | None) -> bool:
    row = _find(session, channel, alarm.id)
    content = alarm.model_dump(mode="json")
    if row is None:
        row = Notification(
            channel=channel, alarm_id=alarm.id, place=alarm.place, code=alarm.code, content=content,
            over=ended_at is not None, ended_at=ended_at, revision=1, sent_revision=0, waiting=True, attempts=0,
            failure="", told="", created_at=at, changed_at=at,
        )  # fmt: skip
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            # Somebody else announced it between our look and our insert.
            row = _find(session, channel, alarm.id)
            if row is None:
                raise
        else:
            return True
    news = any(row.content.get(name) != content.get(name) for name in _NEWS)
    if not news and row.over == (ended_at is not None):
        return False
    row.content, row.over, row.ended_at = content, ended_at is not None, ended_at
    _changed(row, at)
    return True


def _find(session: Session, channel: str, alarm_id: int) -> Notification | None:
    return session.scalar(
        select(Notification).where(Notification.channel == channel, Notification.alarm_id == alarm_id).with_for_update()
    )


def _end(session: Session, row: Notification, at: datetime) -> bool:
    alarm = session.get(Alarm, row.alarm_id)
    if alarm is not None and (alarm.place, alarm.code) == (row.place, row.code):
        return announce(session, as_message(session, alarm), at, alarm.ended_at)
    row.over, row.ended_at = True, at
    _changed(row, at)
    return True


def _changed(row: Notification, at: datetime) -> None:
    row.revision += 1
    row.changed_at, row.waiting = at, True


def _rows(session: Session, items: Sequence[Item]) -> Sequence[Notification]:
    ids = [item.id for item in items]
    return session.scalars(select(Notification).where(Notification.id.in_(ids)).with_for_update()).all()


def _item(row: Notification) -> Item:
    return Item(
        row.id,
        messages.Alarm.model_validate(row.content),
        row.over,
        row.ended_at,
        row.revision,
        row.waiting,
        row.batch,
        row.channel_id,
        row.message_id,
        row.attempts,
        row.created_at,
    )
