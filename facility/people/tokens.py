"""API tokens: a script's way in with its owner's role, or less."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import func, select, update

from facility.acting.acts import ActContext, Actor, act_transaction, read_transaction
from facility.acting.fields import CLEAN, ONE_LINE, FormModel
from facility.acting.permissions import Act, Role
from facility.acting.refusals import Invalid, NotFound
from facility.acting.secret_texts import TOKEN_PREFIX, digest, new_secret
from facility.acting.user_messages import message
from facility.people.last_seen import LastSeen
from facility.people.sessions import Lifetimes, may_act
from schemas import times
from schemas.tables import ApiToken, Person
from storage.database import Reads, Sessions

Scope = Literal["all", "read", "calendar"]
TokenName = Annotated[str, StringConstraints(min_length=1, max_length=100), CLEAN, ONE_LINE]
MOST_TOKENS = 50
USED_EVERY = timedelta(minutes=1)


class TokenDraft(FormModel):
    """`all` acts with its owner's role, `read` only looks, `calendar` opens calendar feeds and nothing else."""

    name: TokenName
    scope: Scope = "all"
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class TokenView(BaseModel):
    """A token without its secret."""

    id: int
    name: str
    scope: Scope
    hint: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None


class NewToken(TokenView):
    """A token at the only moment when its secret is known."""

    secret: str


def create_token(sessions: Sessions, actor: Actor, draft: TokenDraft) -> NewToken:
    """Make a token for the actor; one made with a token does not outlive that one."""
    with act_transaction(sessions, actor, Act.TOKEN_CREATE) as context:
        if actor.id is None:
            raise NotFound(message("There is no such person."))
        live = select(func.count()).where(ApiToken.person_id == actor.id, ApiToken.revoked_at.is_(None))
        if (context.session.scalar(live) or 0) >= MOST_TOKENS:
            raise Invalid({"name": message("You have {count} tokens: revoke one first.", count=MOST_TOKENS)})
        expires_at = None if draft.days is None else context.at + timedelta(days=draft.days)
        if actor.expires_at is not None and (expires_at is None or expires_at > actor.expires_at):
            raise Invalid(
                {"days": message("This token ends: what it makes cannot last longer. Log in to make another.")}
            )
        secret = TOKEN_PREFIX + new_secret()
        row = ApiToken(
            person_id=actor.id,
            name=draft.name,
            scope=draft.scope,
            hint=secret[:8],
            token_hash=digest(secret),
            created_at=context.at,
            expires_at=expires_at,
        )
        context.session.add(row)
        context.session.flush()
        context.record("token", row.id, after={"name": row.name, "scope": row.scope, "hint": row.hint})
        return NewToken(**_view(row).model_dump(), secret=secret)


def list_tokens(sessions: Reads, actor: Actor) -> list[TokenView]:
    """Return the actor's own tokens that still work, the newest first."""
    with read_transaction(sessions, actor, Act.ACCOUNT_READ) as session:
        rows = session.scalars(
            select(ApiToken)
            .where(ApiToken.person_id == actor.id, ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.id.desc())
        )
        return [_view(row) for row in rows]


def revoke_token(sessions: Sessions, actor: Actor, number: int) -> None:
    """Make one of the actor's own tokens useless; somebody else's does not exist for them."""
    with act_transaction(sessions, actor, Act.TOKEN_REVOKE) as context:
        row = context.session.get(ApiToken, number)
        if row is None or row.person_id != actor.id or row.revoked_at is not None:
            raise NotFound(message("There is no such token."))
        row.revoked_at = context.at
        context.record("token", row.id, before={"name": row.name, "scope": row.scope, "hint": row.hint})


def revoke_all(context: ActContext, person_id: int) -> None:
    """Make all tokens of a person useless: part of another act."""
    live = ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)
    context.session.execute(update(ApiToken).where(*live).values(revoked_at=context.at))


def actor_of_token(
    sessions: Reads,
    secret: str,
    address: str,
    *,
    calendar: bool = False,
    in_address: bool = False,
    lifetimes: Lifetimes | None = None,
    seen: LastSeen | None = None,
) -> Actor | None:
    """Return who a token acts for. A calendar token opens feeds (`calendar`) and nothing else.

    Written into an address (`in_address`), where logs and histories keep it, no other token is taken.
    That it was used is noted in `seen`, now and then.
    """
    if not secret.startswith(TOKEN_PREFIX):
        return None
    now = times.now()
    with sessions.reading() as session:
        found = session.execute(
            select(ApiToken, Person)
            .join(Person, Person.id == ApiToken.person_id)
            .where(ApiToken.token_hash == digest(secret))
        ).one_or_none()
        if found is None:
            return None
        token, person = found
        over = token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)
        if over or not may_act(person, now, lifetimes or Lifetimes()) or (token.scope == "calendar" and not calendar):
            return None
        if in_address and token.scope != "calendar":
            return None
        actor = Actor(
            person.id, person.login, person.name, Role(person.role), "api", address, person.locale,
            read_only=token.scope != "all", expires_at=token.expires_at,
        )  # fmt: skip
        if seen is not None and (token.used_at is None or token.used_at <= now - USED_EVERY):
            seen.token(token.id, now)
    return actor


def _view(row: ApiToken) -> TokenView:
    return TokenView.model_validate(row, from_attributes=True)
