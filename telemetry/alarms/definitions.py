"""Which rules hold where: the site file's, replaced by what people set for a parameter, a cell or an experiment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from schemas.messages import ParameterLimits
from schemas.site import AlarmDefault, Parameter, Site
from telemetry.alarms.rules import SEVERITIES, Kind, Level, Rule, RuleError, Severity
from telemetry.judging import stale_after
from telemetry.limits import limits_for

# No data is major after this time, whatever the period.
LONG_SILENCE = timedelta(minutes=10)
# Kinds whose threshold is an amount, and clears at a share of it; the others clear where they were passed.
AMOUNTS: frozenset[Kind] = frozenset({"deviation", "rate"})


@dataclass(frozen=True, slots=True)
class Definition:
    """One level of a rule as people set it, for everything or for the given parameter, cell or experiment.

    `threshold` is in the parameter's unit (deviation, low, high), that unit a minute (rate), hours (frozen) or seconds
    (no_data); kinds that only need a delay ignore it. `enabled` False switches the severity off there.
    """

    kind: Kind
    severity: Severity
    threshold: float
    delay: timedelta
    parameter: str | None = None
    cell: str | None = None
    experiment: int | None = None
    enabled: bool = True

    @property
    def scope(self) -> int:
        """How special the definition is: that of an experiment wins over a cell's, a cell's over all cells'."""
        return 2 if self.experiment is not None else 1 if self.cell is not None else 0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched in a cell: a parameter, or the cell itself, for one kind of condition."""

    kind: Kind
    parameter: str | None

    @property
    def code(self) -> str:
        """The alarm's code: the last level of its topic."""
        return self.kind if self.parameter is None else f"{self.parameter}-{self.kind}"


def rules_of_cell(
    site: Site,
    cell: str,
    definitions: Iterable[Definition] = (),
    *,
    experiment: int | None = None,
    limits: Mapping[str, ParameterLimits] | None = None,
) -> dict[Watched, Rule]:
    """Return the rules of a cell; `limits` are those of the experiment in it, which replace the station's."""
    found: dict[Watched, list[Definition]] = {}
    for one in [*_from_site(site, cell, limits or {}), *definitions]:
        if one.cell not in {None, cell} or one.experiment not in {None, experiment}:
            continue
        watched = Watched(one.kind, one.parameter)
        held = found.get(watched, [])
        if held and held[0].scope > one.scope:
            continue
        # A more special definition, or a later one of the same scope and severity, replaces what stood there.
        found[watched] = [
            *(other for other in held if other.scope == one.scope and other.severity != one.severity),
            one,
        ]
    rules = {watched: rule_of(several) for watched, several in found.items()}
    return {watched: rule for watched, rule in rules.items() if rule is not None}


def rule_of(definitions: list[Definition]) -> Rule | None:
    """Return the definitions of one kind as a rule, None where all are off; raise RuleError where they conflict."""
    levels = sorted(
        (level_of(one) for one in definitions if one.enabled), key=lambda level: SEVERITIES.index(level.severity)
    )
    if not levels:
        return None
    return Rule(definitions[0].kind, tuple(levels))


def level_of(one: Definition) -> Level:
    """Return a definition as a level of the engine, whose measures rise as things get worse."""
    if one.kind in AMOUNTS and one.threshold <= 0:
        raise RuleError("the threshold must be greater than 0")
    match one.kind:
        case "low":
            return Level(one.severity, -one.threshold, one.delay, -one.threshold)
        case "open" | "no_value" | "implausible":
            return Level(one.severity, 0.5, one.delay, 0.5)
        case "deviation" | "rate":
            return Level(one.severity, one.threshold, one.delay, one.threshold * 0.8)
        case _:
            return Level(one.severity, one.threshold, one.delay, one.threshold)


def _from_site(site: Site, cell: str, limits: Mapping[str, ParameterLimits]) -> list[Definition]:
    found = [
        Definition("no_data", "warning", stale_after(site, cell), timedelta(0)),
        Definition("no_data", "major", max(LONG_SILENCE.total_seconds(), 2 * stale_after(site, cell)), timedelta(0)),
    ]
    for parameter in site.parameters_of(cell):
        own = limits.get(parameter.code)
        found += [_default(parameter, one) for one in parameter.alarms]
        if own is not None and limits_for(parameter, own).own:
            found += _of_experiment(parameter, own)
        else:
            found += [
                Definition("deviation", one.severity, one.deviation, timedelta(seconds=one.delay), parameter.code)
                for one in parameter.tolerances
            ]
    return found


def _default(parameter: Parameter, one: AlarmDefault) -> Definition:
    return Definition(one.kind, one.severity, one.threshold, timedelta(seconds=one.delay), parameter.code)


def _of_experiment(parameter: Parameter, own: ParameterLimits) -> list[Definition]:
    delay = timedelta(seconds=own.delay)
    found = []
    if own.deviation is not None:
        found.append(Definition("deviation", own.severity, own.deviation, delay, parameter.code))
    if own.low is not None:
        found.append(Definition("low", own.severity, own.low, delay, parameter.code))
    if own.high is not None:
        found.append(Definition("high", own.severity, own.high, delay, parameter.code))
    return found
