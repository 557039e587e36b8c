"""Messages that go out on a channel: made with their words in the transaction that takes the alarms from the outbox.

One at a time for each channel. A message that may have arrived before a crash is sent again under its old name and
with its old words, so that a receiver can tell the repeat; what changed meanwhile is in the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from facility.alarms.faults import Fault
from facility.alarms.targets import Target, Told, decide
from facility.alarms.wording import Line, message_words
from schemas import messages
from schemas.tables import ChannelState, Notification, OutgoingMessage
from storage.database import Sessions

# What was sent is kept so long, to answer "was I told?".
KEPT = timedelta(days=30)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as the sender needs it."""

    batch: str
    title: str
    body: str
    made_at: datetime


def next_message(
    sessions: Sessions, target: Target, now: datetime, zone: ZoneInfo, web_address: str | None
) -> Outgoing | None:
    """Return the message that goes out next: the one that has not arrived, else a new one about what waits."""
    with sessions() as session, session.begin():
        held = session.scalar(
            select(OutgoingMessage)
            .where(OutgoingMessage.channel == target.key, OutgoingMessage.sent_at.is_(None))
            .order_by(OutgoingMessage.made_at)
            .limit(1)
        )
        if held is not None:
            return Outgoing(held.batch, held.title, held.body, held.made_at)
        rows = _due(session, target, now, zone)
        if not rows:
            return None
        recent = session.scalar(
            select(func.count())
            .select_from(OutgoingMessage)
            .where(OutgoingMessage.channel == target.key, OutgoingMessage.made_at > now - MINUTE)
        )
        room = target.digest - (recent or 0)
        critical = any(row.content["severity"] == "critical" for row in rows)
        if room <= 0 and not critical:
            # A storm: gather until the minute is over.
            return None
        told = rows if len(rows) > room else rows[:1]
        title, body = message_words([_line(row) for row in told], target.language, zone, web_address)
        made = OutgoingMessage(batch=token_hex(8), channel=target.key, title=title, body=body, made_at=now)
        session.add(made)
        for row in told:
            row.batch, row.sent_revision, row.waiting = made.batch, row.revision, False
            row.told, row.failure = _told(row).news, ""
        return Outgoing(made.batch, title, body, now)


def with_work(session: Session) -> set[str]:
    """Return the keys of the channels for which anything waits."""
    rows = select(Notification.channel).where(Notification.waiting.is_(True)).distinct()
    unsent = select(OutgoingMessage.channel).where(OutgoingMessage.sent_at.is_(None)).distinct()
    return {*session.scalars(rows), *session.scalars(unsent)}


def arrived(sessions: Sessions, target: Target, batch: str, at: datetime) -> None:
    """Note that the channel has a message."""
    with sessions() as session, session.begin():
        message = session.get(OutgoingMessage, batch)
        if message is not None:
            message.sent_at = at
        note_state(session, target.key, "", at)


def forget_old(sessions: Sessions, at: datetime) -> None:
    """Delete messages that were sent long ago; by their names, so that nothing else is locked."""
    with sessions() as session:
        old = session.scalars(
            select(OutgoingMessage.batch).where(
                OutgoingMessage.made_at < at - KEPT, OutgoingMessage.sent_at.is_not(None)
            )
        ).all()
    if old:
        with sessions() as session, session.begin():
            session.execute(delete(OutgoingMessage).where(OutgoingMessage.batch.in_(old[:500])))


def refused(sessions: Sessions, key: str, fault: Fault, at: datetime) -> None:
    """Note that a channel fails, and since when."""
    with sessions() as session, session.begin():
        note_state(session, key, fault, at)


def note_state(session: Session, key: str, fault: str, at: datetime) -> None:
    """Write how a channel does; an empty fault means that it took a message."""
    row = _state(session, key)
    if fault:
        row.failing_since, row.fault = row.failing_since or at, fault
    else:
        row.failing_since, row.fault, row.sent_at = None, "", at


def ask_test(session: Session, key: str, at: datetime) -> None:
    """Ask for a message that only says that the channel works; the watchdog sends it."""
    row = _state(session, key)
    row.test_asked_at, row.test_done_at, row.test_fault = at, None, ""


def tests_asked(session: Session) -> dict[str, datetime]:
    """Return the channels that a test is asked for, and when it was."""
    rows = session.scalars(
        select(ChannelState).where(ChannelState.test_asked_at.is_not(None), ChannelState.test_done_at.is_(None))
    )
    return {row.key: row.test_asked_at for row in rows if row.test_asked_at is not None}


def tested(sessions: Sessions, key: str, asked_at: datetime, fault: str, at: datetime) -> None:
    """Note what became of a test; one that was asked for again meanwhile goes on waiting."""
    with sessions() as session, session.begin():
        row = _state(session, key)
        if row.test_asked_at == asked_at:
            row.test_done_at, row.test_fault = at, fault
        if not fault:
            row.failing_since, row.fault = None, ""


def forget(session: Session, key: str) -> None:
    """Remove what waits for a channel that is removed."""
    for table, column in (
        (Notification, Notification.channel),
        (OutgoingMessage, OutgoingMessage.channel),
        (ChannelState, ChannelState.key),
    ):
        session.execute(delete(table).where(column == key))


def _due(session: Session, target: Target, now: datetime, zone: ZoneInfo) -> Sequence[Notification]:
    waiting = session.scalars(
        select(Notification.id).where(Notification.channel == target.key, Notification.waiting.is_(True))
    ).all()
    # Locked by their numbers, as whoever announces does it: two that lock in another order wait for each other.
    rows = session.scalars(
        select(Notification)
        .where(Notification.id.in_(waiting), Notification.waiting.is_(True))
        .order_by(Notification.created_at, Notification.id)
        .with_for_update()
    ).all()
    due = []
    for row in rows:
        verdict = decide(target, _told(row), now, zone)
        if verdict == "tell":
            due.append(row)
        elif verdict == "settled":
            row.waiting = False
    return due


def _told(row: Notification) -> Told:
    return Told(messages.Alarm.model_validate(row.content), row.over, row.created_at, row.told)


def _line(row: Notification) -> Line:
    told = _told(row)
    return Line(told.alarm, told.phase, row.ended_at)


def _state(session: Session, key: str) -> ChannelState:
    row = session.get(ChannelState, key, with_for_update=True)
    if row is None:
        row = ChannelState(key=key, fault="", test_fault="")
        session.add(row)
        session.flush()
    return row
