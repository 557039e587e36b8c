"""What the judge says of each case that is written by hand, and what holds whatever comes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import times
from schemas.messages import ParameterLimits, Status
from schemas.picture import Latest, arrival_quality, supersedes
from schemas.site import Site, read_site
from telemetry.judging import (
    ABNORMAL_STATES,
    MISSING_STATES,
    is_fresh,
    judge_experiment,
    judge_presence,
    judge_value,
)
from telemetry.limits import limits_for, station_limits
from tests.telemetry.cases import DAY, HOUR, NOW, WRITTEN, Case, T, ago

SITE = read_site()
TEMPERATURE = SITE.parameter_by_code[T]


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_written_cases(site: Site, case: Case) -> None:
    verdict = case.verdict(site)
    assert verdict.state == case.cell_state
    assert {code: verdict.values[code].state for code in case.states} == case.states


def test_a_verdict_names_the_limit_that_was_passed(site: Site) -> None:
    by_name = {case.name: case.verdict(site).values for case in WRITTEN}
    major = by_name["beyond the major tolerance"][T]
    assert (major.exceeded, major.limit, major.severity, major.deviation) == ("deviation", 3, "major", -3.1)
    own = by_name["outside low and high of the experiment, of a parameter that is not main"]["o2"]
    assert (own.exceeded, own.limit, own.severity, own.limits.own) == ("low", 19, "major", True)
    old = by_name["setpoint two days old beside a fresh value"][T]
    assert (old.deviation, old.target, old.target_at) == (None, 18.0, ago(2 * DAY))


def test_limits_without_any_number_are_the_stations() -> None:
    assert limits_for(TEMPERATURE, None) == limits_for(TEMPERATURE, ParameterLimits()) == station_limits(TEMPERATURE)
    assert station_limits(TEMPERATURE).deviation == 1
    assert not station_limits(TEMPERATURE).own


def test_presence_ages() -> None:
    def status(state: str, at: float | None = None) -> Status:
        said = {} if at is None else {"at": times.to_text(ago(at))}
        return Status.model_validate({"state": state, "since": times.to_text(ago(DAY))} | said)

    assert judge_presence(None, None, NOW) == "unknown"
    assert judge_presence(status("online", 30), None, NOW) == "online"
    assert judge_presence(status("online", HOUR), None, NOW) == "silent", "its sender died together with the broker"
    assert judge_presence(status("online", HOUR), ago(5), NOW) == "online", "its clock is behind, but it was heard"
    assert judge_presence(status("online", -HOUR), None, NOW) == "silent", "a time to come proves nothing"
    assert judge_presence(status("online"), ago(HOUR), NOW) == "online", "it never repeats itself"
    assert judge_presence(status("offline", HOUR), None, NOW) == "offline"


def test_a_value_ahead_of_our_clock_gives_way() -> None:
    ahead = Latest(NOW + timedelta(hours=2), 18.0, 1)
    assert supersedes(Latest(NOW, 19.0), ahead, NOW)
    assert not supersedes(Latest(ago(10), 17.0), Latest(NOW, 19.0), NOW)
    assert not supersedes(Latest(NOW, 19.0), Latest(NOW + timedelta(seconds=90), 18.0), NOW), "clocks differ a little"
    assert supersedes(Latest(NOW, 19.0, 1), Latest(NOW, 19.0), NOW), "of the same instant the flag stays"
    assert not supersedes(Latest(NOW, 19.0), Latest(NOW, 19.0, 1), NOW)
    assert not supersedes(ahead, ahead, NOW)


def test_a_time_to_come_is_never_fresh() -> None:
    assert [is_fresh(age, 30) for age in (-7085, -60, 0, 30, 31)] == [False, True, True, True, False]


def test_the_flag_at_arrival_is_that_of_the_history() -> None:
    assert arrival_quality(TEMPERATURE, 18.0, NOW + timedelta(seconds=90), NOW) == 0
    assert arrival_quality(TEMPERATURE, 18.0, NOW + timedelta(seconds=121), NOW) == 1
    assert arrival_quality(TEMPERATURE, 80.0, NOW, NOW) == 1


def test_an_experiment_is_counted_by_values_and_silent_cells() -> None:
    found = judge_experiment([["ok", "high", "no_value"], ["stale", "stale"], ["ok", "stale"], []])
    assert (found.outside, found.missing, found.silent, found.within) == (1, 2, 2, 2)


@given(
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    aim=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    age=st.floats(-1e6, 1e6),
    aim_age=st.floats(-1e6, 1e6),
    quality=st.integers(0, 3),
    own=st.none() | st.builds(ParameterLimits, deviation=st.none() | st.floats(0.001, 100)),
)
def test_whatever_comes_is_judged(  # noqa: PLR0917 - one argument a strategy
    value: float | None, aim: float | None, age: float, aim_age: float, quality: int, own: ParameterLimits | None
) -> None:
    verdict = judge_value(
        TEMPERATURE, Latest(ago(age), value, quality), Latest(ago(aim_age), aim),
        presence="online", period=10, limits=limits_for(TEMPERATURE, own), now=NOW,
    )  # fmt: skip
    assert (verdict.state in {"high", "low"}) == (verdict.exceeded is not None) == (verdict.limit is not None)
    assert verdict.abnormal == (verdict.state in ABNORMAL_STATES)
    assert verdict.missing == (verdict.state in MISSING_STATES)
    if verdict.state == "ok":
        assert value is not None
        assert TEMPERATURE.plausible(value)
        assert -times.CLOCK_SKEW.total_seconds() - 1e-3 <= age <= 30 + 1e-3
        assert quality in {0, 2}
    if abs(age - aim_age) > 30.001:
        assert verdict.deviation is None
