"""One alarm's life as a pure function: (state, rule, observation) -> (state, transitions).

The life cycle follows ISA-18.2. Whether the condition holds and whether somebody has acknowledged it are kept apart
from what hides the alarm (out of service, shelved, suppressed), so that it comes back as it was. Time is the
observation's own: a server whose clock jumps, or a silence that nobody measured, raises nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from telemetry.alarms.rules import ENDS_WITH_ITS_CAUSE, Level, Rule, Severity

Shown = Literal["normal", "active", "acknowledged", "returned", "shelved", "suppressed", "out_of_service"]
Change = Literal["raised", "worsened", "again", "returned", "ended", "suppressed", "released", "unshelved"]

# An acknowledged alarm whose condition comes back within this time is the same alarm: it flaps.
FLAPPING = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Observation:
    """What is seen at an instant. `measure` is in the rule's unit and rises as things get worse; None: not known.

    `suppressed_by` names the alarm that explains this one, as place/code.
    """

    at: datetime
    measure: float | None
    value: float | None = None
    suppressed_by: str | None = None


@dataclass(frozen=True, slots=True)
class AlarmState:
    """All that is remembered of one alarm between two observations.

    `beyond` has for each level of the rule the instant since which the measure has been beyond it. `level` counts the
    levels reached, 0 for none: it only rises until the alarm is over.
    """

    beyond: tuple[datetime | None, ...] = ()
    level: int = 0
    active: bool = False
    acknowledged: bool = False
    since: datetime | None = None
    returned_at: datetime | None = None
    seen_at: datetime | None = None
    count: int = 0
    shelved_until: datetime | None = None
    suppressed_by: str | None = None
    # Since when what explains this alarm has been over; it goes on explaining until the rule's recovery is.
    recovering_since: datetime | None = None
    out_of_service: bool = False

    @property
    def open(self) -> bool:
        """Tell whether there is an alarm: its condition holds, or nobody has acknowledged that it did."""
        return self.level > 0

    @property
    def shown(self) -> Shown:
        """Return the one state that people see."""
        if self.out_of_service:
            return "out_of_service"
        if not self.open:
            return "normal"
        if self.shelved_until is not None:
            return "shelved"
        if self.suppressed_by is not None and self.active:
            # What has returned waits for somebody, whatever opens or stops meanwhile.
            return "suppressed"
        if self.acknowledged:
            # Also for a while after it has returned: an alarm that flaps does not call again each time.
            return "acknowledged"
        return "active" if self.active else "returned"

    def severity(self, rule: Rule) -> Severity | None:
        """Return the severity reached; None while there is no alarm."""
        return rule.levels[min(self.level, len(rule.levels)) - 1].severity if self.open else None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change worth a row: when, what, and how the alarm is shown before and after."""

    at: datetime
    change: Change
    before: Shown
    after: Shown
    severity: Severity | None
    value: float | None = None


def step(
    state: AlarmState, rule: Rule, observation: Observation, *, now: datetime | None = None
) -> tuple[AlarmState, list[Transition]]:
    """Return the alarm after one more observation, and what changed; the same observation twice changes nothing.

    `now` ends shelves, which are a promise by the clock; it is the observation's instant where it is not given.
    """
    if _is_quiet(state, rule, observation):
        if observation.at == state.seen_at or _is_older(state, observation, now):
            return state, []
        return AlarmState(beyond=state.beyond, seen_at=observation.at, out_of_service=state.out_of_service), []
    transitions: list[Transition] = []

    def become(after: AlarmState, change: Change) -> AlarmState:
        severity = after.severity(rule) or state.severity(rule)
        transitions.append(Transition(observation.at, change, current.shown, after.shown, severity, observation.value))
        return after

    clock = observation.at if now is None else now
    current = _same_levels(state, rule)
    after = _off_the_shelf(current, clock)
    current = become(after, "unshelved") if after is not current and after.open else after
    after = _explained(current, rule, observation, clock)
    if after.active and after.suppressed_by != current.suppressed_by:
        after = become(after, "released" if after.suppressed_by is None else "suppressed")
    current = after
    if _is_older(current, observation, now):
        # Older than what was judged already: a backlog corrects the history, it raises nothing.
        return current, transitions
    current = replace(current, seen_at=observation.at, beyond=_timers(current, rule.levels, observation))
    if observation.measure is None:
        return current, transitions
    after, change = _moved(current, rule, observation)
    current = after if change is None else become(after, change)
    if _over(current, observation.at):
        current = become(_ended(current), "ended")
    return current, transitions


def acknowledge(state: AlarmState) -> AlarmState:
    """Return the alarm after somebody has taken note of it; one that had returned is over by that."""
    if not state.open or state.acknowledged:
        return state
    return replace(state, acknowledged=True) if state.active else _ended(state)


def shelve(state: AlarmState, until: datetime) -> AlarmState:
    """Return the alarm kept quiet until an instant."""
    return replace(state, shelved_until=until) if state.open else state


def unshelve(state: AlarmState) -> AlarmState:
    """Return the alarm taken from the shelf by a person: as it was before."""
    return replace(state, shelved_until=None)


def set_service(state: AlarmState, *, out: bool) -> AlarmState:
    """Return the alarm taken out of service or brought back; nothing is forgotten meanwhile."""
    return replace(state, out_of_service=out)


def _same_levels(state: AlarmState, rule: Rule) -> AlarmState:
    """Fit the timers to the rule: somebody may have changed its levels since."""
    if len(state.beyond) == len(rule.levels):
        return state
    kept = state.beyond[: len(rule.levels)]
    beyond = kept + (None,) * (len(rule.levels) - len(kept))
    return replace(state, beyond=beyond, level=min(state.level, len(rule.levels)))


def _is_quiet(state: AlarmState, rule: Rule, observation: Observation) -> bool:
    """Tell whether there is nothing to do but to note the time: nearly always, so it must cost nearly nothing."""
    if state.level or state.suppressed_by is not None or observation.suppressed_by is not None or any(state.beyond):
        return False
    if len(state.beyond) != len(rule.levels):
        return False
    measure = observation.measure
    return state.shelved_until is None and (measure is None or all(measure <= level.threshold for level in rule.levels))


def _is_older(state: AlarmState, observation: Observation, now: datetime | None) -> bool:
    """Tell whether something newer was judged already; what lies ahead of our clock is from before it was set back."""
    if state.seen_at is None or observation.at >= state.seen_at:
        return False
    return now is None or state.seen_at <= now


def _moved(state: AlarmState, rule: Rule, observation: Observation) -> tuple[AlarmState, Change | None]:
    """Return the alarm after what its timers say, and what that changed."""
    reached = _reached(state, rule.levels, observation.at)
    if reached > state.level:
        change: Change = "worsened" if state.open and state.active else "again" if state.open else "raised"
        after = replace(
            state,
            level=reached,
            active=True,
            acknowledged=False,
            since=state.since or observation.at,
            returned_at=None,
            count=state.count + (change != "worsened"),
        )
        return after, change
    if not state.open or (not state.active and not reached):
        return state, None
    if not state.active:
        return replace(state, active=True, returned_at=None, count=state.count + 1), "again"
    if any(since is not None for since in state.beyond[: state.level]):
        return state, None
    returned = replace(state, active=False, returned_at=observation.at)
    if state.suppressed_by is not None and rule.kind in ENDS_WITH_ITS_CAUSE:
        # Nobody was called for it, and its cause has an alarm of its own.
        return _ended(returned), "ended"
    return returned, "returned"


def _off_the_shelf(state: AlarmState, clock: datetime) -> AlarmState:
    """End a shelf whose time is over: the alarm comes back for somebody to look at."""
    if state.shelved_until is None or state.shelved_until > clock:
        return state
    return replace(state, shelved_until=None, acknowledged=False)


def _explained(state: AlarmState, rule: Rule, observation: Observation, clock: datetime) -> AlarmState:
    """Take over what explains the alarm, or let it go: what it hid has the rule's time to recover."""
    if observation.suppressed_by is not None:
        if (state.suppressed_by, state.recovering_since) == (observation.suppressed_by, None):
            return state
        return replace(state, suppressed_by=observation.suppressed_by, recovering_since=None)
    if state.suppressed_by is None:
        return state
    since = min(clock, state.recovering_since or clock)
    if clock - since >= rule.recovery:
        return replace(state, suppressed_by=None, recovering_since=None)
    return state if since == state.recovering_since else replace(state, recovering_since=since)


def _timers(state: AlarmState, levels: tuple[Level, ...], observation: Observation) -> tuple[datetime | None, ...]:
    """Start, keep or stop the timer of each level."""
    found: list[datetime | None] = []
    for number, (level, since) in enumerate(zip(levels, state.beyond, strict=True), start=1):
        if observation.measure is None:
            # Nobody knows: an alarm stays, one that was only on its way starts anew.
            found.append(since if state.active and number <= state.level else None)
        elif observation.measure > level.threshold:
            found.append(observation.at if since is None else min(since, observation.at))
        else:
            found.append(since if since is not None and observation.measure > level.clear_at else None)
    return tuple(found)


def _reached(state: AlarmState, levels: tuple[Level, ...], at: datetime) -> int:
    """Return the number of the gravest level whose delay is over, 0 for none."""
    ripe = (
        number
        for number, (level, since) in enumerate(zip(levels, state.beyond, strict=True), start=1)
        if since is not None and at - since >= level.delay
    )
    return max(ripe, default=0)


def _over(state: AlarmState, at: datetime) -> bool:
    return (
        state.open
        and state.acknowledged
        and not state.active
        and state.returned_at is not None
        and not any(state.beyond)
        and at - state.returned_at >= FLAPPING
    )


def _ended(state: AlarmState) -> AlarmState:
    return AlarmState(
        beyond=state.beyond,
        seen_at=state.seen_at,
        suppressed_by=state.suppressed_by,
        recovering_since=state.recovering_since,
        out_of_service=state.out_of_service,
    )
