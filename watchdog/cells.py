"""The conditions of cells under watch, and what is seen of them in a live picture."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from facility.alarms.recording import Condition
from facility.alarms.texts import Quantity
from schemas.picture import Picture
from schemas.site import Label, Site
from telemetry.alarms.definitions import Definition, Watched, rules_of_cell
from telemetry.alarms.engine import Observation
from telemetry.alarms.observing import Memory, observe, remember
from telemetry.alarms.rules import Kind
from telemetry.judging import CellVerdict, judge_cell, judge_presence
from watchdog.looks import Look
from watchdog.units import cause_of_silence

# What an open door or announced work explains.
EXPLAINED: frozenset[Kind] = frozenset({"deviation", "low", "high", "rate", "implausible", "no_value"})
DOOR = "door"


class CellWatch:
    """Watches cells; remembers of each value only what a rule needs of the past."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._memories: dict[str, dict[str, Memory]] = {}

    def look(
        self,
        cell: str,
        picture: Picture,
        definitions: Iterable[Definition],
        interventions: Mapping[str, str],
        now: datetime,
    ) -> Iterator[Look]:
        """Yield what is seen of each condition of a cell; `interventions` has the alarm-like name of work by cell."""
        site, unit = self._site, self._site.unit_of_cell[cell]
        presence = judge_presence(*picture.unit(unit.code), now)
        experiment = picture.experiments.get(cell)
        limits = {} if experiment is None else experiment.limits
        verdict = judge_cell(
            site, cell, picture.cells.get(cell, {}), presence=presence, limits=limits, alarms=(), now=now
        )
        memory = self._remember(cell, verdict)
        silence = cause_of_silence(site, picture, unit, now)
        explained = interventions.get(cell) or self._open_door(cell, verdict)
        rules = rules_of_cell(
            site, cell, definitions, experiment=None if experiment is None else experiment.id, limits=limits
        )
        for watched, rule in rules.items():
            cause = silence if watched.kind == "no_data" else explained if watched.kind in EXPLAINED else None
            seen = observe(watched, verdict, memory, now, suppressed_by=cause)
            if cause is not None and watched.kind in EXPLAINED:
                # Its delay begins anew when the door is closed: the cell needs time to recover.
                seen = Observation(seen.at, None, seen.value, cause)
            yield Look(condition_of(site, cell, watched), rule, seen)

    def _remember(self, cell: str, verdict: CellVerdict) -> Mapping[str, Memory]:
        held = self._memories.setdefault(cell, {})
        for code, one in verdict.values.items():
            held[code] = remember(held.get(code, Memory()), one)
        return held

    def _open_door(self, cell: str, verdict: CellVerdict) -> str | None:
        door = verdict.values.get(DOOR)
        return f"{cell}/{DOOR}-open" if door is not None and not door.missing and door.value == 1 else None


def condition_of(site: Site, cell: str, watched: Watched) -> Condition:
    """Return a watched condition with its names and how its values are written."""
    if watched.parameter is None:
        return Condition(cell, watched.code, watched.kind, Label(fr=cell, en=cell), cell=cell)
    parameter = site.parameter_by_code[watched.parameter]
    return Condition(
        cell,
        watched.code,
        watched.kind,
        parameter.label,
        Quantity(parameter.unit, parameter.decimals),
        cell=cell,
        parameter=watched.parameter,
    )
