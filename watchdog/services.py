"""The data path itself under watch: heartbeats, canary, rows stored against rows heard, ledger, rejections, machine."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from facility.alarms.conditions import Condition
from facility.alarms.texts import Quantity
from schemas.site import Label
from telemetry.alarms import station_rules
from telemetry.alarms.engine import Observation
from telemetry.alarms.rules import Rule
from telemetry.alarms.station_rules import (
    BROKER,
    CANARY,
    CERTIFICATE,
    DATABASE,
    DISK,
    HEARTBEAT,
    LEDGER,
    ROWS,
    SERVER,
)
from watchdog.facts import Facts
from watchdog.looks import Look
from watchdog.scene import Scene
from watchdog.settings import WatchdogBlock
from watchdog.units import SERVER_NAME


def look_at_path(scene: Scene, facts: Facts, settings: WatchdogBlock, *, database_away: bool) -> Iterator[Look]:
    """Yield what is seen of the services and of what they store."""
    now, connected = scene.now, scene.picture.connected
    yield _look(SERVER, SERVER_NAME, DATABASE, Observation(now, float(database_away)))
    yield _look(SERVER, SERVER_NAME, BROKER, Observation(now, float(not connected)))
    for name in settings.services:
        presence = scene.service(name)
        # Of a service that was never there, too: it should be. What is kept by the broker of old is told apart.
        measure = float(presence != "online") if connected and (scene.steady or presence != "unknown") else None
        cause = None if connected else f"{SERVER}/broker"
        yield _look(name, Label(fr=name, en=name), HEARTBEAT, Observation(now, measure, None, cause))
    cause = _cause_of_a_lost_canary(scene, database_away=database_away)
    yield _look(SERVER, SERVER_NAME, CANARY, Observation(now, facts.canary_silence, None, cause))
    rejected = None if facts.rejected is None else float(facts.rejected)
    rule = station_rules.rejected(settings.rejected_per_hour)
    yield _look(SERVER, SERVER_NAME, rule, Observation(now, rejected, rejected))
    for unit in scene.site.units:
        yield _look(unit.code, unit.label, ROWS, Observation(now, facts.missing.get(unit.code), None, cause))
        unexplained = facts.open.get(unit.code)
        measure = None if unexplained is None else float(abs(unexplained))
        yield _look(unit.code, unit.label, LEDGER, Observation(now, measure, measure))


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
    # Its library is as large as half of this service, and few stations watch certificates.
    from cryptography import x509  # noqa: PLC0415

    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return 0.0
    return (certificate.not_valid_after_utc.astimezone(UTC) - now) / timedelta(days=1)


def _cause_of_a_lost_canary(scene: Scene, *, database_away: bool) -> str | None:
    if not scene.picture.connected:
        return f"{SERVER}/broker"
    if database_away:
        return f"{SERVER}/database"
    return None if scene.service("ingestor") in {"online", "unknown"} else "ingestor/heartbeat"


def _look(place: str, name: Label, rule: Rule, seen: Observation, *, code: str | None = None) -> Look:
    quantity = Quantity("%") if rule.kind == "disk" else Quantity()
    return Look(Condition(place, code or rule.kind, rule.kind, name, quantity), rule, seen)
