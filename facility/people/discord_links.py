"""Discord accounts that speak for people: linked by a code that the person sees on their account page."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import choice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, act_transaction, read_transaction
from facility.acting.permissions import Act, Role
from facility.acting.refusals import Conflict, NotFound
from facility.acting.user_messages import message
from schemas import times
from schemas.tables import DiscordLink, DiscordLinkCode, Person
from storage.database import Reads, Sessions

# No 0, O, 1, I, L: people type it from another screen. 31^8 codes, ten minutes, five tries a minute.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A code to show once: only its hash is kept."""

    code: str
    expires_at: datetime


def issue_link_code(sessions: Sessions, actor: Actor) -> LinkCode:
    """Make a code for the acting person; an earlier one no longer counts."""
    code = "".join(choice(_LETTERS) for _ in range(8))
    with act_transaction(sessions, actor, Act.DISCORD_CODE) as context:
        context.session.execute(delete(DiscordLinkCode).where(DiscordLinkCode.person_id == actor.id))
        expires_at = context.at + LIFETIME
        context.session.add(DiscordLinkCode(person_id=actor.id, code_hash=_hash(code), expires_at=expires_at))
        context.record("person", actor.id)
    return LinkCode(f"{code[:4]}-{code[4:]}", expires_at)


def link(sessions: Sessions, typed: str, discord_id: int) -> Actor:
    """Link a Discord account to the person who was shown this code; an earlier link of either is replaced."""
    unknown = NotFound(message("This code is invalid or has expired: request a new one on your account page."))
    code = "".join(letter for letter in typed.upper() if letter.isalnum())[:64]
    with sessions.reading() as session:
        person = session.scalar(
            select(Person)
            .join(DiscordLinkCode, DiscordLinkCode.person_id == Person.id)
            .where(DiscordLinkCode.code_hash == _hash(code), DiscordLinkCode.expires_at > times.now())
        )
    if person is None or person.state != "active":
        raise unknown
    actor = _actor(person, discord_id)
    with act_transaction(sessions, actor, Act.DISCORD_LINK) as context:
        row = context.session.scalar(
            select(DiscordLinkCode).where(DiscordLinkCode.code_hash == _hash(code)).with_for_update()
        )
        if row is None:
            raise unknown
        context.session.delete(row)
        context.session.execute(
            delete(DiscordLink).where(
                (DiscordLink.person_id == person.id) | (DiscordLink.discord_id == str(discord_id))
            )
        )
        context.session.add(DiscordLink(person_id=person.id, discord_id=str(discord_id), linked_at=context.at))
        context.record("person", person.id, after={"discord_id": str(discord_id)})
    return actor


def unlink(sessions: Sessions, actor: Actor) -> None:
    """Take the acting person's Discord account away."""
    with act_transaction(sessions, actor, Act.DISCORD_UNLINK) as context:
        row = context.session.get(DiscordLink, actor.id)
        if row is None:
            raise Conflict(message("No Discord account is linked."))
        context.session.delete(row)
        context.record("person", actor.id, before={"discord_id": row.discord_id})


def linked_account(sessions: Reads, actor: Actor) -> str | None:
    """Return the Discord account that acts for the person."""
    with read_transaction(sessions, actor, Act.ACCOUNT_READ) as session:
        return session.scalar(select(DiscordLink.discord_id).where(DiscordLink.person_id == actor.id))


def actor_of(session: Session, discord_id: int) -> Actor | None:
    """Return who a Discord account speaks for; None where it is not linked or the person is not active."""
    person = session.scalar(
        select(Person).join(DiscordLink, DiscordLink.person_id == Person.id).where(
            DiscordLink.discord_id == str(discord_id)
        )
    )  # fmt: skip
    return None if person is None or person.state != "active" else _actor(person, discord_id)


def _actor(person: Person, discord_id: int) -> Actor:
    return Actor(person.id, person.login, person.name, Role(person.role), "bot", f"discord:{discord_id}", person.locale)


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()
