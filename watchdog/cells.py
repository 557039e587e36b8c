"""The conditions of cells under watch, and what is seen of them in a live picture."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic

from facility.alarms.conditions import Condition
from facility.alarms.texts import Quantity
from schemas.messages import CellExperiment
from schemas.picture import Latest
from schemas.site import Label, Site
from telemetry.alarms.comparing import distances
from telemetry.alarms.definitions import Definition, Watched, rules_of_cell
from telemetry.alarms.engine import Observation
from telemetry.alarms.observing import NOTHING, Memory, idle_command, observe, remember
from telemetry.alarms.rules import Kind, Rule
from telemetry.judging import CellVerdict, judge_cell
from watchdog.looks import Key, Look
from watchdog.scene import Scene

# What an open door or announced work explains.
EXPLAINED: frozenset[Kind] = frozenset({"deviation", "low", "high", "rate", "implausible", "no_value", "odd_one_out"})
# A cell of which nothing new is known is looked at again after so many seconds: time alone may raise or end an alarm.
IDLE = 5.0

NO_VALUES: Mapping[str, Latest] = {}


@dataclass(slots=True)
class _Watch:
    """What is kept of a cell from one look to the next."""

    made_of: tuple[object, ...] = ()
    rules: dict[Watched, tuple[Condition, Rule]] = field(default_factory=dict)
    seen: tuple[object, ...] = ()
    looked_at: float = 0.0
    memory: dict[str, Memory] = field(default_factory=dict)
    verdict: CellVerdict | None = None


class CellWatch:
    """Watches cells; looks at those of which something is new, remembers of each value only what a rule needs."""

    def __init__(self, site: Site, clock: Callable[[], float] = monotonic) -> None:
        self._site, self._clock = site, clock
        self._is_active: Callable[[Key], bool] = lambda _: False
        self._cells = {cell: _Watch() for cell in site.unit_of_cell}
        # What opens a cell: a parameter that the site file watches for being open.
        self._doors = {
            cell: [one.code for one in site.parameters_of(cell) if any(rule.kind == "open" for rule in one.alarms)]
            for cell in site.unit_of_cell
        }

    def look(
        self,
        scene: Scene,
        definitions: tuple[Definition, ...],
        interventions: Mapping[str, str],
        is_active: Callable[[Key], bool],
    ) -> Iterator[Look]:
        """Yield what is seen of the conditions of cells.

        `interventions` has the name of announced work by cell; `is_active` tells whether an alarm's condition holds.
        """
        self._is_active = is_active
        silences = {unit.code: scene.cause_of_silence(unit) for unit in self._site.units}
        odd = self._odd(scene, definitions)
        for cell, unit in self._site.unit_of_cell.items():
            watch, experiment = self._cells[cell], scene.picture.experiments.get(cell)
            self._refresh(cell, watch, experiment, definitions)
            values = scene.picture.cells.get(cell, NO_VALUES)
            seen = (values, scene.presence(unit.code), silences[unit.code], interventions.get(cell), watch.made_of)
            due = self._clock() - watch.looked_at >= IDLE
            if due or not _same(seen, watch.seen):
                watch.seen, watch.looked_at = seen, self._clock()
                causes = silences[unit.code], interventions.get(cell)
                yield from self._look(scene, cell, watch, causes, odd)

    def recall(self, cell: str, memories: Mapping[str, Memory]) -> None:
        """Take what the database remembers of a cell's values from before our start."""
        if cell in self._cells:
            self._cells[cell].memory.update(memories)

    def watches(self, key: Key) -> bool:
        """Tell whether a cell's condition is watched: rules come and go with experiments and people's wishes."""
        watch = self._cells.get(key[0])
        return watch is not None and any(condition.code == key[1] for condition, _ in watch.rules.values())

    def _refresh(
        self, cell: str, watch: _Watch, experiment: CellExperiment | None, definitions: tuple[Definition, ...]
    ) -> None:
        """Make the rules anew where what they are made of has changed."""
        made_of = (experiment, definitions)
        if _same(made_of, watch.made_of):
            return
        number, limits = (None, {}) if experiment is None else (experiment.id, experiment.limits)
        rules = rules_of_cell(self._site, cell, definitions, experiment=number, limits=limits)
        watch.rules = {watched: (condition_of(self._site, cell, watched), rule) for watched, rule in rules.items()}
        watch.made_of = made_of

    def _look(
        self,
        scene: Scene,
        cell: str,
        watch: _Watch,
        causes: tuple[str | None, str | None],
        odd: Mapping[str, Mapping[str, float]],
    ) -> Iterator[Look]:
        picture, now = scene.picture, scene.now
        experiment = picture.experiments.get(cell)
        unit = self._site.unit_of_cell[cell].code
        verdict = watch.verdict = judge_cell(
            self._site,
            cell,
            picture.cells.get(cell, {}),
            presence=scene.presence(unit),
            limits={} if experiment is None else experiment.limits,
            alarms=(),
            now=now,
        )
        for code, one in verdict.values.items():
            if one.observed_at is not None:
                watch.memory[code] = remember(watch.memory.get(code, NOTHING), one)
        silence, intervention = causes
        explained = intervention or self._open_door(cell, verdict)
        for watched, (condition, rule) in watch.rules.items():
            code = watched.parameter or ""
            physical = watched.kind in EXPLAINED
            cause = silence if watched.kind == "no_data" else explained if physical else None
            if watched.kind == "open":
                # Announced, an open door calls nobody; once the work is over it does at once, as a reminder.
                cause = intervention
            if watched.kind == "implausible" and cause is None and self._is_active((cell, f"{code}-deviation")):
                # So far off that it can hardly be: one alarm says enough.
                cause = f"{cell}/{code}-deviation"
            if watched.kind == "odd_one_out":
                seen = Observation(now, odd.get(code, {}).get(cell), verdict.values[code].value, cause)
            elif watched.kind == "no_effect":
                command = verdict.values[code]
                effect = verdict.values.get(self._site.parameter_by_code[code].command_of or "")
                seen = Observation(now, idle_command(command, effect), command.value, cause)
            else:
                seen = observe(
                    watched, verdict, watch.memory, now, silence=scene.silences.get(cell), suppressed_by=cause
                )
            if physical and cause is not None:
                # Its delay begins anew when the door is closed: the cell needs time to recover.
                seen = Observation(seen.at, None, seen.value, cause)
            yield Look(condition, rule, seen)

    def _open_door(self, cell: str, verdict: CellVerdict) -> str | None:
        for code in self._doors[cell]:
            door = verdict.values[code]
            if not door.missing and door.value:
                return f"{cell}/{code}-open"
        return None

    def _odd(self, scene: Scene, definitions: Iterable[Definition]) -> dict[str, dict[str, float]]:
        """Return by parameter how far each cell is from the others of its experiment, where a rule asks for it."""
        parameters = {one.parameter for one in definitions if one.kind == "odd_one_out" and one.enabled}
        found: dict[str, dict[str, float]] = {}
        for parameter in filter(None, parameters):
            groups: dict[int, dict[str, CellVerdict]] = {}
            for cell, experiment in scene.picture.experiments.items():
                verdict = self._cells[cell].verdict
                if verdict is not None and parameter in verdict.values:
                    groups.setdefault(experiment.id, {})[cell] = verdict
            found[parameter] = {
                cell: distance
                for group in groups.values()
                for cell, distance in distances({cell: one.values[parameter] for cell, one in group.items()}).items()
            }
        return found


def _same(made_of: tuple[object, ...], before: tuple[object, ...]) -> bool:
    """Compare by identity first: pictures are mostly the very same."""
    return len(made_of) == len(before) and all(
        one is other or one == other for one, other in zip(made_of, before, strict=True)
    )


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
