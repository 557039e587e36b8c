"""Alarm rules as data: a kind of condition with one or more levels of severity."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, Self

Severity = Literal["warning", "major", "critical"]
SEVERITIES: tuple[Severity, ...] = ("warning", "major", "critical")

CellKind = Literal[
    "deviation", "low", "high", "rate", "frozen", "no_value", "no_data", "implausible", "open", "no_effect"
]
UnitKind = Literal["offline", "clock", "backlog", "source"]
ServiceKind = Literal[
    "heartbeat", "rows", "canary", "ledger", "rejected", "database", "broker", "disk", "certificate", "channel"
]
ExperimentKind = Literal["scenario_ended", "setpoint_not_followed", "odd_one_out"]
Kind = CellKind | UnitKind | ServiceKind | ExperimentKind

# What hides these explains them whole: where they end meanwhile, nobody needs to take note of them.
ENDS_WITH_ITS_CAUSE: frozenset[Kind] = frozenset(
    {
        "no_data", "implausible",
        "offline", "clock", "backlog", "source",
        "heartbeat", "rows", "canary", "ledger", "rejected", "broker",
    }
)  # fmt: skip
# After a cause is over, what it explained has so long to recover before it calls by itself.
RECOVERY = timedelta(minutes=2)
# A deviation is over when it has fallen to this share of its threshold.
HYSTERESIS = 0.8


class RuleError(ValueError):
    """A rule that contradicts itself; its text says how."""


@dataclass(frozen=True, slots=True)
class Level:
    """Beyond `threshold` for `delay`, the alarm has this severity; it is over once the measure is at `clear_at`.

    Both are in the unit of the kind's measure, which rises as things get worse: a deviation's amount, seconds of
    silence, minus the value for a kind that watches the low side.
    """

    severity: Severity
    threshold: float
    delay: timedelta
    clear_at: float

    def __post_init__(self) -> None:
        if self.delay < timedelta(0):
            raise RuleError("a delay cannot be negative")
        if self.clear_at > self.threshold:
            raise RuleError("an alarm must clear below its threshold")


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of condition and its levels, the mildest first, each severity once.

    What explains an alarm of this rule goes on doing so for `recovery` after it is over. `guidance` is what people
    wrote about it, in French and English.
    """

    kind: Kind
    levels: tuple[Level, ...]
    recovery: timedelta = RECOVERY
    guidance: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        ranks = [SEVERITIES.index(level.severity) for level in self.levels]
        if not ranks or ranks != sorted(set(ranks)):
            raise RuleError("a rule needs one level a severity, the mildest first")

    @classmethod
    def beyond(cls, kind: Kind, *levels: tuple[Severity, float, timedelta], hysteresis: float = HYSTERESIS) -> Self:
        """Make a rule whose measure is an amount: it clears at a share of each threshold."""
        return cls(kind, tuple(Level(s, threshold, delay, threshold * hysteresis) for s, threshold, delay in levels))

    @classmethod
    def above(cls, kind: Kind, *levels: tuple[Severity, float, timedelta], margin: float = 0.0) -> Self:
        """Make a rule whose measure has no natural zero: it clears `margin` below each threshold."""
        return cls(kind, tuple(Level(s, threshold, delay, threshold - margin) for s, threshold, delay in levels))

    def delayed(self, delay: timedelta) -> Self:
        """Return the rule with one delay for all levels."""
        return replace(self, levels=tuple(replace(level, delay=delay) for level in self.levels))
