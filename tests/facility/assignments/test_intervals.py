"""Gaps and overlaps add up, also over nights that have 23 or 25 hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from facility.assignments.intervals import Span, merged, without
from facility.assignments.occupancy import day_start

PARIS = ZoneInfo("Europe/Paris")
# Around the night of 25 October 2026, when 02:30 comes twice in Paris.
START = datetime(2026, 10, 24, 20, tzinfo=UTC)
spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40)).map(
        lambda pair: Span(START + timedelta(minutes=30 * min(pair)), START + timedelta(minutes=30 * max(pair)))
    ),
    max_size=8,
)
moments = st.integers(0, 80).map(lambda quarter: START + timedelta(minutes=15 * quarter))


def holds(parts: list[Span], moment: datetime) -> bool:
    return any(part.start <= moment < part.end for part in parts)


@given(spans, moments)
def test_merging_keeps_the_same_time(parts: list[Span], moment: datetime) -> None:
    joined = merged(parts)
    assert holds(joined, moment) == holds(parts, moment)
    assert all(one.end < other.start for one, other in pairwise(joined))


@given(spans, spans, moments)
def test_what_is_left_is_what_was_there_and_not_taken(whole: list[Span], taken: list[Span], moment: datetime) -> None:
    assert holds(without(whole, taken), moment) == (holds(whole, moment) and not holds(taken, moment))


@given(spans, spans)
def test_taken_and_left_add_up(whole: list[Span], taken: list[Span]) -> None:
    def length(parts: list[Span]) -> timedelta:
        return sum((part.end - part.start for part in merged(parts)), timedelta())

    shared = [both for one in whole for other in taken if (both := one.overlap(other)) is not None]
    assert length(without(whole, taken)) + length(shared) == length(whole)


@given(st.dates(date(2000, 1, 1), date(2199, 12, 30)))
def test_days_follow_one_another_without_hole(day: date) -> None:
    length = day_start(day + timedelta(days=1), PARIS) - day_start(day, PARIS)
    assert length in {timedelta(hours=hours) for hours in (23, 24, 25)}


def test_the_nights_of_the_clock_change() -> None:
    assert day_start(date(2026, 3, 30), PARIS) - day_start(date(2026, 3, 29), PARIS) == timedelta(hours=23)
    assert day_start(date(2026, 10, 26), PARIS) - day_start(date(2026, 10, 25), PARIS) == timedelta(hours=25)
    assert day_start(date(2028, 3, 1), PARIS) - day_start(date(2028, 2, 29), PARIS) == timedelta(hours=24)
