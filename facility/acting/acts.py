"""How an act is done: permission checked in the transaction that does it and writes its audit line."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.permissions import Act, Role, allowed, require
from facility.acting.refusals import NotLoggedIn
from facility.acting.user_messages import message
from schemas import times
from schemas.tables import AuditEvent, AuditExperiment, Person
from schemas.tables import Role as RoleRow
from storage.database import Reads, ReadSession, Sessions

Via = Literal["web", "api", "bot", "command", "directory"]
State = Literal["pending", "active", "refused", "deactivated"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The person that acts and the channel. `id` is None for a command on the server itself and without login.

    `read_only` and `expires_at` are those of the token presented.
    """

    id: int | None
    login: str
    name: str
    role: Role | None
    via: Via
    address: str = ""
    locale: str | None = None
    read_only: bool = False
    expires_at: datetime | None = None

    def may(self, act: Act) -> bool:
        """Return whether the role allows an act, for buttons; the act itself asks again."""
        return allowed(self.role, act, read_only=self.read_only)


def command(name: str) -> Actor:
    """Return the actor for a command on the server: who can run it could also write to the database."""
    return Actor(None, f"command:{name}"[:64], name, Role.ADMIN, "command")


def nobody(via: Via, address: str) -> Actor:
    """Return the actor for a visitor who has not logged in."""
    return Actor(None, "", "", None, via, address)


@dataclass(frozen=True, slots=True)
class ActContext:
    """An act while it is done: its transaction, who does it, and the one instant that it happens at."""

    session: Session
    actor: Actor
    act: Act
    at: datetime

    def record(
        self,
        subject: str,
        subject_id: object,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        *,
        act: Act | None = None,
    ) -> None:
        """Write the audit line into the same transaction. Values must be JSON and hold no secret."""
        event = AuditEvent(
            at=self.at,
            actor_id=self.actor.id,
            actor=self.actor.login,
            via=self.actor.via,
            address=self.actor.address,
            act=act or self.act,
            subject=subject,
            subject_id=str(subject_id),
            before=before,
            after=after,
        )
        self.session.add(event)
        for number in _experiments(subject, subject_id, before, after):
            self.session.add(AuditExperiment(experiment_id=number, event=event))


def _experiments(subject: str, subject_id: object, *parts: dict[str, Any] | None) -> set[int]:
    """Return the numbers of the experiments whose history a line of the audit belongs to."""
    if subject == "experiment":
        return {int(str(subject_id))}
    if subject != "cell":
        return set()
    numbers = {(part or {}).get("experiment") for part in parts}
    return {number for number in numbers if isinstance(number, int)}


@contextmanager
def act_transaction(sessions: Sessions, actor: Actor, act: Act, *, guard_admins: bool = False) -> Iterator[ActContext]:
    """Do an act in one transaction: rolled back by any exception, committed when the block ends.

    `guard_admins` lets only one act at a time change who is an admin, so that two cannot remove each other.
    """
    require(actor.role, act, read_only=actor.read_only)
    with sessions() as session, session.begin():
        if guard_admins:
            lock_admins(session)
        _still_allowed(session, actor, act)
        yield ActContext(session, actor, act, times.now())


@contextmanager
def anonymous_transaction(
    sessions: Sessions, actor: Actor, act: Act, *, guard_admins: bool = False
) -> Iterator[ActContext]:
    """As `act_transaction`, for what needs no login: registering, logging in, using a one-time link."""
    with sessions() as session, session.begin():
        if guard_admins:
            lock_admins(session)
        yield ActContext(session, actor, act, times.now())


@contextmanager
def read_transaction(sessions: Reads, actor: Actor, act: Act) -> Iterator[ReadSession]:
    """Check the permission and read; nothing can be written."""
    require(actor.role, act, read_only=actor.read_only)
    with sessions.reading() as session:
        yield session


def lock_admins(session: Session) -> None:
    """Lock the rows of the admins, so that two changes of who is admin do not overlap."""
    session.execute(select(RoleRow.code).where(RoleRow.code == Role.ADMIN.value).with_for_update())


def _still_allowed(session: Session, actor: Actor, act: Act) -> None:
    """Ask the database, not the request: a role may have been taken away since it came in."""
    if actor.id is None:
        return
    person = session.get(Person, actor.id)
    if person is None or person.state != "active":
        raise NotLoggedIn(message("This account is not active."))
    require(Role(person.role), act, read_only=actor.read_only)
