"""Can the station's data be trusted now? Judged by rows stored, never by a process being up."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from schemas.messages import Instant, Status
from schemas.site import Site
from storage.database import Reads
from storage.revisions import WrongVersion, check_version
from telemetry import queries
from telemetry.views import STALE_PERIODS, UnitState, unit_state
from web.health.ledger import Account, read_ledger
from web.live.hub import Hub

# Storing takes its batch and its commit; a unit is late after this many seconds at least.
PATIENCE = 60.0


class UnitHealth(BaseModel):
    """A unit's last stored reading and what its publisher still holds."""

    unit: str
    ok: bool
    publisher: UnitState
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
    units: list[UnitHealth]
    ledger: list[Account]


def judge(sessions: Reads, engine: Engine, site: Site, hub: Hub, now: datetime) -> Health:
    """Look at the rows, the broker and who says that he is there."""
    database, stored, ledger = _stored(sessions, engine, hub)
    units = [_unit(site, hub, unit.code, stored, now) for unit in site.units]
    down = []
    if database != "ok":
        down.append(database)
    elif not stored:
        down.append("no reading has been stored yet")
    elif not any(unit.ok for unit in units):
        down.append("no unit has had a reading stored lately")
    if not hub.broker_connected:
        down.append("the broker is not connected")
    offline = [name for name, status in sorted(hub.services.items()) if status.state == "offline"]
    partly = [f"service {name} is offline" for name in offline]
    partly += [f"{name}: {one.trouble}" for name, one in sorted(hub.services.items()) if one.trouble is not None]
    partly += [account.fault for account in ledger if account.fault is not None]
    partly += [f"{unit.unit}: {unit.words}" for unit in units if not unit.ok]
    return Health(
        status="down" if down else "degraded" if partly else "ok",
        words=down + partly,
        now=now,
        database=database,
        broker="connected" if hub.broker_connected else "not connected",
        last_message_at=hub.last_message_at,
        services=hub.services,
        units=units,
        ledger=ledger,
    )


def _stored(
    sessions: Reads, engine: Engine, hub: Hub
) -> tuple[str, dict[str, tuple[datetime, datetime]], list[Account]]:
    try:
        check_version(engine)
        with sessions.reading() as session:
            rows = session.execute(queries.last_stored_by_unit()).all()
        ledger = read_ledger(sessions, hub)
    except WrongVersion as error:
        return str(error), {}, []
    except (DBAPIError, PoolTimeout):
        return "the database cannot be reached", {}, []
    return "ok", {unit: (observed_at, received_at) for unit, observed_at, received_at in rows}, ledger


def _unit(site: Site, hub: Hub, code: str, stored: dict[str, tuple[datetime, datetime]], now: datetime) -> UnitHealth:
    unit = site.unit_by_code[code]
    status = hub.units.get(code)
    observed_at, stored_at = stored.get(code, (None, None))
    # By when it was observed: a backlog that comes in proves nothing about now.
    age = None if observed_at is None else round((now - observed_at).total_seconds(), 3)
    limit = max(PATIENCE, STALE_PERIODS * (unit.period or site.period))
    if age is None:
        words = "nothing stored yet"
    elif age > limit:
        words = f"last stored reading is {age:.0f} s old"
    else:
        words = "readings are stored"
    return UnitHealth(
        unit=code,
        ok=age is not None and age <= limit,
        publisher=unit_state(status),
        waiting=None if status is None else status.waiting,
        last_observed_at=observed_at,
        last_stored_at=stored_at,
        age_seconds=age,
        words=words,
    )
