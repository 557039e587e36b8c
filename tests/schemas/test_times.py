"""Instants are aware UTC to the millisecond, whatever they came from."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import times

instants = st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - hypothesis adds the zone


@given(instants)
def test_text_and_back(instant: datetime) -> None:
    cut = times.to_milliseconds(instant)
    assert times.from_text(times.to_text(instant)) == cut
    assert timedelta(0) <= instant.astimezone(UTC) - cut < timedelta(milliseconds=1)


@given(instants, st.sampled_from([1, 10, 300, 3600, 86400]))
def test_an_interval_holds_its_instant(instant: datetime, seconds: int) -> None:
    width = timedelta(seconds=seconds)
    start = times.floor(times.to_milliseconds(instant), width)
    assert start <= times.to_milliseconds(instant) < start + width
    assert (start - times.EPOCH) % width == timedelta(0)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        times.to_milliseconds(datetime(2026, 1, 1))  # noqa: DTZ001 - it is what is refused
    with pytest.raises(ValueError, match="offset"):
        times.from_text("2026-01-01T00:00:00")


def test_both_hours_of_the_autumn_night_stay_apart() -> None:
    first, second = (times.from_text(f"2026-10-25T02:30:00+0{offset}:00") for offset in (2, 1))
    assert second - first == timedelta(hours=1)
