"""Logging in: the same answer after the same time, whether the account exists or not."""

import logging
from dataclasses import dataclass

from facility.acting.acts import ActContext, Actor, anonymous_transaction
from facility.acting.fields import clean_login
from facility.acting.permissions import Act, Role
from facility.acting.refusals import NotLoggedIn
from facility.acting.user_messages import UserMessage, message
from facility.people.directory import Directory, DirectoryAway
from facility.people.directory_people import identity_of, person_of_entry
from facility.people.passwords import Passwords
from facility.people.people import find_person
from facility.people.sessions import Lifetimes, end_session_of, open_session
from facility.people.throttling import begin_attempt, end_attempt, forget_attempt, person_key
from schemas.tables import Person
from storage.database import Sessions

log = logging.getLogger(__name__)

WRONG = message("Wrong login name or password.")
AWAY = message("The directory does not answer: accounts from the directory cannot log in now.")
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


def log_in(gate: Gate, visitor: Actor, login: str, password: str, agent: str, *, replaced: str = "") -> LoggedIn:
    """Start a session, or raise NotLoggedIn (the same for a wrong name and a wrong password) or TooManyAttempts.

    `replaced` is the cookie of the session that this browser had: it ends, whoever's it was.
    """
    with gate.sessions.reading() as session:
        known = find_person(session, login)
    # Counted by who is meant, however they are written: name, address, capitals, spaces.
    attempt = begin_attempt(
        gate.sessions, clean_login(login) if known is None else person_key(known.id), visitor.address
    )
    # Always hashed, also for who is not known: the answer takes as long.
    fits = gate.passwords.verify(None if known is None else known.password_hash, password)
    entry = None
    if gate.directory is not None and (known is None or known.password_hash is None):
        try:
            entry = gate.directory.authenticate(login.strip(), password, None if known is None else identity_of(known))
        except DirectoryAway as away:
            # No password was judged, so none was guessed.
            forget_attempt(gate.sessions, attempt)
            log.warning("a directory login was not possible: %s", away)
            raise NotLoggedIn(AWAY) from away
    if not fits and entry is None:
        raise NotLoggedIn(WRONG)
    end_attempt(gate.sessions, attempt)
    with anonymous_transaction(gate.sessions, visitor, Act.LOG_IN, guard_admins=entry is not None) as context:
        person = context.session.get(Person, known.id) if entry is None and known is not None else None
        if entry is not None and gate.directory is not None:
            person = person_of_entry(context, entry, gate.directory)
        if person is None:
            raise NotLoggedIn(WRONG)
        refusal, done = NOT_ACTIVE.get(person.state), None
        if refusal is None:
            if fits and person.password_hash is not None and gate.passwords.outdated(person.password_hash, password):
                person.password_hash = gate.passwords.hash(password)
            person.last_login_at = context.at
            end_session_of(context.session, replaced)
            actor = Actor(person.id, person.login, person.name, Role(person.role), "web", visitor.address)
            own = ActContext(context.session, actor, Act.LOG_IN, context.at)
            done = LoggedIn(open_session(own, person, agent, gate.lifetimes), person.id, person.locale)
            own.record("person", person.id)
    # Raised after the commit: a new person from the directory waits for approval and must not be forgotten.
    if refusal is not None or done is None:
        raise NotLoggedIn(refusal or WRONG)
    return done
