"""A person's own e-mail about alarms: whether, how grave, and the hours in which nothing but a critical one comes."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from facility.acting.acts import Actor, act_transaction, read_transaction
from facility.acting.fields import FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, NotFound
from facility.acting.user_messages import message
from facility.alarms import outgoing
from facility.alarms.targets import person_key
from schemas.tables import Person, PersonNotification
from storage.database import Reads, Sessions
from telemetry.alarms.rules import Severity

Clock = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]


class OwnNotifications(FormModel):
    """What a person wants; `delay` in minutes, quiet hours as 22:00 of the station's day, both empty for none."""

    enabled: bool = False
    severity: Severity = "major"
    delay: Annotated[int, Field(ge=0, le=24 * 60)] = 0
    quiet_from: Clock = ""
    quiet_until: Clock = ""


@dataclass(frozen=True, slots=True)
class Own:
    """What is set, as the form shows it."""

    enabled: bool = False
    severity: str = "major"
    delay: int = 0
    quiet_from: str = ""
    quiet_until: str = ""


def own_notifications(sessions: Reads, actor: Actor) -> Own:
    """Return what the actor has set."""
    with read_transaction(sessions, actor, Act.ACCOUNT_READ) as session:
        row = None if actor.id is None else session.get(PersonNotification, actor.id)
        return Own() if row is None else _shown(row)


def set_own_notifications(sessions: Sessions, actor: Actor, wanted: OwnNotifications) -> None:
    """Set it; refused while there is no address to write to, or with one end of the quiet hours only."""
    if bool(wanted.quiet_from) != bool(wanted.quiet_until):
        field = "quiet_until" if wanted.quiet_from else "quiet_from"
        raise Invalid({field: message("Give both ends of the quiet hours, or none.")})
    if wanted.quiet_from and wanted.quiet_from == wanted.quiet_until:
        raise Invalid({"quiet_until": message("The quiet hours end when they begin.")})
    with act_transaction(sessions, actor, Act.NOTIFICATIONS_CHANGE) as context:
        person = None if actor.id is None else context.session.get(Person, actor.id)
        if person is None:
            raise NotFound(message("There is no such person."))
        if wanted.enabled and not person.email:
            raise Invalid({"enabled": message("Your account has no e-mail address yet.")})
        row = context.session.get(PersonNotification, person.id, with_for_update=True)
        before = {} if row is None else _audited(_shown(row))
        if row is None:
            row = PersonNotification(person_id=person.id)
            context.session.add(row)
        row.enabled, row.severity, row.delay = wanted.enabled, wanted.severity, wanted.delay * 60
        row.quiet_from, row.quiet_until = _minutes(wanted.quiet_from), _minutes(wanted.quiet_until)
        row.changed_at = context.at
        if not wanted.enabled:
            outgoing.forget(context.session, person_key(person.id))
        after = _audited(_shown(row))
        if after != before:
            context.record("person", person.id, before, after)


def _audited(own: Own) -> dict[str, object]:
    return {
        "enabled": own.enabled, "severity": own.severity, "delay": own.delay,
        "quiet_from": own.quiet_from, "quiet_until": own.quiet_until,
    }  # fmt: skip


def _shown(row: PersonNotification) -> Own:
    return Own(row.enabled, row.severity, row.delay // 60, _clock(row.quiet_from), _clock(row.quiet_until))


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(clock: str) -> int | None:
    found = re.fullmatch(r"(\d\d):(\d\d)", clock)
    return None if found is None else int(found[1]) * 60 + int(found[2])
