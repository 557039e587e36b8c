"""The data path itself under watch: heartbeats, canary, rows stored against rows heard, ledger, rejections, machine."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from facility.alarms.recording import Condition
from facility.alarms.texts import Quantity
from schemas.picture import Picture
from schemas.site import Label, Site
from telemetry.alarms.engine import Observation
from telemetry.alarms.rules import Kind, Rule
from telemetry.judging import judge_presence
from watchdog.looks import Look
from watchdog.settings import WatchdogBlock
from watchdog.units import MINUTE, SERVER, SERVER_NAME

HEARTBEAT = Rule.above("heartbeat", ("major", 0.5, MINUTE))
CANARY = Rule.above("canary", ("major", 60, timedelta(0)))
# The share of readings heard that were not stored.
ROWS = Rule.above("rows", ("warning", 0.2, 3 * MINUTE), ("major", 0.9, 5 * MINUTE))
LEDGER = Rule.above("ledger", ("major", 0.5, 10 * MINUTE))
DATABASE = Rule.above("database", ("major", 0.5, timedelta(seconds=30)))
BROKER = Rule.above("broker", ("major", 0.5, timedelta(seconds=30)))
DISK = Rule.above("disk", ("warning", 85, 5 * MINUTE), ("major", 95, MINUTE), margin=2)
# Minus the days that are left.
CERTIFICATE = Rule.above("certificate", ("warning", -21, timedelta(0)), ("major", -3, timedelta(0)))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says of the data path; None and empty where it was not asked or does not answer.

    `missing` has by unit the share of the readings heard within the last minutes that were not stored, `open` the
    readings that its ledger cannot explain.
    """

    canary_at: datetime | None = None
    rejected: int | None = None
    missing: Mapping[str, float] = field(default_factory=dict)
    open: Mapping[str, int] = field(default_factory=dict)


def look_at_services(
    site: Site, picture: Picture, facts: Facts, settings: WatchdogBlock, now: datetime
) -> Iterator[Look]:
    """Yield what is seen of the services, of what they store, and of this machine."""
    connected = picture.connected
    for name in settings.services:
        presence = judge_presence(*picture.service(name), now)
        measure = float(presence != "online") if connected else None
        yield _look(name, Label(fr=name, en=name), HEARTBEAT, Observation(now, measure))
    yield _look(SERVER, SERVER_NAME, BROKER, Observation(now, float(not connected)))
    silence = None if facts.canary_at is None else (now - facts.canary_at).total_seconds()
    yield _look(SERVER, SERVER_NAME, CANARY, Observation(now, silence, None, _cause_of_a_lost_canary(picture, now)))
    rejected = Rule.above("rejected", ("warning", settings.rejected_per_hour, timedelta(0)))
    count = None if facts.rejected is None else float(facts.rejected)
    yield _look(SERVER, SERVER_NAME, rejected, Observation(now, count, count))
    for unit in site.units:
        yield _look(unit.code, unit.label, ROWS, Observation(now, facts.missing.get(unit.code)))
        unexplained = facts.open.get(unit.code)
        measure = None if unexplained is None else float(abs(unexplained))
        yield _look(unit.code, unit.label, LEDGER, Observation(now, measure, measure))
    yield from look_at_machine(settings, now)


def look_at_machine(settings: WatchdogBlock, now: datetime) -> Iterator[Look]:
    """Yield how full the disks are, in percent, and how many days the certificates last."""
    for number, folder in enumerate(settings.disks):
        try:
            usage = shutil.disk_usage(folder)
            full = 100 * usage.used / max(1, usage.used + usage.free)
        except OSError:
            # A folder that is gone is as bad as a full one.
            full = 100.0
        name = Label(fr=str(folder)[:200], en=str(folder)[:200])
        yield _look(SERVER, name, DISK, Observation(now, full, full), code=f"disk-{number + 1}")
    for number, path in enumerate(settings.certificates):
        left = days_left(path, now)
        name = Label(fr=path.name[:200], en=path.name[:200])
        yield _look(SERVER, name, CERTIFICATE, Observation(now, -left, left), code=f"certificate-{number + 1}")


def days_left(path: Path, now: datetime) -> float:
    """Return the days until a certificate (PEM) expires; 0 for one that cannot be read."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return 0.0
    return (certificate.not_valid_after_utc.astimezone(UTC) - now) / timedelta(days=1)


def _cause_of_a_lost_canary(picture: Picture, now: datetime) -> str | None:
    if not picture.connected:
        return f"{SERVER}/broker"
    return None if judge_presence(*picture.service("ingestor"), now) == "online" else "ingestor/heartbeat"


def _look(place: str, name: Label, rule: Rule, seen: Observation, *, code: str | None = None) -> Look:
    kind: Kind = rule.kind
    quantity = Quantity("%") if kind == "disk" else Quantity()
    return Look(Condition(place, code or kind, kind, name, quantity), rule, seen)
