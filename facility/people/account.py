"""What people change about themselves, and the one-time link that an admin gives to who forgot a password."""

from datetime import timedelta

from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, act_transaction, anonymous_transaction, read_transaction
from facility.acting.fields import FormModel, NeededLine, OptionalEmail
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.secret_texts import digest, new_secret
from facility.acting.user_messages import message
from facility.people.passwords import Passwords, check_password
from facility.people.people import Locale, PersonView, refuse_taken, snapshot, view
from facility.people.sessions import end_all
from facility.people.throttling import begin_attempt, end_attempt, person_key
from facility.people.tokens import revoke_all
from schemas import times
from schemas.tables import OneTimeLink, Person
from storage.database import Reads, Sessions

PASSWORD_LINK = "password"  # noqa: S105 - the purpose of a link
LINK_LIFETIME = timedelta(hours=48)


class AccountChange(FormModel):
    name: NeededLine
    email: OptionalEmail = None
    locale: Locale | None = None


class PasswordChange(FormModel):
    old: SecretStr
    new: SecretStr


def get_account(sessions: Reads, actor: Actor) -> PersonView:
    """Return the actor as a person."""
    with read_transaction(sessions, actor, Act.ACCOUNT_READ) as session:
        return view(_myself(session, actor))


def change_account(sessions: Sessions, actor: Actor, change: AccountChange) -> PersonView:
    """Change one's own name, address and language."""
    with act_transaction(sessions, actor, Act.ACCOUNT_CHANGE) as context:
        person = _myself(context.session, actor)
        if person.directory_id is not None and (change.name, change.email) != (person.name, person.email):
            raise Conflict(message("Your name and address belong to the directory: change them there."))
        refuse_taken(context.session, email=change.email, but=person.id)
        before = snapshot(person)
        person.name, person.email, person.locale = change.name, change.email, change.locale
        if snapshot(person) != before:
            person.version += 1
            person.updated_at = context.at
            context.record("person", person.id, before, snapshot(person))
        return view(person)


def change_password(
    sessions: Sessions, passwords: Passwords, actor: Actor, change: PasswordChange, kept_session: str | None
) -> None:
    """Change one's own password; every other session and every token of this person ends."""
    with read_transaction(sessions, actor, Act.PASSWORD_CHANGE) as session:
        person = _myself(session, actor)
    if person.password_hash is None:
        raise Conflict(message("Your password belongs to the directory: change it there."))
    new = change.new.get_secret_value()
    check_password(new, person.login, person.name, person.email or "", field="new")
    # Who found a browser open must not find the password by trying.
    attempt = begin_attempt(sessions, person_key(person.id), actor.address)
    if not passwords.verify(person.password_hash, change.old.get_secret_value()):
        raise Invalid({"old": message("Not your current password.")})
    end_attempt(sessions, attempt)
    hashed = passwords.hash(new)
    with act_transaction(sessions, actor, Act.PASSWORD_CHANGE) as context:
        _set_password(context.session, _myself(context.session, actor), hashed)
        end_all(context.session, person.id, but=kept_session)
        revoke_all(context, person.id)
        context.record("person", person.id)


def issue_link(sessions: Sessions, actor: Actor, number: int) -> str:
    """Return the secret of a link with which a person sets a new password, once, within two days."""
    with act_transaction(sessions, actor, Act.PASSWORD_LINK) as context:
        person = context.session.get(Person, number)
        if person is None:
            raise NotFound(message("There is no such person."))
        if person.state != "active":
            raise Conflict(message("This account is not active."))
        if person.directory_id is not None:
            raise Conflict(message("This password belongs to the directory: change it there."))
        _use_up(context.session, person.id)
        secret = new_secret()
        context.session.add(
            OneTimeLink(
                person_id=person.id,
                purpose=PASSWORD_LINK,
                token_hash=digest(secret),
                created_at=context.at,
                expires_at=context.at + LINK_LIFETIME,
            )
        )
        context.record("person", person.id)
        return secret


def person_of_link(sessions: Reads, secret: str) -> PersonView:
    """Return whose link this is without using it up; raise NotFound when it is used, over or unknown."""
    with sessions.reading() as session:
        return view(_linked(session, secret))


def use_link(sessions: Sessions, passwords: Passwords, actor: Actor, secret: str, password: str) -> None:
    """Set a new password by a one-time link and end every session and token of that person."""
    person = person_of_link(sessions, secret)
    check_password(password, person.login, person.name, person.email or "")
    hashed = passwords.hash(password)
    with anonymous_transaction(sessions, actor, Act.PASSWORD_RESET) as context:
        row = _linked(context.session, secret, lock=True)
        _set_password(context.session, row, hashed)
        _use_up(context.session, row.id)
        end_all(context.session, row.id)
        revoke_all(context, row.id)
        context.record("person", row.id)


def _set_password(session: Session, person: Person, hashed: str) -> None:
    person.password_hash = hashed
    session.flush()


def _use_up(session: Session, person_id: int) -> None:
    unused = OneTimeLink.used_at.is_(None)
    session.execute(update(OneTimeLink).where(OneTimeLink.person_id == person_id, unused).values(used_at=times.now()))


def _linked(session: Session, secret: str, *, lock: bool = False) -> Person:
    statement = select(OneTimeLink).where(OneTimeLink.token_hash == digest(secret))
    link = session.scalar(statement.with_for_update() if lock else statement)
    person = None if link is None else session.get(Person, link.person_id)
    usable = link is not None and link.used_at is None and link.expires_at > times.now()
    if person is None or not usable or person.state != "active":
        raise NotFound(message("This link was used or has expired: ask an admin for another."))
    return person


def _myself(session: Session, actor: Actor) -> Person:
    person = None if actor.id is None else session.get(Person, actor.id)
    if person is None:
        raise NotFound(message("There is no such person."))
    return person
