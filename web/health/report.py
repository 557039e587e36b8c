"""Can the station's data be trusted now? Judged by rows stored, never by a process being up."""

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel
from sqlalchemy import Engine

from schemas import times
from schemas.messages import Instant, Status
from schemas.picture import Picture
from schemas.site import Site
from schemas.times import CLOCK_SKEW
from storage.database import Reads
from storage.faults import DatabaseAway, away_as_one
from storage.revisions import WrongVersion, check_version
from telemetry import queries
from telemetry.judging import STALE_PERIODS, PresenceState, age_of, is_fresh, judge_presence
from web.health.ledger import Account, read_ledger
from web.live.hub import Hub
from web.threads import PATIENCE, WebThreads

# Storing takes its batch and its commit; a unit is late after this many seconds at least.
LATE_SECONDS = 60.0


class LastStored(NamedTuple):
    """When a unit's newest readings were observed, up to now and any, and when it last had one stored."""

    observed_at: datetime | None
    newest_at: datetime
    stored_at: datetime


class UnitHealth(BaseModel):
    """A unit's last stored reading and what its publisher still holds."""

    unit: str
    ok: bool
    publisher: PresenceState
    waiting: int | None
    last_observed_at: Instant | None
    last_stored_at: Instant | None
    age_seconds: float | None
    words: str


class Health(BaseModel):
    """`status`: ok, degraded (a part of the station) or down (nothing new can be relied upon)."""

    status: str
    words: list[str]
    now: Instant
    database: str
    broker: str
    last_message_at: Instant | None
    services: dict[str, Status]
    presences: dict[str, PresenceState]
    units: list[UnitHealth]
    ledger: list[Account]


async def judge(sessions: Reads, engine: Engine, site: Site, hub: Hub, threads: WebThreads) -> Health:
    """Collect the report from the database, the broker and the services' statuses."""
    now, picture = times.now(), hub.picture
    try:
        with away_as_one():
            stored, ledger = await threads.additions.within(PATIENCE, _stored, sessions, engine, picture, now)
        database = "ok"
    except DatabaseAway as error:
        wrong = isinstance(error.__cause__, WrongVersion)
        database, stored, ledger = str(error) if wrong else "the database cannot be reached", {}, []
    units = [_unit(site, picture, unit.code, stored, now, known=database == "ok") for unit in site.units]
    down = []
    if database != "ok":
        down.append(database)
    elif not stored:
        down.append("no reading has been stored yet")
    elif not any(unit.ok for unit in units):
        down.append("no unit has had a reading stored lately")
    if not picture.connected:
        down.append("the broker is not connected")
    presences = {name: judge_presence(*picture.service(name), now) for name in sorted(picture.services)}
    partly = [f"service {name} is {presence}" for name, presence in presences.items() if presence != "online"]
    troubles = {name: service.status.trouble for name, service in sorted(picture.services.items())}
    partly += [f"{name}: {trouble}" for name, trouble in troubles.items() if trouble is not None]
    partly += [account.fault for account in ledger if account.fault is not None]
    if database == "ok":  # else nothing is known of what is stored, and that is said once
        partly += [f"{unit.unit}: {unit.words}" for unit in units if not unit.ok]
    return Health(
        status="down" if down else "degraded" if partly else "ok",
        words=down + partly,
        now=now,
        database=database,
        broker="connected" if picture.connected else "not connected",
        last_message_at=picture.last_message_at,
        services={name: service.status for name, service in picture.services.items()},
        presences=presences,
        units=units,
        ledger=ledger,
    )


def _stored(
    sessions: Reads, engine: Engine, picture: Picture, now: datetime
) -> tuple[dict[str, LastStored], list[Account]]:
    check_version(engine)
    with sessions.reading() as session:
        rows = session.execute(queries.last_stored_by_unit(now + CLOCK_SKEW)).all()
    ledger = read_ledger(sessions, picture)
    return {unit: LastStored(observed, newest, at) for unit, observed, newest, at in rows}, ledger


def _unit(
    site: Site, picture: Picture, code: str, stored: dict[str, LastStored], now: datetime, *, known: bool
) -> UnitHealth:
    unit = site.unit_by_code[code]
    status, heard_at = picture.unit(code)
    last = stored.get(code)
    observed_at = None if last is None else last.observed_at or last.newest_at
    # By when it was observed: a backlog that comes in proves nothing about now.
    age = None if observed_at is None else round(age_of(observed_at, now), 3)
    fresh = age is not None and is_fresh(age, max(LATE_SECONDS, STALE_PERIODS * (unit.period or site.period)))
    if not known:
        words = "not known: the database cannot be read"
    elif age is None:
        words = "nothing stored yet"
    elif fresh:
        words = "readings are stored"
    elif age < 0:
        words = f"the only stored readings are {-age:.0f} s ahead of this server's clock: is the unit's clock right?"
    else:
        words = f"last stored reading is {age:.0f} s old"
    return UnitHealth(
        unit=code,
        ok=fresh,
        publisher=judge_presence(status, heard_at, now),
        waiting=None if status is None else status.waiting,
        last_observed_at=observed_at,
        last_stored_at=None if last is None else last.stored_at,
        age_seconds=age,
        words=words,
    )
