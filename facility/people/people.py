"""People as admins see and change them. At least one active admin always remains."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, State, act_transaction, read_transaction
from facility.acting.fields import FormModel, LoginName, NeededLine, OptionalEmail, clean_login, fold
from facility.acting.permissions import Act, Role
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import UserMessage, message
from facility.people.passwords import Passwords, check_password
from facility.people.sessions import end_all
from schemas.tables import Person
from storage.database import Reads, Sessions

Locale = Literal["fr", "en"]
STATE_WORDS: dict[str, UserMessage] = {
    "pending": message("waits for approval"),
    "active": message("active"),
    "refused": message("refused"),
    "deactivated": message("deactivated"),
}
# What an admin may make of each state, and the act that it is.
MOVES: dict[tuple[str, str], Act] = {
    ("pending", "active"): Act.PERSON_APPROVE,
    ("refused", "active"): Act.PERSON_APPROVE,
    ("pending", "refused"): Act.PERSON_REFUSE,
    ("active", "deactivated"): Act.PERSON_DEACTIVATE,
    ("deactivated", "active"): Act.PERSON_REACTIVATE,
}


class PersonView(BaseModel):
    """A person as an admin sees them; `directory` tells that their password is not kept here."""

    id: int
    login: str
    name: str
    email: str | None
    state: State
    role: Role
    locale: Locale | None
    note: str
    directory: bool
    created_at: datetime
    last_login_at: datetime | None
    version: int


class PersonChange(FormModel):
    """What an admin changes; what is left out stays. `version` is the one that was looked at."""

    version: int
    name: NeededLine | None = None
    email: OptionalEmail = None
    role: Role | None = None
    state: Literal["active", "refused", "deactivated"] | None = None
    locale: Locale | None = None


class PersonDraft(FormModel):
    """A person whom a command or an admin adds; active at once."""

    login: LoginName
    name: NeededLine
    email: OptionalEmail = None
    role: Role = Role.MEMBER


def list_people(sessions: Reads, actor: Actor, *, state: str | None = None, search: str = "") -> list[PersonView]:
    """Return people whose login, name or address holds the text: those who wait first, then by name."""
    with read_transaction(sessions, actor, Act.PEOPLE_READ) as session:
        statement = select(Person).order_by(Person.name, Person.id)
        if state is not None:
            statement = statement.where(Person.state == state)
        people = [view(row) for row in session.scalars(statement)]
    wanted = fold(search)
    found = [one for one in people if wanted in fold(f"{one.login} {one.name} {one.email or ''}")]
    return sorted(found, key=lambda one: (one.state != "pending", fold(one.name), one.id))


def get_person(sessions: Reads, actor: Actor, number: int) -> PersonView:
    with read_transaction(sessions, actor, Act.PEOPLE_READ) as session:
        return view(_person(session, number))


def count_waiting(sessions: Reads, actor: Actor) -> int:
    """Return how many registrations wait for an admin."""
    with read_transaction(sessions, actor, Act.PEOPLE_READ) as session:
        return session.scalar(select(func.count()).where(Person.state == "pending")) or 0


def add_person(sessions: Sessions, passwords: Passwords, actor: Actor, draft: PersonDraft, password: str) -> PersonView:
    """Add an active person with a password."""
    check_password(password, draft.login, draft.name, draft.email or "")
    hashed = passwords.hash(password)
    with act_transaction(sessions, actor, Act.PERSON_ADD) as context:
        refuse_taken(context.session, login=draft.login, email=draft.email)
        person = Person(
            login=draft.login,
            name=draft.name,
            email=draft.email,
            password_hash=hashed,
            state="active",
            role=draft.role.value,
            note="",
            created_at=context.at,
            updated_at=context.at,
            version=1,
        )
        context.session.add(person)
        context.session.flush()
        context.record("person", person.id, after=snapshot(person))
        return view(person)


def change_person(sessions: Sessions, actor: Actor, number: int, change: PersonChange) -> PersonView:
    """Approve, refuse, deactivate, reactivate, give a role or correct a name, in one go."""
    wanted = change.model_dump(exclude_unset=True, exclude={"version"})
    for name in ("name", "role", "state"):
        if wanted.get(name, "") is None:
            raise Invalid({name: message("Required.")})
    with act_transaction(sessions, actor, Act.PERSON_CHANGE, guard_admins=True) as context:
        person = _person(context.session, number, lock=True)
        if person.version != change.version:
            raise Conflict(message("Somebody else changed this person in the meantime."), view(person))
        act = _act(person, change.state)
        before = snapshot(person)
        if wanted.get("email") is not None:
            refuse_taken(context.session, email=change.email, but=person.id)
        for name, value in wanted.items():
            setattr(person, name, value.value if isinstance(value, Role) else value)
        if change.state is not None:
            # From here an admin decides, not the directory.
            person.directory_withdrawn = False
        _write(context, person, before, act)
        if person.state != "active":
            end_all(context.session, person.id)
        return view(person)


def refuse_without_admin(session: Session) -> None:
    """Raise Conflict when no active admin would be left; who calls it holds `lock_admins`."""
    session.flush()
    admins = select(func.count()).where(Person.role == Role.ADMIN.value, Person.state == "active")
    if session.scalar(admins) == 0:
        raise Conflict(message("This is the last admin: make somebody else an admin first."))


def refuse_taken(session: Session, *, login: str | None = None, email: str | None = None, but: int = 0) -> None:
    """Raise Invalid when another person has this login name or address."""
    faults = {}
    taken = select(Person.id).where(Person.id != but)
    if login is not None and session.scalar(taken.where(Person.login == login)) is not None:
        faults["login"] = message("This login name is already in use.")
    if email is not None and session.scalar(taken.where(Person.email == email)) is not None:
        faults["email"] = message("This address is already in use.")
    if faults:
        raise Invalid(faults)


def find_person(session: Session, text: str) -> Person | None:
    """Return the person with this login name or address."""
    wanted = clean_login(text)
    matches: Sequence[Person] = session.scalars(
        select(Person).where(or_(Person.login == wanted, Person.email == wanted)).order_by(Person.id)
    ).all()
    return next((one for one in matches if one.login == wanted), matches[0] if matches else None)


def free_login(session: Session, stem: str) -> str:
    """Return the stem, or the stem with the first number that nobody's login name has."""
    taken = set(session.scalars(select(Person.login).where(Person.login.startswith(stem, autoescape=True))))
    number = 1
    while (login := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return login


def snapshot(person: Person) -> dict[str, Any]:
    """Return what the audit keeps of a person: never a password."""
    return {name: getattr(person, name) for name in ("login", "name", "email", "state", "role", "locale")}


def view(person: Person) -> PersonView:
    fields = {name: getattr(person, name) for name in PersonView.model_fields if name != "directory"}
    return PersonView.model_validate(fields | {"directory": person.directory_id is not None})


def _act(person: Person, state: str | None) -> Act:
    if state is None or state == person.state:
        return Act.PERSON_CHANGE
    act = MOVES.get((person.state, state))
    if act is None:
        now, then = STATE_WORDS[person.state], STATE_WORDS[state]
        raise Invalid({"state": message("A person who is {now} cannot become {then}.", now=now, then=then)})
    return act


def _write(context: ActContext, person: Person, before: dict[str, Any], act: Act) -> None:
    after = snapshot(person)
    if after == before:
        return
    person.version += 1
    person.updated_at = context.at
    if before["role"] == Role.ADMIN.value and before["state"] == "active":
        refuse_without_admin(context.session)
    context.record("person", person.id, before, after, act=act)


def _person(session: Session, number: int, *, lock: bool = False) -> Person:
    person = session.get(Person, number, with_for_update=lock, populate_existing=lock)
    if person is None:
        raise NotFound(message("There is no such person."))
    return person
