"""Browsers that are logged in. The cookie holds a random text, the table its hash."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction, read_transaction
from facility.acting.permissions import Act, Role
from facility.acting.refusals import NotFound
from facility.acting.secret_texts import digest, new_secret
from facility.acting.user_messages import message
from facility.people.last_seen import LastSeen
from schemas import times
from schemas.tables import LoginSession, Person
from storage.database import Reads, Sessions

# How often `seen_at` is noted at most: not with every request.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """A session ends after `idle` without a request, and after `absolute` in any case.

    Sessions and tokens of people of the directory rest `unchecked` after it last confirmed them.
    """

    idle: timedelta = timedelta(hours=12)
    absolute: timedelta = timedelta(days=7)
    unchecked: timedelta = timedelta(hours=12)


class SessionView(BaseModel):
    """One of a person's own sessions."""

    id: int
    created_at: datetime
    seen_at: datetime
    address: str
    agent: str
    current: bool


def open_session(context: ActContext, person: Person, agent: str, lifetimes: Lifetimes) -> str:
    """Start a session and return its secret; sessions that are over are forgotten."""
    secret = new_secret()
    over = or_(LoginSession.expires_at <= context.at, LoginSession.seen_at <= context.at - lifetimes.idle)
    context.session.execute(delete(LoginSession).where(over))
    context.session.add(
        LoginSession(
            token_hash=digest(secret),
            person_id=person.id,
            created_at=context.at,
            seen_at=context.at,
            expires_at=context.at + lifetimes.absolute,
            address=context.actor.address,
            agent=agent[:255],
        )
    )
    return secret


def actor_of_session(
    sessions: Reads, secret: str, address: str, lifetimes: Lifetimes, seen: LastSeen | None = None
) -> Actor | None:
    """Return who a session cookie belongs to; None when it is unknown, over, or its person not active.

    That it was used is noted in `seen`, now and then.
    """
    now = times.now()
    with sessions.reading() as session:
        found = session.execute(
            select(LoginSession, Person)
            .join(Person, Person.id == LoginSession.person_id)
            .where(LoginSession.token_hash == digest(secret))
        ).one_or_none()
        if found is None:
            return None
        login, person = found
        over = login.expires_at <= now or login.seen_at <= now - lifetimes.idle
        if over or not may_act(person, now, lifetimes):
            return None
        actor = Actor(person.id, person.login, person.name, Role(person.role), "web", address, person.locale)
        if seen is not None and login.seen_at <= now - SEEN_EVERY:
            seen.session(login.id, now)
    return actor


def may_act(person: Person, now: datetime, lifetimes: Lifetimes) -> bool:
    """Tell whether a person's sessions and tokens work: active, and lately confirmed where a directory has them."""
    if person.state != "active":
        return False
    checked = person.directory_checked_at
    return person.directory_id is None or (checked is not None and checked > now - lifetimes.unchecked)


def list_sessions(sessions: Reads, actor: Actor, secret: str) -> list[SessionView]:
    """Return the actor's own sessions, the newest first."""
    with read_transaction(sessions, actor, Act.ACCOUNT_READ) as session:
        rows = session.scalars(
            select(LoginSession)
            .where(LoginSession.person_id == actor.id)
            .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
        )
        return [
            SessionView(
                id=row.id,
                created_at=row.created_at,
                seen_at=row.seen_at,
                address=row.address,
                agent=row.agent,
                current=row.token_hash == digest(secret),
            )
            for row in rows
        ]


def end_session(sessions: Sessions, actor: Actor, number: int) -> None:
    """End one of the actor's own sessions."""
    with act_transaction(sessions, actor, Act.SESSION_END) as context:
        row = context.session.get(LoginSession, number)
        if row is None or row.person_id != actor.id:
            raise NotFound(message("There is no such session."))
        context.session.delete(row)
        context.record("session", number, before={"address": row.address, "agent": row.agent})


def log_out(sessions: Sessions, actor: Actor, secret: str) -> None:
    """End the session of this cookie; nothing happens when it is over already."""
    with act_transaction(sessions, actor, Act.LOG_OUT) as context:
        row = context.session.scalar(select(LoginSession).where(LoginSession.token_hash == digest(secret)))
        if row is not None and row.person_id == actor.id:
            context.session.delete(row)
            context.record("person", actor.id)


def end_session_of(session: Session, secret: str) -> None:
    """End the session of this cookie, if there is one: part of another act."""
    if secret:
        session.execute(delete(LoginSession).where(LoginSession.token_hash == digest(secret)))


def end_all(session: Session, person_id: int, but: str | None = None) -> None:
    """End a person's sessions, except the one of the cookie `but`: part of another act."""
    others = LoginSession.person_id == person_id
    kept = LoginSession.token_hash != digest(but) if but is not None else LoginSession.id.is_not(None)
    session.execute(delete(LoginSession).where(others, kept))
