"""What the watchdog sees of a condition at an instant, and the states it holds between two looks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from facility.alarms.recording import Condition
from telemetry.alarms.engine import AlarmState, Observation, step
from telemetry.alarms.rules import Rule

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """A condition, its rule, and what is seen of it."""

    condition: Condition
    rule: Rule
    observation: Observation

    @property
    def key(self) -> Key:
        return self.condition.place, self.condition.code


class States:
    """The newest state of every condition, as the database has it, ahead of it only by instants that change nothing."""

    def __init__(self) -> None:
        self._states: dict[Key, AlarmState] = {}

    def put(self, key: Key, state: AlarmState) -> None:
        """Take a state as it was read from, or written to, the database."""
        self._states[key] = state

    def clear(self) -> None:
        self._states.clear()

    def changed_by(self, looks: Iterable[Look], now: datetime) -> list[Look]:
        """Return the looks that the database must hear of: they start or stop a timer, or change an alarm."""
        due = []
        for look in looks:
            held = self._states.get(look.key, AlarmState())
            after, transitions = step(held, look.rule, look.observation, now=now)
            if transitions or _kept(after) != _kept(held):
                due.append(look)
            else:
                self._states[look.key] = after
        return due


def _kept(state: AlarmState) -> AlarmState:
    """Return what of a state is worth a row: not when it was seen last, nor timers that do not run."""
    return replace(state, seen_at=None, beyond=state.beyond if any(state.beyond) else ())
