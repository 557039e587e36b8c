"""Registering: the answer is the same whether or not the address is known, and takes as long."""

import re

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from facility.acting.acts import Actor, anonymous_transaction
from facility.acting.fields import Email, FormModel, NeededLine, Remark, fold
from facility.acting.permissions import Act, Role
from facility.acting.refusals import TooManyAttempts
from facility.people.passwords import Passwords, check_password
from facility.people.people import Locale, free_login, snapshot
from facility.people.throttling import count_registration
from schemas import times
from schemas.tables import Person
from storage.database import Sessions

# One address may be a whole class behind one router.
MOST_AN_HOUR = 30
# More than a station's admins look through; who comes later is asked to come back.
MOST_WAITING = 300


class Registration(FormModel):
    """A person asks for an account. The login name is made from the address, which also logs in."""

    name: NeededLine
    email: Email
    password: SecretStr
    note: Remark = ""
    locale: Locale | None = None


def register(sessions: Sessions, passwords: Passwords, actor: Actor, form: Registration) -> None:
    """Keep a registration until an admin decides; a known address changes nothing and leaves an audit line."""
    password = form.password.get_secret_value()
    check_password(password, form.name, form.email)
    # Before the hashing, which is the dear part.
    with sessions() as session, session.begin():
        waiting = session.scalar(select(func.count()).where(Person.state == "pending")) or 0
        if waiting >= MOST_WAITING:
            raise TooManyAttempts(3600)
        count_registration(session, actor.address, times.now(), MOST_AN_HOUR)
    hashed = passwords.hash(password)
    try:
        _keep(sessions, actor, form, hashed)
    except IntegrityError:
        # Somebody took the same login name or address between the look and the write: look again.
        _keep(sessions, actor, form, hashed)


def _keep(sessions: Sessions, actor: Actor, form: Registration, hashed: str) -> None:
    with anonymous_transaction(sessions, actor, Act.REGISTER) as context:
        known = context.session.scalar(select(Person).where(Person.email == form.email))
        if known is not None:
            context.record("person", known.id, after={"repeated": True, "name": form.name})
            return
        person = Person(
            login=free_login(context.session, _login_of_email(form.email)),
            name=form.name,
            email=form.email,
            password_hash=hashed,
            state="pending",
            role=Role.MEMBER.value,
            locale=form.locale,
            note=form.note,
            created_at=context.at,
            updated_at=context.at,
            version=1,
        )
        context.session.add(person)
        context.session.flush()
        context.record("person", person.id, after=snapshot(person))


def _login_of_email(email: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", ".", fold(email.partition("@")[0])).strip("._-")[:50] or "person"
