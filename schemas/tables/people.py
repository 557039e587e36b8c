"""People, what proves who they are, and the record of what they did. Only `facility` writes here.

Of passwords, sessions, tokens and links only hashes are kept: who reads the tables cannot log in with them.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, SmallInteger, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from schemas.tables.base import Base, UtcDateTime
from schemas.tables.telemetry import BigId


class Role(Base):
    """What a person may do; a higher rank may do all that a lower one may."""

    __tablename__ = "role"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    rank: Mapped[int] = mapped_column(SmallInteger)


class Person(Base):
    """A person, never deleted: the history names them. `password_hash` is NULL where a directory keeps it."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    login: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    # What the directory never changes and gives to nobody else; until it is seen again, the DN of an older Octopus.
    directory_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    directory_dn: Mapped[str | None] = mapped_column(String(1000))
    # The role that its groups gave when it was asked last; NULL where they gave none.
    directory_role: Mapped[str | None] = mapped_column(String(20))
    directory_checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Deactivated because the directory no longer has them, or their group: it may also take this back.
    directory_withdrawn: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    state: Mapped[str] = mapped_column(String(20))
    role: Mapped[str] = mapped_column(ForeignKey("role.code"))
    locale: Mapped[str | None] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(String(1000))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)


class LoginSession(Base):
    """A browser that is logged in: ends when it is idle too long, at `expires_at`, or when it is ended."""

    __tablename__ = "session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(255))


class ApiToken(Base):
    """An API token. `hint` is its first characters, by which its owner recognizes it."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(20))
    hint: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeLink(Base):
    """A link that does one thing for one person, once."""

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginAttempt(Base):
    """Attempts to log in, for slowing guesses down. `account` is a hash: people type passwords into that field."""

    __tablename__ = "login_attempt"
    __table_args__ = (
        Index(None, "address", "at"),
        Index(None, "account", "at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    account: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    succeeded: Mapped[bool] = mapped_column(Boolean)


class AuditEvent(Base):
    """Who changed what, when and how. Triggers refuse to change or delete a line."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index(None, "subject", "subject_id"),
        Index(None, "actor_id", "at"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    actor: Mapped[str] = mapped_column(String(64), index=True)
    via: Mapped[str] = mapped_column(String(20))
    address: Mapped[str] = mapped_column(String(64))
    act: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class AuditExperiment(Base):
    """Which experiments a line of the audit concerns: its own lines and its comings and goings in cells.

    No foreign key to the experiment: the audit outlives what it speaks of.
    """

    __tablename__ = "audit_experiment"

    experiment_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(
        ForeignKey("audit_event.id"), primary_key=True, autoincrement=False, index=True
    )
    event: Mapped[AuditEvent] = relationship()
