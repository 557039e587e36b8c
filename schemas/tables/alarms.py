"""Alarms, what must still be told about them, and which Discord account is whose.

An alarm's state is written by the watchdog and, on a person's act, by `facility`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Computed,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Double

from schemas.tables.base import Base, UtcDateTime
from schemas.tables.telemetry import BigId


class Alarm(Base):
    """An alarm from its raising to its end; `open` is NULL once it is over, so a place has each code once.

    `state` is what people see (that of `schemas.messages.Alarm`), and `ended` when it is over; `active` tells whether
    the condition holds, `level` how many levels of its rule were reached, `count` how often it came back.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        UniqueConstraint("place", "code", "open"),
        Index(None, "cell_id", "since"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(64))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id"))
    parameter_id: Mapped[int | None] = mapped_column(ForeignKey("parameter.id"))
    severity: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open: Mapped[int | None] = mapped_column(
        SmallInteger, Computed("CASE WHEN ended_at IS NULL THEN 1 END", persisted=False)
    )
    value: Mapped[float | None] = mapped_column(Double)
    threshold: Mapped[float | None] = mapped_column(Double)
    text_fr: Mapped[str] = mapped_column(String(500))
    text_en: Mapped[str] = mapped_column(String(500))
    guidance_fr: Mapped[str | None] = mapped_column(String(1000))
    guidance_en: Mapped[str | None] = mapped_column(String(1000))
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    comment: Mapped[str] = mapped_column(String(1000))
    shelved_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    shelved_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(32), default="")
    level: Mapped[int] = mapped_column(SmallInteger, default=1)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    count: Mapped[int] = mapped_column(Integer, default=1)
    suppressed_by: Mapped[str | None] = mapped_column(String(129))


class AlarmEvent(Base):
    """A transition of an alarm. `change` is that of `telemetry.alarms.engine`, or a person's act."""

    __tablename__ = "alarm_event"
    __table_args__ = (Index(None, "alarm_id", "at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    alarm_id: Mapped[int] = mapped_column(ForeignKey("alarm.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    change: Mapped[str] = mapped_column(String(20))
    from_state: Mapped[str] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(20))
    value: Mapped[float | None] = mapped_column(Double)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    comment: Mapped[str] = mapped_column(String(1000))


class AlarmCondition(Base):
    """What the watchdog remembers of a watched condition between two looks, so that a restart changes nothing.

    `beyond` has for each level of the rule the instant since which it has been beyond, as text.
    """

    __tablename__ = "alarm_condition"

    place: Mapped[str] = mapped_column(String(64), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    beyond: Mapped[list[str | None]] = mapped_column(JSON)
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suppressed_by: Mapped[str | None] = mapped_column(String(129))
    recovering_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    out_of_service: Mapped[bool] = mapped_column(Boolean, index=True)
    out_of_service_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    comment: Mapped[str] = mapped_column(String(1000))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlarmRule(Base):
    """One level of a rule as people set it; the site file holds where there is none.

    `scope` spells kind, severity, parameter, cell and experiment out, so that each is set once.
    """

    __tablename__ = "alarm_rule"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    scope: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    severity: Mapped[str] = mapped_column(String(20))
    parameter_id: Mapped[int | None] = mapped_column(ForeignKey("parameter.id"))
    cell_id: Mapped[int | None] = mapped_column(ForeignKey("cell.id"))
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey("experiment.id"))
    threshold: Mapped[float] = mapped_column(Double)
    delay: Mapped[float] = mapped_column(Double)
    enabled: Mapped[bool] = mapped_column(Boolean)
    guidance_fr: Mapped[str] = mapped_column(String(1000))
    guidance_en: Mapped[str] = mapped_column(String(1000))
    link: Mapped[str] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Lease(Base):
    """Who leads among several processes of one service; whoever holds it writes, until the database's clock says no."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Canary(Base):
    """The newest numbered canary of a sender that came all the way through broker and ingestor."""

    __tablename__ = "canary"

    sender: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Notification(Base):
    """What a channel must be told of one alarm: its newest content, and how much of it was told.

    `revision` rises with each change, `sent_revision` follows when the channel has it. `batch` names the message
    that is about to be, or was, sent; rows of one batch share it. `message_id` is the channel's own name for it.
    Where a message cannot be changed once it is sent, `told` is what people were last told: severity and phase.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("channel", "alarm_id"),
        Index(None, "channel", "waiting"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    channel: Mapped[str] = mapped_column(String(20))
    # No foreign key: an alarm may be known by its message alone.
    alarm_id: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[str] = mapped_column(String(64), index=True)
    code: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    over: Mapped[bool] = mapped_column(Boolean)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(Integer)
    sent_revision: Mapped[int] = mapped_column(Integer)
    waiting: Mapped[bool] = mapped_column(Boolean)
    batch: Mapped[str | None] = mapped_column(String(25), index=True)
    channel_id: Mapped[str | None] = mapped_column(String(32))
    message_id: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(Integer)
    failure: Mapped[str] = mapped_column(String(500))
    told: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DiscordLink(Base):
    """A Discord account that speaks for a person; one each way."""

    __tablename__ = "discord_link"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    discord_id: Mapped[str] = mapped_column(String(32), unique=True)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DiscordLinkCode(Base):
    """The code that a person was shown last, as a hash; used once, within minutes."""

    __tablename__ = "discord_link_code"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DiscordCommands(Base):
    """The slash commands that Discord was last given, so that they are sent again only when they differ."""

    __tablename__ = "discord_commands"

    application_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    guild_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    synced_at: Mapped[datetime] = mapped_column(UtcDateTime)
