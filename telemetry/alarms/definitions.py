"""Which rules hold where: the site file's, replaced by what people set for a parameter, a cell or an experiment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from schemas.messages import ParameterLimits
from schemas.site import Site
from telemetry.alarms.rules import RECOVERY, SEVERITIES, Kind, Level, Rule, RuleError, Severity
from telemetry.judging import stale_after
from telemetry.limits import limits_for

# No data is major after this time, whatever the period.
LONG_SILENCE = timedelta(minutes=10)
# Kinds whose threshold is an amount, and clears at a share of it; the others clear where they were passed.
AMOUNTS: frozenset[Kind] = frozenset({"deviation", "rate", "odd_one_out"})
# What an experiment may set its own limits for.
LIMITS: frozenset[Kind] = frozenset({"deviation", "low", "high"})


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
    guidance: tuple[str, str] | None = None

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
    found = levels_of(site, cell, definitions, experiment=experiment, limits=limits)
    rules = {watched: rule_of(levels) for watched, levels in found.items()}
    # After a silence a cell has the time of some of its own readings to be heard again.
    recovery = max(RECOVERY, timedelta(seconds=stale_after(site, cell)))
    return {
        watched: replace(rule, recovery=recovery) if watched.kind == "no_data" else rule
        for watched, rule in rules.items()
        if rule is not None
    }


def levels_of(
    site: Site,
    cell: str,
    definitions: Iterable[Definition] = (),
    *,
    experiment: int | None = None,
    limits: Mapping[str, ParameterLimits] | None = None,
) -> dict[Watched, list[Definition]]:
    """Return what holds in a cell, the mildest severity first: of each severity the most special definition."""
    known = {parameter.code for parameter in site.parameters_of(cell)}
    own = {code for code, one in (limits or {}).items() if code in known and _has_limits(site, code, one)}
    found: dict[Watched, dict[Severity, Definition]] = {}
    for one in [*_from_site(site, cell), *_of_experiment(site, own, limits or {}, experiment), *definitions]:
        if one.cell not in {None, cell} or one.experiment not in {None, experiment}:
            continue
        if one.parameter is not None and one.parameter not in known:
            continue
        if one.parameter in own and one.kind in LIMITS and one.experiment is None:
            # The scientist's notion of "in limits" replaces the station's.
            continue
        levels = found.setdefault(Watched(one.kind, one.parameter), {})
        held = levels.get(one.severity)
        if held is None or held.scope <= one.scope:
            levels[one.severity] = one
    return {
        watched: [levels[severity] for severity in SEVERITIES if severity in levels]
        for watched, levels in found.items()
    }


def rule_of(definitions: list[Definition]) -> Rule | None:
    """Return the definitions of one kind, the mildest first, as a rule; None where all are off."""
    levels = tuple(level_of(one) for one in definitions if one.enabled)
    if not levels:
        return None
    guidance = next((one.guidance for one in reversed(definitions) if one.guidance is not None), None)
    return Rule(definitions[0].kind, levels, guidance=guidance)


def level_of(one: Definition) -> Level:
    """Return a definition as a level of the engine, whose measures rise as things get worse."""
    if one.kind in AMOUNTS and one.threshold <= 0:
        raise RuleError("the threshold must be greater than 0")
    match one.kind:
        case "low":
            return Level(one.severity, -one.threshold, one.delay, -one.threshold)
        case "open" | "no_value" | "implausible":
            return Level(one.severity, 0.5, one.delay, 0.5)
        case "deviation" | "rate" | "odd_one_out":
            return Level(one.severity, one.threshold, one.delay, one.threshold * 0.8)
        case _:
            return Level(one.severity, one.threshold, one.delay, one.threshold)


def _from_site(site: Site, cell: str) -> list[Definition]:
    found = [
        Definition("no_data", "warning", stale_after(site, cell), timedelta(0)),
        Definition("no_data", "major", max(LONG_SILENCE.total_seconds(), 2 * stale_after(site, cell)), timedelta(0)),
    ]
    for parameter in site.parameters_of(cell):
        found += [
            Definition(one.kind, one.severity, one.threshold, timedelta(seconds=one.delay), parameter.code)
            for one in parameter.alarms
        ]
        found += [
            Definition("deviation", one.severity, one.deviation, timedelta(seconds=one.delay), parameter.code)
            for one in parameter.tolerances
        ]
    return found


def _of_experiment(
    site: Site, own: Collection[str], limits: Mapping[str, ParameterLimits], experiment: int | None
) -> list[Definition]:
    found = []
    for parameter in site.parameters:
        if parameter.code not in own:
            continue
        one = limits[parameter.code]
        bounds: tuple[tuple[Kind, float | None], ...] = (
            ("deviation", one.deviation), ("low", one.low), ("high", one.high)
        )  # fmt: skip
        found += [
            Definition(
                kind,
                one.severity,
                bound,
                timedelta(seconds=one.delay),
                parameter.code,
                experiment=experiment,
            )
            for kind, bound in bounds
            if bound is not None and (kind != "deviation" or bound > 0)
        ]
    return found


def _has_limits(site: Site, code: str, own: ParameterLimits) -> bool:
    return limits_for(site.parameter_by_code[code], own).own
