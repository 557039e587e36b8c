"""Channels as administrators set them: added, changed, removed, tried; and what may be told on each.

An address that cannot be one is refused here; whether it works, a trial tells that is asked for at once. Addresses
are shown and audited in part only; secrets are in files, and only the files' names are known here.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction, read_transaction
from facility.acting.fields import CLEAN, ONE_LINE, FormModel, NeededLine, is_email
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid, NotFound
from facility.acting.user_messages import UserMessage, message
from facility.alarms import faults, notifications, outgoing
from facility.alarms.targets import DIGEST, EVERYTHING, Target, channel_target, read_targets
from schemas.tables import Cell, Channel, ChannelState, Unit
from storage.database import Reads, Sessions
from telemetry.alarms.rules import Severity
from telemetry.alarms.station_rules import SERVER

KIND_WORDS: dict[str, UserMessage] = {
    "email": message("e-mail"),
    "matrix": message("Matrix or Tchap"),
    "ntfy": message("ntfy"),
    "mattermost": message("Mattermost"),
    "webhook": message("webhook"),
}
NEEDS_SECRET = {"matrix", "mattermost"}
# A trial that nobody answered by then: no watchdog runs.
UNANSWERED = timedelta(seconds=60)

Kind = Literal["email", "matrix", "ntfy", "mattermost", "webhook"]
SecretName = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")]
Address = Annotated[str, StringConstraints(min_length=1, max_length=500), CLEAN, ONE_LINE]


class ChannelDraft(FormModel):
    """A channel as it is set; `places` are cells and units, `*` for all; none: nothing leaves on it."""

    name: Annotated[NeededLine, StringConstraints(max_length=100)]
    kind: Kind
    address: Address | None = None
    secret: SecretName = ""
    enabled: bool = False
    severity: Severity = "warning"
    language: Literal["fr", "en"] = "fr"
    places: tuple[str, ...] = ()
    delay: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    digest: Annotated[int, Field(ge=1, le=100)] = DIGEST
    version: int = 0


@dataclass(frozen=True, slots=True)
class Trial:
    """The trial that was asked for last: "waiting", "sent", "failed" or "unanswered"; and what to do about it."""

    state: str
    at: datetime
    words: UserMessage | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """How a way of telling is called in an alarm about it, and whether it takes messages."""

    name: str
    failing: bool


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as its page shows it: the address masked, `delay` in minutes."""

    id: int
    key: str
    name: str
    kind: str
    address: str
    secret: str
    enabled: bool
    severity: str
    language: str
    places: tuple[str, ...]
    delay: int
    digest: int
    version: int
    sent_at: datetime | None
    failing_since: datetime | None
    fault: UserMessage | None
    trial: Trial | None


def list_channels(sessions: Reads, actor: Actor, now: datetime) -> list[ChannelView]:
    """Return every channel with how it does."""
    with read_transaction(sessions, actor, Act.CHANNELS_READ) as session:
        states = {row.key: row for row in session.scalars(select(ChannelState))}
        rows = session.scalars(select(Channel).order_by(Channel.name))
        return [_view(row, states.get(row.key), now) for row in rows]


def list_places(sessions: Reads, actor: Actor) -> list[str]:
    """Return the units and cells that a channel may be allowed to speak of."""
    with read_transaction(sessions, actor, Act.CHANNELS_READ) as session:
        return _places(session)


def add_channel(sessions: Sessions, actor: Actor, draft: ChannelDraft) -> int:
    """Add a channel; where it is switched on, a trial is sent at once. Return its number."""
    if draft.address is None:
        raise Invalid({"address": message("Required.")})
    with act_transaction(sessions, actor, Act.CHANNEL_ADD) as context:
        _check(context.session, draft, draft.address, None)
        row = Channel(key=f"c-{token_hex(6)}", version=0)
        _write(context, row, draft, draft.address)
        context.session.add(row)
        context.session.flush()
        context.record("channel", row.id, None, _audited(row))
        if row.enabled:
            outgoing.ask_test(context.session, row.key, context.at)
        return row.id


def change_channel(sessions: Sessions, actor: Actor, number: int, draft: ChannelDraft) -> None:
    """Change a channel; an address that is left empty stays. A trial is sent where it leads elsewhere than before."""
    with act_transaction(sessions, actor, Act.CHANNEL_CHANGE) as context:
        row = _channel(context.session, number)
        if row.version != draft.version:
            raise Conflict(message("Somebody else has changed this channel meanwhile: look at it again."))
        address = draft.address or row.address
        _check(context.session, draft, address, row)
        before, led = _audited(row), _leads(row)
        _write(context, row, draft, address)
        if _audited(row) == before and _leads(row) == led:
            return
        row.version += 1
        # A masked address may look the same.
        moved = {"address_changed": True} if led[1] != row.address else {}
        context.record("channel", row.id, before, _audited(row) | moved)
        if row.enabled and _leads(row) != led:
            outgoing.ask_test(context.session, row.key, context.at)


def remove_channel(sessions: Sessions, actor: Actor, number: int) -> None:
    """Remove a channel with all that waits for it."""
    with act_transaction(sessions, actor, Act.CHANNEL_REMOVE) as context:
        row = _channel(context.session, number)
        context.record("channel", row.id, _audited(row), None)
        outgoing.forget(context.session, row.key)
        context.session.delete(row)


def try_channel(sessions: Sessions, actor: Actor, number: int) -> None:
    """Ask for a message that only shows that the channel works; also where it is switched off."""
    with act_transaction(sessions, actor, Act.CHANNEL_TEST) as context:
        row = _channel(context.session, number)
        outgoing.ask_test(context.session, row.key, context.at)
        context.record("channel", row.id, None, {"name": row.name})


def healths(session: Session) -> dict[str, Health]:
    """Return by key how the ways of telling do that are switched on. A person's name is not given away."""
    failing = {row.key: row.failing_since is not None for row in session.scalars(select(ChannelState))}
    found = {
        target.key: Health(target.name if target.key.startswith("c-") else "e-mail", failing.get(target.key, False))
        for target in read_targets(session)
    }
    if notifications.DISCORD in failing:
        found[notifications.DISCORD] = Health("Discord", failing[notifications.DISCORD])
    return found


def to_try(session: Session) -> list[tuple[Target, datetime]]:
    """Return the channels that a trial is asked for, and when it was."""
    asked = outgoing.tests_asked(session)
    rows = session.scalars(select(Channel).where(Channel.key.in_(asked)))
    return [(channel_target(row), asked[row.key]) for row in rows]


def masked(kind: str, address: str) -> str:
    """Return as much of an address as tells it from others, and nobody can use."""
    if kind == "email":
        name, _, domain = address.rpartition("@")
        return f"{name[:1]}…@{domain}"
    found = urlsplit(address)
    return f"{found.scheme}://{found.netloc}/…"


def _check(session: Session, draft: ChannelDraft, address: str, row: Channel | None) -> None:
    found: dict[str, UserMessage] = {}
    fault = _address_fault(draft.kind, address, draft.secret)
    if fault is not None:
        found["address"] = fault
    if draft.kind in NEEDS_SECRET and not draft.secret:
        found["secret"] = message("This kind needs a token: give the name of the file that holds it.")
    if draft.kind == "email" and draft.secret:
        found["secret"] = message("E-mail needs no file here: the mail server's password is in the settings.")
    if draft.enabled and not draft.places:
        found["places"] = message("Choose what may be told on this channel.")
    unknown = set(draft.places) - {EVERYTHING, *_places(session)}
    if unknown:
        found["places"] = message("There is no {place}.", place=min(unknown)[:50])
    other = session.scalar(select(Channel).where(Channel.name == draft.name))
    if other is not None and other is not row:
        found["name"] = message("There is a channel of this name already.")
    if found:
        raise Invalid(found)


def _address_fault(kind: str, address: str, secret: str) -> UserMessage | None:  # noqa: PLR0911 - one line a fault
    if kind == "email":
        return None if is_email(address) else message("Not an e-mail address.")
    try:
        found = urlsplit(address)
        host, port = found.hostname, found.port
    except ValueError:
        host, port = None, None
    if host is None or found.scheme not in {"http", "https"} or port == 0 or re.search(r"\s", address):
        return message("Not an address: it begins with https:// and a server's name.")
    if found.username is not None or found.password is not None or (found.query and kind != "webhook"):
        return message("Leave passwords and tokens out of the address: write them into the file of the secret.")
    path = found.path.strip("/")
    if kind == "ntfy" and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", path) is None:
        return message("The topic is missing: https://server/topic.")
    if kind == "matrix" and re.fullmatch(r"[!#]?[^/\s]+:[^/\s]+", path or f"#{found.fragment}") is None:
        return message("The room is missing: https://server/!room:server or https://server/#room:server.")
    if kind == "mattermost" and "hooks" in path.split("/"):
        return message("Leave passwords and tokens out of the address: write them into the file of the secret.")
    if kind == "webhook" and "{secret}" in address and not secret:
        return message("The address has a place for a secret: give the name of the file that holds it.")
    return None


def _places(session: Session) -> list[str]:
    units = session.scalars(select(Unit.code).where(Unit.retired_at.is_(None)).order_by(Unit.code)).all()
    cells = session.scalars(select(Cell.code).where(Cell.retired_at.is_(None)).order_by(Cell.code)).all()
    return [SERVER, *units, *cells]


def _write(context: ActContext, row: Channel, draft: ChannelDraft, address: str) -> None:
    row.name, row.kind, row.address, row.secret = draft.name, draft.kind, address, draft.secret
    row.enabled, row.severity, row.language = draft.enabled, draft.severity, draft.language
    row.places = [EVERYTHING] if EVERYTHING in draft.places else sorted(set(draft.places))
    row.delay, row.digest = draft.delay * 60, draft.digest
    row.changed_at, row.changed_by = context.at, context.actor.id


def _leads(row: Channel) -> tuple[str, str, str, bool]:
    return row.kind, row.address, row.secret, row.enabled


def _audited(row: Channel) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "address": masked(row.kind, row.address),
        "secret_file": row.secret,
        "enabled": row.enabled,
        "severity": row.severity,
        "locale": row.language,
        "places": list(row.places),
        "delay": row.delay // 60,
        "digest": row.digest,
    }


def _channel(session: Session, number: int) -> Channel:
    row = session.get(Channel, number, with_for_update=True)
    if row is None:
        raise NotFound(message("There is no such channel."))
    return row


def _view(row: Channel, state: ChannelState | None, now: datetime) -> ChannelView:
    return ChannelView(
        id=row.id, key=row.key, name=row.name, kind=row.kind, address=masked(row.kind, row.address),
        secret=row.secret, enabled=row.enabled, severity=row.severity, language=row.language,
        places=tuple(row.places), delay=row.delay // 60, digest=row.digest, version=row.version,
        sent_at=None if state is None else state.sent_at,
        failing_since=None if state is None else state.failing_since,
        fault=None if state is None or not state.fault else faults.words(state.fault),
        trial=None if state is None else _trial(state, now),
    )  # fmt: skip


def _trial(state: ChannelState, now: datetime) -> Trial | None:
    if state.test_asked_at is None:
        return None
    if state.test_done_at is None:
        late = now - state.test_asked_at > UNANSWERED
        return Trial("unanswered" if late else "waiting", state.test_asked_at)
    if state.test_fault:
        return Trial("failed", state.test_done_at, faults.words(state.test_fault))
    return Trial("sent", state.test_done_at)
