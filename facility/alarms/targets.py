"""Who is told of which alarm, and when: a pure decision for each channel and each person with e-mail of their own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas import messages
from schemas.tables import Channel, Person, PersonNotification
from telemetry.alarms.rules import SEVERITIES

EVERYTHING = "*"
KINDS = ("email", "matrix", "ntfy", "mattermost", "webhook")
# More messages to one person within a minute become one.
DIGEST = 5

Verdict = Literal["tell", "wait", "settled"]


@dataclass(frozen=True, slots=True)
class Target:
    """A channel, or a person's own e-mail. Quiet hours are minutes of the station's day, until the next day's."""

    key: str
    name: str
    kind: str
    address: str
    secret: str = ""
    severity: str = "warning"
    language: str = "fr"
    places: tuple[str, ...] = (EVERYTHING,)
    delay: timedelta = timedelta(0)
    digest: int = DIGEST
    quiet: tuple[int, int] | None = None

    def concerns(self, alarm: messages.Alarm) -> bool:
        """Tell whether an alarm may be told here, and is grave enough to be."""
        grave = SEVERITIES.index(alarm.severity) >= SEVERITIES.index(self.severity)
        allowed = EVERYTHING in self.places or alarm.place in self.places or alarm.cell in self.places
        return grave and allowed

    def is_quiet(self, at: datetime, zone: ZoneInfo) -> bool:
        """Tell whether an instant is within the quiet hours of the station's day."""
        if self.quiet is None:
            return False
        local = at.astimezone(zone)
        minute, (begin, end) = local.hour * 60 + local.minute, self.quiet
        return begin <= minute < end if begin <= end else minute >= begin or minute < end


@dataclass(frozen=True, slots=True)
class Told:
    """An alarm as it is now, and what a target was last told of it: "" for nothing yet."""

    alarm: messages.Alarm
    over: bool
    created_at: datetime
    told: str

    @property
    def phase(self) -> str:
        """What people should know: raised, returned, ended; "" while the alarm is kept quiet."""
        if self.over:
            return "ended"
        return {"active": "raised", "acknowledged": "raised", "returned": "returned"}.get(self.alarm.state, "")

    @property
    def news(self) -> str:
        """What `told` becomes when this is told."""
        return f"{self.alarm.severity}/{self.phase}"


def decide(target: Target, one: Told, now: datetime, zone: ZoneInfo) -> Verdict:
    """Tell now, look again later, or leave it until the alarm changes.

    Return and end are told where the alarm was. A critical alarm passes the quiet hours, and what came and went
    within them is not told afterwards.
    """
    if not one.phase or one.news == one.told or (not one.told and not _is_for(target, one, zone)):
        return "settled"
    too_soon = not one.told and now < one.alarm.since + target.delay
    quiet = one.alarm.severity != "critical" and target.is_quiet(now, zone)
    return "wait" if too_soon or quiet else "tell"


def _is_for(target: Target, one: Told, zone: ZoneInfo) -> bool:
    """Tell whether a target is to hear of an alarm that it was not told of."""
    attended = one.over or one.alarm.state != "active"
    slept_through = one.over and one.alarm.severity != "critical" and target.is_quiet(one.created_at, zone)
    return target.concerns(one.alarm) and not (target.delay and attended) and not slept_through


def read_targets(session: Session) -> list[Target]:
    """Return the ways of telling that are switched on."""
    rows = session.scalars(select(Channel).where(Channel.enabled.is_(True)).order_by(Channel.id))
    found = [channel_target(row) for row in rows]
    people = session.execute(
        select(PersonNotification, Person)
        .join(Person, Person.id == PersonNotification.person_id)
        .where(PersonNotification.enabled.is_(True), Person.state == "active", Person.email.is_not(None))
        .order_by(Person.id)
    )
    return [*found, *(person_target(person, own) for own, person in people)]


def channel_target(row: Channel) -> Target:
    """Return a channel as who sends on it needs it, whether it is switched on or not."""
    return Target(
        row.key, row.name, row.kind, row.address, row.secret, row.severity, row.language, tuple(row.places),
        timedelta(seconds=row.delay), row.digest,
    )  # fmt: skip


def person_target(person: Person, own: PersonNotification) -> Target:
    """Return a person's own e-mail as a way of telling."""
    quiet = None
    if own.quiet_from is not None and own.quiet_until is not None:
        quiet = own.quiet_from, own.quiet_until
    return Target(
        person_key(person.id), person.name, "email", person.email or "", severity=own.severity,
        language=person.locale or "fr", delay=timedelta(seconds=own.delay), quiet=quiet,
    )  # fmt: skip


def person_key(number: int) -> str:
    """Return what `notification.channel` has for a person's own e-mail."""
    return f"p-{number}"
