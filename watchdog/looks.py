"""What the watchdog sees of a condition at an instant, and the states it holds between two looks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from facility.alarms.conditions import Condition
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


@dataclass(frozen=True, slots=True)
class Change:
    """A look that the database must hear of, our clock then, and the state after it.

    `calls`: it changes an alarm, not only a timer.
    """

    look: Look
    now: datetime
    calls: bool
    after: AlarmState


class States:
    """The newest state of every condition, and the changes that the database has not taken yet, in their order.

    Of a long outage only what led to an alarm is kept: a timer that started and stopped again is forgotten.
    """

    def __init__(self) -> None:
        self._states: dict[Key, AlarmState] = {}
        # As the database, or the last change that calls, left it.
        self._settled: dict[Key, AlarmState] = {}
        self._unwritten: dict[Key, list[Change]] = {}
        # How each open alarm was seen last.
        self._last: dict[Key, Look] = {}

    @property
    def unwritten(self) -> list[Change]:
        return [change for changes in self._unwritten.values() for change in changes]

    def get(self, key: Key) -> AlarmState:
        return self._states.get(key, AlarmState())

    def is_active(self, key: Key) -> bool:
        """Tell whether an alarm's condition holds."""
        state = self._states.get(key)
        return state is not None and state.active

    def put(self, key: Key, state: AlarmState) -> None:
        """Take a state as the database has it, unless something newer waits to be written."""
        if key not in self._unwritten:
            self._states[key] = state

    def written(self, changes: Iterable[Change]) -> None:
        """Forget changes that the database has taken."""
        done = {id(change) for change in changes}
        for key in list(self._unwritten):
            left = [change for change in self._unwritten[key] if id(change) not in done]
            if left:
                self._unwritten[key] = left
            else:
                del self._unwritten[key]
                self._settled.pop(key, None)

    def clear(self) -> None:
        """Forget all: another process leads, or did."""
        for held in (self._states, self._settled, self._unwritten, self._last):
            held.clear()

    def take(self, looks: Iterable[Look], now: datetime) -> list[Look]:
        """Step every condition; return the looks that changed an alarm."""
        calling = []
        for look in looks:
            key = look.key
            held = self._states.get(key)
            if held is None:
                held = AlarmState()
            after, transitions = step(held, look.rule, look.observation, now=now)
            self._states[key] = after
            if after.open:
                self._last[key] = look
            elif held.open:
                self._last.pop(key, None)
            if transitions:
                calling.append(look)
            quiet = not (after.level or held.level or any(after.beyond) or any(held.beyond))
            if transitions or not (_same_causes(after, held) if quiet else _same(after, held)):
                self._keep(key, Change(look, now, bool(transitions), after), held)
        return calling

    def lapsed(self, now: datetime) -> Iterator[Look]:
        """Yield looks that know nothing new, for shelves that are over while nobody sees their condition."""
        for key, look in list(self._last.items()):
            state = self.get(key)
            if state.shelved_until is not None and state.shelved_until <= now:
                at = state.seen_at or now
                yield replace(look, observation=Observation(at, None, None, state.suppressed_by))

    def _keep(self, key: Key, change: Change, before: AlarmState) -> None:
        changes = self._unwritten.setdefault(key, [])
        settled = self._settled.setdefault(key, before)
        if change.calls:
            changes.append(change)
            self._settled[key] = change.after
            return
        if _same(change.after, settled):
            # Back where it was: the last of them alone says so, also where an earlier one was written after all.
            while changes and not changes[-1].calls:
                changes.pop()
        changes.append(change)


def _same_causes(one: AlarmState, other: AlarmState) -> bool:
    return one.suppressed_by == other.suppressed_by and one.recovering_since == other.recovering_since


def _same(one: AlarmState, other: AlarmState) -> bool:
    """Tell whether two states are worth the same row: when they were seen last and timers that do not run are not."""
    return (
        (one.beyond == other.beyond or not (any(one.beyond) or any(other.beyond)))
        and one.level == other.level
        and one.suppressed_by == other.suppressed_by
        and one.recovering_since == other.recovering_since
        and replace(one, seen_at=None, beyond=()) == replace(other, seen_at=None, beyond=())
    )
