"""The conditions of units under watch: presence, source, clock, backlog."""

from collections.abc import Iterator

from facility.alarms.conditions import Condition
from facility.alarms.texts import Quantity
from schemas.site import Label, Unit
from telemetry.alarms import station_rules
from telemetry.alarms.engine import Observation
from telemetry.alarms.rules import Rule
from telemetry.alarms.station_rules import CLOCK, OFFLINE, SERVER, SOURCE
from watchdog.looks import Look
from watchdog.scene import Scene

SERVER_NAME = Label(fr="Serveur", en="Server")


def look_at_units(scene: Scene, backlog: int) -> Iterator[Look]:
    """Yield what is seen of each unit; `backlog` is the count of waiting readings that is too many."""
    now, server_skew = scene.now, scene.server_skew
    if scene.steady and scene.skews:
        wrong = server_skew or 0.0
        yield Look(
            Condition(SERVER, "clock", "clock", SERVER_NAME, Quantity("s")),
            CLOCK,
            Observation(now, wrong, round(wrong)),
        )
    rule = station_rules.backlog(backlog)
    for unit in scene.site.units:
        presence = scene.presence(unit.code)
        away = None if presence == "unknown" else float(presence != "online")
        yield _look(unit, OFFLINE, Observation(now, away))
        silent = None if presence != "online" else float(scene.source_is_silent(unit))
        yield _look(unit, SOURCE, Observation(now, silent, None, f"{unit.code}/offline" if away else None))
        skew = scene.skews.get(unit.code) if presence == "online" and scene.steady else None
        cause = None if server_skew is None else f"{SERVER}/clock"
        measure, shown = (None, None) if skew is None else (abs(skew), round(abs(skew)))
        # Where ours is the one that is wrong, nothing is known of this unit's.
        yield _look(unit, CLOCK, Observation(now, None if cause else measure, shown, cause))
        status, _ = scene.picture.unit(unit.code)
        waiting = None if status is None or status.waiting is None else float(status.waiting)
        yield _look(unit, rule, Observation(now, waiting if presence == "online" else None, waiting))


def _look(unit: Unit, rule: Rule, seen: Observation) -> Look:
    quantity = Quantity("s") if rule.kind == "clock" else Quantity()
    return Look(Condition(unit.code, rule.kind, rule.kind, unit.label, quantity), rule, seen)
