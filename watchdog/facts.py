"""What the database says of the data path, read every few seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from facility.alarms.channels import Health
from schemas.messages import Status
from schemas.picture import Picture
from schemas.site import Site
from schemas.tables import Canary, Cell, Parameter, Publisher, Reading, RejectedMessage, Series
from storage.database import Reads
from telemetry.alarms.station_rules import WATCHDOG
from telemetry.ledger import Balance
from watchdog.arrivals import Heard

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """None and empty where the database was not asked or does not answer.

    `missing` has by unit the share of the readings heard within the last minutes that were not stored, `open` the
    readings that its ledger cannot explain, `canary_silence` the seconds since a canary came back, `channels` how the
    channels of notifications do.
    """

    canary: int | None = None
    canary_silence: float | None = None
    rejected: int | None = None
    missing: Mapping[str, float] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)
    channels: Mapping[str, Health] = field(default_factory=dict)


def read_facts(sessions: Reads, site: Site, picture: Picture, heard: Mapping[str, Heard], now: datetime) -> Facts:
    """Ask the database; `heard` has what must be stored by now."""
    with sessions.reading() as session:
        canary = session.get(Canary, WATCHDOG)
        rejected = session.scalar(
            select(func.count()).select_from(RejectedMessage).where(RejectedMessage.received_at > now - HOUR)
        )
        statuses = {unit.code: status for unit in site.units for status, _ in [picture.unit(unit.code)] if status}
        return Facts(
            0 if canary is None else canary.number,
            None,
            rejected,
            _missing(session, site, heard),
            _unexplained(session, statuses),
        )


def _missing(session: Session, site: Site, heard: Mapping[str, Heard]) -> dict[str, float]:
    found = {}
    for unit in site.units:
        ours = {cell: heard[cell] for cell in unit.cells if cell in heard}
        expected = sum(len(one.instants) for one in ours.values())
        if expected:
            stored = sum(_stored(session, cell, one) for cell, one in ours.items())
            found[unit.code] = 1 - stored / expected
    return found


def _stored(session: Session, cell: str, heard: Heard) -> int:
    """Return how many of these readings the history has."""
    series = session.scalar(
        select(Series.id)
        .join(Cell, Cell.id == Series.cell_id)
        .join(Parameter, Parameter.id == Series.parameter_id)
        .where(Cell.code == cell, Parameter.code == heard.parameter)
    )
    if series is None:
        return 0
    first, last = min(heard.instants), max(heard.instants)
    instants = session.scalars(
        select(Reading.observed_at).where(
            Reading.series_id == series, Reading.observed_at >= first, Reading.observed_at <= last
        )
    )
    return len(heard.instants & set(instants))


def _unexplained(session: Session, statuses: Mapping[str, Status]) -> dict[str, int]:
    units = {status.publisher: unit for unit, status in statuses.items() if status.publisher is not None}
    if not units:
        return {}
    columns = Publisher.id, Publisher.last_sequence, Publisher.stored, Publisher.rejected
    rows = session.execute(select(*columns).where(Publisher.id.in_(units))).all()
    booked = {publisher: (last, stored, rejected) for publisher, last, stored, rejected in rows}
    # A publisher that the database does not know at all: it may have been restored from before its time.
    return {unit: Balance(*booked.get(publisher, (0, 0, 0)), statuses[unit]).open for publisher, unit in units.items()}
