"""People of the directory in the tables: made at their first login, kept like their entry, out when it is gone."""

import logging
import re
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, anonymous_transaction
from facility.acting.fields import clean_email, fold
from facility.acting.permissions import Act, Role
from facility.acting.refusals import Conflict
from facility.people.directory import Directory, DirectoryPerson, Identity
from facility.people.people import free_login, refuse_without_admin, snapshot
from facility.people.sessions import end_all
from facility.people.tokens import revoke_all
from schemas import times
from schemas.tables import Person
from storage.database import Sessions

log = logging.getLogger(__name__)

# People whom the directory is asked about with one connection.
AT_ONCE = 50


def identity_of(person: Person) -> Identity | None:
    """Return who a person is in the directory; None for a local account."""
    if person.directory_id is None:
        return None
    return Identity(person.directory_id, person.directory_dn or person.directory_id)


def person_of_entry(context: ActContext, entry: DirectoryPerson, directory: Directory) -> Person:
    """Return the person of an entry whose password fits, made or brought up to date; never a local account."""
    own = _acts_of_directory(context)
    session = own.session
    person = session.scalar(select(Person).where(Person.directory_id == entry.key))
    if person is None:
        # As an older Octopus kept it: the whole DN, where it fitted.
        person = session.scalar(select(Person).where(Person.directory_id == entry.dn))
    if person is not None:
        _follow(own, person, entry, directory)
        return person
    role = entry.role or directory.default_role
    person = Person(
        login=free_login(session, _login_name(entry)),
        name=entry.name[:200],
        email=_free_email(session, entry.email),
        directory_id=entry.key,
        directory_dn=entry.dn[:1000],
        directory_role=None if role is None else role.value,
        directory_checked_at=own.at,
        state="pending" if role is None else "active",
        role=(role or Role.MEMBER).value,
        note="",
        created_at=own.at,
        updated_at=own.at,
        version=1,
    )
    session.add(person)
    session.flush()
    own.record("person", person.id, after=snapshot(person), act=Act.PERSON_ADD)
    return person


def check_people(sessions: Sessions, directory: Directory, every: timedelta) -> None:
    """Ask about active people of whom the directory has not spoken for so long; raise DirectoryAway.

    Whom it no longer has, or whose group is gone, is deactivated and loses sessions and tokens.
    """
    due = or_(Person.directory_checked_at.is_(None), Person.directory_checked_at <= times.now() - every)
    wanted = select(Person).where(Person.directory_id.is_not(None), Person.state == "active", due).order_by(Person.id)
    with sessions.reading() as session:
        identities = {row.id: one for row in session.scalars(wanted) if (one := identity_of(row)) is not None}
    numbers = list(identities)
    for start in range(0, len(numbers), AT_ONCE):
        entries = directory.look_up({number: identities[number] for number in numbers[start : start + AT_ONCE]})
        visitor = Actor(None, "directory", "", None, "directory")
        with anonymous_transaction(sessions, visitor, Act.PERSON_CHANGE, guard_admins=True) as context:
            for number, entry in entries.items():
                person = context.session.get(Person, number)
                if person is None or identity_of(person) != identities[number]:
                    continue
                if entry is None:
                    person.directory_checked_at = context.at
                    _withdraw(context, person)
                else:
                    _follow(context, person, entry, directory)


def _follow(own: ActContext, person: Person, entry: DirectoryPerson, directory: Directory) -> None:
    """Bring name, address and role up to date with the entry, and the state where the directory decides it."""
    before = snapshot(person)
    person.directory_id, person.directory_dn, person.directory_checked_at = entry.key, entry.dn[:1000], own.at
    person.name = entry.name[:200]
    person.email = _free_email(own.session, entry.email, person.id)
    role = entry.role or directory.default_role
    lost = directory.gives_roles and role is None and person.directory_role is not None
    person.directory_role = None if role is None else role.value
    if lost:
        _record(own, person, before)
        _withdraw(own, person)
        return
    if role is not None and (person.directory_withdrawn or person.state == "pending"):
        person.state, person.directory_withdrawn = "active", False
    if directory.gives_roles:
        _give_role(own, person, role or Role.MEMBER)
    _record(own, person, before)


def _give_role(own: ActContext, person: Person, role: Role) -> None:
    """Give the role that the directory's groups say, unless the station would be left without an admin."""
    before = person.role
    person.role = role.value
    if before == Role.ADMIN.value != role.value and person.state == "active":
        try:
            refuse_without_admin(own.session)
        except Conflict:
            log.warning("the directory no longer makes the last admin an admin: the role stays")
            person.role = before


def _withdraw(own: ActContext, person: Person) -> None:
    """End whatever lets this person in; the last admin stays one, for the day they are back."""
    before = snapshot(person)
    end_all(own.session, person.id)
    revoke_all(own, person.id)
    if person.state != "active":
        return
    person.state, person.directory_withdrawn = "deactivated", True
    if person.role == Role.ADMIN.value:
        try:
            refuse_without_admin(own.session)
        except Conflict:
            log.warning("the directory no longer has the last admin: only sessions and tokens end")
            person.state, person.directory_withdrawn = "active", False
    _record(own, person, before, Act.PERSON_DEACTIVATE)


def _record(own: ActContext, person: Person, before: dict[str, object], act: Act = Act.PERSON_CHANGE) -> None:
    after = snapshot(person)
    if after != before:
        person.version += 1
        person.updated_at = own.at
        own.record("person", person.id, before, after, act=act)


def _acts_of_directory(context: ActContext) -> ActContext:
    actor = Actor(None, "directory", "", None, "directory", context.actor.address)
    return ActContext(context.session, actor, Act.PERSON_CHANGE, context.at)


def _login_name(entry: DirectoryPerson) -> str:
    return re.sub(r"[^a-z0-9._-]+", ".", fold(entry.login)).strip("._-")[:60] or "person"


def _free_email(session: Session, text: str | None, own: int = 0) -> str | None:
    """Return the address unless somebody else has it: an address alone proves nothing."""
    email = None if text is None else clean_email(text)
    if email is None or len(email) > 254:
        return None
    taken = session.scalar(select(Person.id).where(Person.email == email, Person.id != own))
    return None if taken is not None else email
