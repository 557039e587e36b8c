"""The conditions of units under watch: presence, clock, backlog, source."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from statistics import median

from facility.alarms.recording import Condition
from facility.alarms.texts import Quantity
from schemas.picture import Picture
from schemas.site import Label, Site, Unit
from schemas.times import CLOCK_SKEW
from telemetry.alarms.engine import Observation
from telemetry.alarms.rules import Kind, Rule
from telemetry.judging import age_of, judge_presence, stale_after
from watchdog.looks import Look

MINUTE = timedelta(minutes=1)
# The place of alarms about the server itself.
SERVER = "server"
SERVER_NAME = Label(fr="Serveur", en="Server")
OFFLINE = Rule.above("offline", ("warning", 0.5, MINUTE), ("major", 0.5, 10 * MINUTE))
SOURCE = Rule.above("source", ("warning", 0.5, MINUTE), ("major", 0.5, 10 * MINUTE))
CLOCK = Rule.above("clock", ("warning", CLOCK_SKEW.total_seconds(), MINUTE), ("major", 3600, MINUTE))
# So many units with the same wrong clock have a right one: the server's is wrong.
SEVERAL = 2


def look_at_units(site: Site, picture: Picture, backlog: int, now: datetime) -> Iterator[Look]:
    """Yield what is seen of each unit; `backlog` is the count of waiting readings that is too many."""
    skews = {unit.code: skew for unit in site.units if (skew := clock_skew(picture, unit.code)) is not None}
    server_is_wrong = suspects_server(skews.values())
    wrong = abs(median(skews.values())) if server_is_wrong else 0.0
    yield Look(
        Condition(SERVER, "clock", "clock", SERVER_NAME, Quantity("s")), CLOCK, Observation(now, wrong, round(wrong))
    )
    rule = Rule.above("backlog", ("warning", backlog, 5 * MINUTE))
    for unit in site.units:
        status, _ = picture.unit(unit.code)
        presence = judge_presence(*picture.unit(unit.code), now)
        away = None if presence == "unknown" else float(presence != "online")
        yield _look(unit, OFFLINE, Observation(now, away))
        silent = None if presence != "online" else float(source_is_silent(site, picture, unit, now))
        yield _look(unit, SOURCE, Observation(now, silent, None, f"{unit.code}/offline" if away else None))
        skew = abs(skews[unit.code]) if unit.code in skews and presence == "online" else None
        cause = f"{SERVER}/clock" if server_is_wrong else None
        yield _look(unit, CLOCK, Observation(now, skew, None if skew is None else round(skew), cause))
        waiting = None if status is None or status.waiting is None else float(status.waiting)
        yield _look(unit, rule, Observation(now, waiting if presence == "online" else None, waiting))


def cause_of_silence(site: Site, picture: Picture, unit: Unit, now: datetime) -> str | None:
    """Return the alarm of a unit that explains why its cells send nothing, None where it should send."""
    presence = judge_presence(*picture.unit(unit.code), now)
    if presence in {"offline", "silent"}:
        return f"{unit.code}/offline"
    skew = clock_skew(picture, unit.code)
    if skew is not None and abs(skew) > CLOCK_SKEW.total_seconds():
        return f"{unit.code}/clock"
    if presence == "online" and source_is_silent(site, picture, unit, now):
        return f"{unit.code}/source"
    return None


def clock_skew(picture: Picture, unit: str) -> float | None:
    """Return by how many seconds a unit's clock is ahead of ours, by its status; None where it did not say."""
    status, heard_at = picture.unit(unit)
    if status is None or status.at is None or heard_at is None:
        return None
    return age_of(heard_at, status.at)


def suspects_server(skews: Iterable[float]) -> bool:
    """Tell whether most units disagree with our clock by the same: ours is the one that is wrong."""
    known = list(skews)
    if len(known) < SEVERAL:
        return False
    middle, limit = median(known), CLOCK_SKEW.total_seconds()
    alike = sum(abs(skew - middle) <= limit for skew in known)
    return abs(middle) > limit and alike * 2 > len(known) and alike >= SEVERAL


def source_is_silent(site: Site, picture: Picture, unit: Unit, now: datetime) -> bool:
    """Tell whether none of a unit's cells has sent anything fresh, though each did once."""
    newest: Mapping[str, datetime] = {
        cell: max(value.observed_at for value in picture.cells[cell].values())
        for cell in unit.cells
        if picture.cells.get(cell)
    }
    return bool(newest) and all(age_of(at, now) > stale_after(site, cell) for cell, at in newest.items())


def _look(unit: Unit, rule: Rule, seen: Observation) -> Look:
    kind: Kind = rule.kind
    quantity = Quantity("s") if kind == "clock" else Quantity()
    return Look(Condition(unit.code, kind, kind, unit.label, quantity), rule, seen)
