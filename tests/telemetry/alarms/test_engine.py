"""One alarm's life: what must hold whatever is measured, acknowledged, shelved, and whenever the process restarts."""

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.alarms.engine import (
    FLAPPING,
    AlarmState,
    Observation,
    Transition,
    acknowledge,
    set_service,
    shelve,
    step,
    unshelve,
)
from telemetry.alarms.rules import SEVERITIES, Level, Rule, RuleError

START = datetime(2026, 11, 26, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Rule.beyond("deviation", ("warning", 1.0, 15 * MINUTE), ("major", 3.0, 10 * MINUTE))


def at(minute: float) -> datetime:
    return START + minute * MINUTE


def play(
    measures: list[tuple[float, float | None]], state: AlarmState | None = None, rule: Rule = RULE
) -> tuple[AlarmState, list[Transition]]:
    """Step through (minute, measure); return the last state and all transitions."""
    state, found = state or AlarmState(), []
    for minute, measure in measures:
        state, transitions = step(state, rule, Observation(at(minute), measure, measure))
        found += transitions
    return state, found


def changes(transitions: list[Transition]) -> list[tuple[str, str | None, float]]:
    return [(one.change, one.severity, (one.at - START) / MINUTE) for one in transitions]


def test_an_alarm_needs_its_delay_and_clears_below_its_threshold() -> None:
    state, found = play([(0, 2), (14, 2), (15, 2), (20, 0.9), (21, 0.8)])
    assert changes(found) == [("raised", "warning", 15), ("returned", "warning", 21)]
    assert state.shown == "returned"


def test_severity_rises_and_does_not_fall_before_the_end() -> None:
    state, found = play([(0, 4), (10, 4), (15, 4), (16, 1.5), (40, 1.5), (41, 0)])
    assert changes(found) == [("raised", "major", 10), ("returned", "major", 41)]
    assert acknowledge(state).shown == "normal"


def test_worsening_calls_again_after_an_acknowledgement() -> None:
    state, _ = play([(0, 2), (15, 2)])
    state, found = play([(16, 4), (26, 4)], acknowledge(state))
    assert changes(found) == [("worsened", "major", 26)]
    assert state.shown == "active"


def test_an_acknowledged_alarm_that_flaps_stays_one_alarm_with_a_count() -> None:
    state, _ = play([(0, 2), (15, 2)])
    state, found = play([(16, 0), (17, 2), (32, 2)], acknowledge(state))
    assert changes(found) == [("returned", "warning", 16), ("again", "warning", 32)]
    assert (state.count, state.shown) == (2, "acknowledged")
    rule = RULE.delayed(timedelta(0))
    state, _ = play([(0, 2)], rule=rule)
    state, found = play([(1, 0), (2, 2), (3, 0), (4, 2)], acknowledge(state), rule)
    assert [one.change for one in found] == ["returned", "again", "returned", "again"]
    assert (state.count, state.shown) == (3, "acknowledged")
    state, found = play([(5, 0), (5 + FLAPPING / MINUTE, 0)], state, rule)
    assert [one.change for one in found] == ["returned", "ended"]


def test_silence_raises_nothing_and_ends_nothing() -> None:
    _, found = play([(0, 2), (10, None), (11, 2), (20, 2), (26, 2)])
    assert changes(found) == [("raised", "warning", 26)]
    state, found = play([(0, 2), (15, 2), (16, None), (500, None)])
    assert (changes(found), state.shown) == ([("raised", "warning", 15)], "active")


def test_what_is_older_than_what_was_judged_raises_nothing() -> None:
    state, _ = play([(100, 0)])
    assert play([(minute, 9) for minute in range(99)], state) == (state, [])


def test_a_clock_that_was_set_back_does_not_stop_the_watch() -> None:
    state, _ = play([(100, 0)])
    found = []
    for minute in range(30, 60):
        state, transitions = step(state, RULE, Observation(at(minute), 2), now=at(minute))
        found += transitions
    assert changes(found) == [("raised", "warning", 45)]


def test_a_shelf_always_ends_and_brings_the_alarm_back_unacknowledged() -> None:
    state, _ = play([(0, 2), (15, 2)])
    shelved = shelve(acknowledge(state), at(60))
    assert shelved.shown == "shelved"
    assert unshelve(shelved).shown == "acknowledged"
    state, found = play([(59, 2), (60, 2)], shelved)
    assert (changes(found), state.shown) == ([("unshelved", "warning", 60)], "active")


def test_one_cause_hides_the_other_alarm_until_it_has_had_time_to_recover() -> None:
    rule = RULE.delayed(timedelta(0))
    state, _ = step(AlarmState(), rule, Observation(at(0), 2, suppressed_by="ecolab-1/offline"))
    assert state.shown == "suppressed"
    state, found = play([(1, 2), (2.9, 2)], state, rule)
    assert (found, state.shown) == ([], "suppressed")
    state, found = play([(3, 2)], state, rule)
    assert (changes(found), state.shown) == ([("released", "warning", 3)], "active")


def test_what_ends_while_its_cause_hides_it_needs_nobody_to_take_note() -> None:
    rule = Rule.above("no_data", ("warning", 30, timedelta(0)))
    state, _ = step(AlarmState(), rule, Observation(at(0), 31, suppressed_by="ecolab-1/offline"))
    state, found = play([(60, 3600), (61, 5), (70, 5)], state, rule)
    assert [one.change for one in found] == ["ended"]
    assert (state.shown, state.suppressed_by) == ("normal", None)


def test_a_deviation_that_somebody_was_called_for_waits_for_them_behind_an_open_door() -> None:
    state, _ = play([(0, 2), (15, 2)])
    state, _ = step(state, RULE, Observation(at(16), None, suppressed_by="E1C1/door-open"))
    state, found = play([(17, 0), (20, 0)], state)
    assert ([one.change for one in found], state.shown) == (["returned"], "returned")


def test_out_of_service_hides_and_forgets_nothing() -> None:
    state, _ = play([(0, 2), (15, 2)], set_service(AlarmState(), out=True))
    assert state.shown == "out_of_service"
    assert set_service(state, out=False).shown == "active"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Level("warning", 1, timedelta(seconds=-1), 0.8),
        lambda: Level("warning", 1, timedelta(0), 1.1),
        lambda: Rule("deviation", ()),
        lambda: Rule.beyond("deviation", ("major", 1, MINUTE), ("warning", 3, MINUTE)),
        lambda: Rule.beyond("deviation", ("major", 1, MINUTE), ("major", 3, MINUTE)),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(make: Any) -> None:
    with pytest.raises(RuleError):
        make()


MEASURES = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.one_of(st.none(), st.sampled_from([0.0, 0.79, 0.8, 0.81, 1.0, 1.01, 2.4, 2.9, 3.0, 3.1, 9.0])),
        st.sampled_from(["", "acknowledge", "shelve", "unshelve", "out", "in"]),
        st.sampled_from([None, "ecolab-1/offline"]),
    ),
    max_size=60,
)


def replay(steps: Any, rule: Rule, *, restart_at: int | None = None) -> tuple[list[AlarmState], list[Transition]]:
    state, now, states, found = AlarmState(), START, [], []
    for number, (minutes, measure, act, suppressed_by) in enumerate(steps):
        now += minutes * MINUTE
        if act == "acknowledge":
            state = acknowledge(state)
        elif act == "shelve":
            state = shelve(state, now + 30 * MINUTE)
        elif act == "unshelve":
            state = unshelve(state)
        elif act:
            state = set_service(state, out=act == "out")
        if number == restart_at:
            state = AlarmState(**{field.name: getattr(state, field.name) for field in dataclasses.fields(state)})
        state, transitions = step(state, rule, Observation(now, measure, measure, suppressed_by))
        found += transitions
        states.append(state)
    return states, found


@given(MEASURES)
def test_no_alarm_without_its_delay(steps: Any) -> None:
    now, beyond = START, dict[float, datetime | None]({1.0: None, 3.0: None})
    state = AlarmState()
    for minutes, measure, _, _ in steps:
        now += minutes * MINUTE
        for threshold in beyond:
            holds = measure is not None and (
                measure > threshold or (beyond[threshold] is not None and measure > threshold * 0.8)
            )
            beyond[threshold] = (beyond[threshold] or now) if holds else None
        state, transitions = step(state, RULE, Observation(now, measure))
        for one in transitions:
            if one.change in {"raised", "worsened", "again"}:
                delays = [
                    since is not None and now - since >= level.delay
                    for level, since in zip(RULE.levels, beyond.values(), strict=True)
                ]
                assert any(delays)


@given(MEASURES)
def test_severity_only_rises_until_over(steps: Any) -> None:
    states, _ = replay(steps, RULE)
    for before, after in pairwise(states):
        assert (
            after.level >= before.level or not after.open or after.count < before.count or after.since != before.since
        )


@given(MEASURES)
def test_the_same_observation_twice_changes_nothing(steps: Any) -> None:
    state, now = AlarmState(), START
    for minutes, measure, _, suppressed_by in steps:
        now += minutes * MINUTE
        observation = Observation(now, measure, measure, suppressed_by)
        state, _ = step(state, RULE, observation)
        assert step(state, RULE, observation) == (state, [])


@given(MEASURES, st.integers(0, 60))
def test_a_restart_at_any_point_gives_the_same_outcome(steps: Any, restart_at: int) -> None:
    assert replay(steps, RULE) == replay(steps, RULE, restart_at=restart_at)


@given(MEASURES)
def test_every_shelf_ends(steps: Any) -> None:
    states, _ = replay(steps, RULE)
    if states:
        last = states[-1]
        later = (last.shelved_until or START) + timedelta(days=2)
        assert step(last, RULE, Observation(later, None))[0].shelved_until is None


@given(MEASURES)
def test_transitions_tell_the_states_that_people_see(steps: Any) -> None:
    """From one transition to the next nothing happens to what is shown but what a person did."""
    steps = [(minutes, measure, "", suppressed_by) for minutes, measure, _, suppressed_by in steps]
    _, found = replay(steps, RULE)
    assert all(one.severity in SEVERITIES for one in found)
    for before, after in pairwise(found):
        assert before.after == after.before
