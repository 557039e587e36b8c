"""Logging in: the same answer after the same time, whether the account exists or not."""

import logging
import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, anonymous_transaction
from facility.acting.fields import fold
from facility.acting.permissions import Act, Role
from facility.acting.refusals import Conflict, NotLoggedIn
from facility.acting.user_messages import UserMessage, message
from facility.people.directory import Directory, DirectoryAway, DirectoryPerson
from facility.people.passwords import Passwords
from facility.people.people import find_person, refuse_without_admin, snapshot
from facility.people.sessions import Lifetimes, open_session
from facility.people.throttling import begin_attempt, end_attempt
from schemas.tables import Person
from storage.database import Sessions

log = logging.getLogger(__name__)

WRONG = message("Wrong login name or password.")
NOT_ACTIVE: dict[str, UserMessage] = {
    "pending": message("Your registration waits for an admin's approval."),
    "refused": message("Your registration was refused: ask the station's admins."),
    "deactivated": message("This account is not active: ask the station's admins."),
}


@dataclass(frozen=True, slots=True)
class Gate:
    """All that a login needs besides what the person typed."""

    sessions: Sessions
    passwords: Passwords
    lifetimes: Lifetimes
    directory: Directory | None = None


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`secret` goes into the cookie; it is known here only."""

    secret: str
    person_id: int
    locale: str | None


def log_in(gate: Gate, visitor: Actor, login: str, password: str, agent: str) -> LoggedIn:
    """Start a session, or raise NotLoggedIn (the same for a wrong name and a wrong password) or TooManyAttempts."""
    login = login.strip()
    attempt = begin_attempt(gate.sessions, login, visitor.address)
    with gate.sessions.reading() as session:
        known = find_person(session, login)
    # Always hashed, also for who is not known: the answer takes as long.
    fits = gate.passwords.verify(None if known is None else known.password_hash, password)
    entry = None
    if gate.directory is not None and (known is None or known.password_hash is None):
        entry = _ask(gate.directory, known.login if known is not None else login, password)
    if not fits and entry is None:
        raise NotLoggedIn(WRONG)
    end_attempt(gate.sessions, attempt)
    with anonymous_transaction(gate.sessions, visitor, Act.LOG_IN, guard_admins=entry is not None) as context:
        person = context.session.get(Person, known.id) if entry is None and known is not None else None
        if entry is not None and gate.directory is not None:
            person = _from_directory(context, entry, gate.directory)
        if person is None:
            raise NotLoggedIn(WRONG)
        refusal, done = NOT_ACTIVE.get(person.state), None
        if refusal is None:
            if fits and person.password_hash is not None and gate.passwords.outdated(person.password_hash):
                person.password_hash = gate.passwords.hash(password)
            person.last_login_at = context.at
            actor = Actor(person.id, person.login, person.name, Role(person.role), "web", visitor.address)
            own = ActContext(context.session, actor, Act.LOG_IN, context.at)
            done = LoggedIn(open_session(own, person, agent, gate.lifetimes), person.id, person.locale)
            own.record("person", person.id)
    # Raised after the commit: a new person from the directory waits for approval and must not be forgotten.
    if refusal is not None or done is None:
        raise NotLoggedIn(refusal or WRONG)
    return done


def _ask(directory: Directory, login: str, password: str) -> DirectoryPerson | None:
    try:
        return directory.authenticate(login, password)
    except DirectoryAway as away:
        log.warning("a directory login was not possible: %s", away)
        raise NotLoggedIn(
            message("The directory does not answer: accounts from the directory cannot log in now.")
        ) from away


def _from_directory(context: ActContext, entry: DirectoryPerson, directory: Directory) -> Person | None:
    """Return the person of a directory entry, made or brought up to date; never a local account."""
    session = context.session
    person = session.scalar(select(Person).where(Person.directory_id == entry.dn[:255]))
    actor = Actor(None, "directory", "", None, "directory", context.actor.address)
    own = ActContext(session, actor, Act.PERSON_CHANGE, context.at)
    if person is None:
        login = re.sub(r"[^a-z0-9._-]+", ".", fold(entry.login)).strip("._-")[:64]
        if not login or session.scalar(select(Person.id).where(Person.login == login)) is not None:
            return None
        role = entry.role or directory.default_role
        person = Person(
            login=login,
            name=entry.name[:200],
            email=_free_email(session, entry.email),
            directory_id=entry.dn[:255],
            state="pending" if role is None else "active",
            role=(role or Role.MEMBER).value,
            note="",
            created_at=context.at,
            updated_at=context.at,
            version=1,
        )
        session.add(person)
        session.flush()
        own.record("person", person.id, after=snapshot(person), act=Act.PERSON_ADD)
    elif directory.gives_roles:
        _bring_role(own, person, entry.role or directory.default_role or Role.MEMBER)
    return person


def _bring_role(own: ActContext, person: Person, role: Role) -> None:
    """Give the role that the directory's groups say, unless the station would be left without an admin."""
    before = snapshot(person)
    if before["role"] == role.value:
        return
    person.role = role.value
    if before["role"] == Role.ADMIN.value and person.state == "active":
        try:
            refuse_without_admin(own.session)
        except Conflict:
            log.warning("the directory no longer makes the last admin an admin: the role stays")
            person.role = Role.ADMIN.value
            return
    person.version += 1
    person.updated_at = own.at
    own.record("person", person.id, before, snapshot(person))


def _free_email(session: Session, email: str | None) -> str | None:
    """Return the address unless a local account has it: an address alone proves nothing."""
    if email is None or len(email) > 254 or "@" not in email:
        return None
    taken = session.scalar(select(Person.id).where(Person.email == email.lower()))
    return None if taken is not None else email.lower()
