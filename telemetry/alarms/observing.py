"""From a judged cell to observations: how bad each watched condition is, as a number that rises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from telemetry.alarms.definitions import Watched
from telemetry.alarms.engine import Observation
from telemetry.alarms.rules import Kind
from telemetry.judging import SILENT_STATES, CellVerdict, ValueVerdict, age_of, is_ahead

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Memory:
    """What must be remembered of a value: since when it has been the same, and the one before it."""

    value: float | None = None
    unchanged_since: datetime | None = None
    at: datetime | None = None
    previous: float | None = None
    previous_at: datetime | None = None


NOTHING = Memory()


def remember(memory: Memory, verdict: ValueVerdict) -> Memory:
    """Return the memory after one more value; one that was seen already changes nothing."""
    at, value = verdict.observed_at, verdict.value
    if at is None or (memory.at is not None and at <= memory.at):
        return memory
    if value is None:
        return Memory(at=at)
    same = memory.value == value and memory.unchanged_since is not None
    return Memory(value, memory.unchanged_since if same else at, at, memory.value, memory.at)


def observe(
    watched: Watched,
    verdict: CellVerdict,
    memory: Mapping[str, Memory],
    now: datetime,
    *,
    silence: float | None,
    suppressed_by: str | None,
) -> Observation:
    """Return how bad a watched condition of a cell is now; its instant is that of the value it speaks of.

    `silence` has the seconds since the cell was heard, None where nobody knows.
    """
    if watched.parameter is None:
        return Observation(now, silence, None, suppressed_by)
    one = verdict.values.get(watched.parameter)
    if one is None or one.observed_at is None or is_ahead(age_of(one.observed_at, now)):
        return Observation(now, None, None, suppressed_by)
    # What is offline or stale says nothing of now; an implausible value says nothing of its limits.
    if one.state in SILENT_STATES:
        return Observation(now, None, one.value, suppressed_by)
    measure = measure_of(watched.kind, one, memory.get(watched.parameter, NOTHING))
    return Observation(one.observed_at, measure, one.value, suppressed_by)


def measure_of(kind: Kind, one: ValueVerdict, memory: Memory) -> float | None:
    """Return how bad a value is for a kind of condition; None where it does not say, or the kind needs more."""
    measure = _MEASURES.get(kind)
    return None if measure is None else measure(one, memory)


def idle_command(command: ValueVerdict, effect: ValueVerdict | None) -> float | None:
    """Return how much is commanded, in the command's unit, while what it moves stays at nothing; 0 where it moves."""
    if effect is None or command.missing or effect.missing or command.value is None or effect.value is None:
        return None
    return abs(command.value) if effect.value <= 0 else 0.0


def _trusted(one: ValueVerdict) -> float | None:
    return None if one.state == "suspect" else one.value


def _deviation(one: ValueVerdict, _: Memory) -> float | None:
    return None if one.deviation is None or one.state == "suspect" else abs(one.deviation)


def _low(one: ValueVerdict, _: Memory) -> float | None:
    value = _trusted(one)
    return None if value is None else -value


def _high(one: ValueVerdict, _: Memory) -> float | None:
    return _trusted(one)


def _rate(_: ValueVerdict, memory: Memory) -> float | None:
    """Return the change in the parameter's unit a minute, whichever way."""
    if memory.value is None or memory.previous is None or memory.at is None or memory.previous_at is None:
        return None
    return abs(memory.value - memory.previous) / ((memory.at - memory.previous_at) / MINUTE)


def _frozen(_: ValueVerdict, memory: Memory) -> float | None:
    """Return the hours for which the value has been the very same."""
    if memory.unchanged_since is None or memory.at is None:
        return None
    return (memory.at - memory.unchanged_since) / HOUR


def _no_value(one: ValueVerdict, _: Memory) -> float | None:
    return float(one.value is None)


def _implausible(one: ValueVerdict, _: Memory) -> float | None:
    return None if one.value is None else float(one.state == "suspect")


def _open(one: ValueVerdict, _: Memory) -> float | None:
    return None if one.value is None else float(one.value != 0)


_MEASURES: dict[Kind, Callable[[ValueVerdict, Memory], float | None]] = {
    "deviation": _deviation,
    "low": _low,
    "high": _high,
    "rate": _rate,
    "frozen": _frozen,
    "no_value": _no_value,
    "implausible": _implausible,
    "open": _open,
}
