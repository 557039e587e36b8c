"""Ways on which people are told of alarms besides Discord, and the messages that wait to go out on them.

A way has a key, which `notification.channel` carries: `c-…` for a channel, `p-…` for a person's own e-mail. Secrets
are not here: `secret` is the name of a file in the folder that the setting `watchdog.secrets` names.
"""

from datetime import datetime

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from schemas.tables.base import Base, UtcDateTime


class Channel(Base):
    """A way of telling. `places` has what may be told on it, `["*"]` for all; nothing is told while it is empty.

    `delay` seconds: it is told only of alarms that nobody has attended to by then. More than `digest` messages within
    a minute become one.
    """

    __tablename__ = "channel"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    key: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(64))
    enabled: Mapped[bool] = mapped_column(Boolean)
    severity: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(8))
    places: Mapped[list[str]] = mapped_column(JSON)
    delay: Mapped[int] = mapped_column(Integer)
    digest: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class PersonNotification(Base):
    """Whether and when a person is told by e-mail. Quiet hours in minutes of the station's day; NULL: none."""

    __tablename__ = "person_notification"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    enabled: Mapped[bool] = mapped_column(Boolean)
    severity: Mapped[str] = mapped_column(String(20))
    delay: Mapped[int] = mapped_column(Integer)
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChannelState(Base):
    """How a way of telling does, written by whoever sends on it; and the test that was asked for last.

    `fault` is a word that `facility.alarms.faults` explains: never what a server said, which may hold a secret.
    """

    __tablename__ = "channel_state"

    key: Mapped[str] = mapped_column(String(20), primary_key=True)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str] = mapped_column(String(20))
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    test_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    test_done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    test_fault: Mapped[str] = mapped_column(String(20))


class OutgoingMessage(Base):
    """A message with its words, made in the transaction that takes its alarms from the outbox; kept for days.

    `batch` goes out with it where the way has a place for it, so that a receiver can tell a repeat.
    """

    __tablename__ = "outgoing_message"
    __table_args__ = (Index(None, "channel", "sent_at"), Base.__table_args__)

    batch: Mapped[str] = mapped_column(String(25), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(250))
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
