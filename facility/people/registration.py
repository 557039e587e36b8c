"""Registering: the answer is the same whether or not the address is known, and takes as long."""

import re
from datetime import datetime, timedelta

from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, anonymous_transaction
from facility.acting.fields import Email, FormModel, NeededLine, Remark, fold
from facility.acting.permissions import Act, Role
from facility.acting.refusals import TooManyAttempts
from facility.people.passwords import Passwords, check_password
from facility.people.people import Locale, snapshot
from schemas import times
from schemas.tables import AuditEvent, Person
from storage.database import Sessions

# One address may be a whole class behind one router.
MOST_AN_HOUR = 30


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
    with sessions.reading() as session:
        # Before the hashing, which is expensive; asked again where it counts.
        _not_too_many(session, actor.address, times.now())
    hashed = passwords.hash(password)
    try:
        _keep(sessions, actor, form, hashed)
    except IntegrityError:
        # Somebody took the same login name or address between the look and the write: look again.
        _keep(sessions, actor, form, hashed)


def _keep(sessions: Sessions, actor: Actor, form: Registration, hashed: str) -> None:
    with anonymous_transaction(sessions, actor, Act.REGISTER) as context:
        _not_too_many(context.session, actor.address, context.at)
        known = context.session.scalar(select(Person).where(Person.email == form.email))
        if known is not None:
            context.record("person", known.id, after={"repeated": True, "name": form.name})
            return
        person = Person(
            login=_free_login(context.session, form.email),
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


def _not_too_many(session: Session, address: str, now: datetime) -> None:
    recent = select(func.count()).where(
        AuditEvent.act == Act.REGISTER.value,
        AuditEvent.address == address,
        AuditEvent.at > now - timedelta(hours=1),
    )
    if (session.scalar(recent) or 0) >= MOST_AN_HOUR:
        raise TooManyAttempts(3600)


def _free_login(session: Session, email: str) -> str:
    stem = re.sub(r"[^a-z0-9._-]+", ".", fold(email.partition("@")[0])).strip("._-")[:50] or "person"
    taken = set(session.scalars(select(Person.login).where(Person.login.startswith(stem, autoescape=True))))
    number = 1
    while (login := stem if number == 1 else f"{stem}{number}") in taken:
        number += 1
    return login
