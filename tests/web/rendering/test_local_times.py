"""What people type is the site's clock: nights that skip an hour or show one twice, and days that do not exist."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from web.rendering.local_times import UnclearTimeError, local_text, near, read_local, which_of

PARIS = ZoneInfo("Europe/Paris")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc] # year, month, day and so on


@pytest.mark.parametrize(
    ("typed", "which", "instant"),
    [
        ("2026-11-24T14:30", "", utc(2026, 11, 24, 13, 30)),
        ("2026-11-24T14:30:05", "", utc(2026, 11, 24, 13, 30, 5)),
        ("2026-07-01 14:30", "", utc(2026, 7, 1, 12, 30)),
        ("24/11/2026 14:30", "", utc(2026, 11, 24, 13, 30)),
        ("4/1/2026 9h05", "", utc(2026, 1, 4, 8, 5)),
        ("2028-02-29T12:00", "", utc(2028, 2, 29, 11)),
        ("2026-03-29T01:59:59", "", utc(2026, 3, 29, 0, 59, 59)),
        ("2026-03-29T03:00", "", utc(2026, 3, 29, 1)),
        ("2026-10-25T01:59", "", utc(2026, 10, 24, 23, 59)),
        ("2026-10-25T02:30", "first", utc(2026, 10, 25, 0, 30)),
        ("2026-10-25T02:30", "second", utc(2026, 10, 25, 1, 30)),
        ("2026-10-25T03:00", "", utc(2026, 10, 25, 2)),
    ],
)
def test_the_clock_of_the_site_names_an_instant(typed: str, which: str, instant: datetime) -> None:
    assert read_local(typed, PARIS, which).astimezone(UTC) == instant


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("2026-03-29T02:00", "it went from 02:00 to 03:00"),
        ("2026-03-29T02:59:59", "it went from 02:00 to 03:00"),
        ("2026-10-25T02:00", "showed this time twice"),
        ("2026-10-25T02:59:59", "showed this time twice"),
        ("2027-02-29T12:00", "Not a date and time"),
        ("2026-02-30T12:00", "Not a date and time"),
        ("31/02/2026 12:00", "Not a date and time"),
        ("2026-11-24", "Not a date and time"),
        ("2026-11-24T25:00", "Not a date and time"),
        ("yesterday at noon", "Not a date and time"),
        ("", "Not a date and time"),
        ("x" * 100, "Not a date and time"),
        ("2026-11-24T14:30Z", "without an offset"),
        ("2026-11-24T14:30+01:00", "without an offset"),
    ],
)
def test_what_names_none_or_two_is_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(UnclearTimeError, match=words) as refused:
        read_local(typed, PARIS)
    assert refused.value.twice == ("twice" in words)


def test_a_place_that_skips_half_an_hour_is_named_right() -> None:
    with pytest.raises(UnclearTimeError, match="from 02:00 to 02:30"):
        read_local("2026-10-04T02:15", ZoneInfo("Australia/Lord_Howe"))


@pytest.mark.parametrize("hour", range(-3, 4))
def test_an_instant_that_is_shown_and_typed_again_is_the_same(hour: int) -> None:
    for night in (utc(2026, 3, 29, 1), utc(2026, 10, 25, 1)):
        instant = night + timedelta(hours=hour, minutes=20)
        assert read_local(local_text(instant, PARIS), PARIS, which_of(instant, PARIS)) == instant


def test_a_typed_minute_means_the_edge_within_it() -> None:
    edge = utc(2026, 11, 24, 13, 30, 12, 345_000)
    assert near(utc(2026, 11, 24, 13, 30), "2026-11-24T14:30", [edge]) == edge
    assert near(utc(2026, 11, 24, 13, 30, 12), "2026-11-24T14:30:12", [edge]) == edge
    assert near(utc(2026, 11, 24, 13, 30, 11), "2026-11-24T14:30:11", [edge]) == utc(2026, 11, 24, 13, 30, 11)
    assert near(utc(2026, 11, 24, 13, 31), "2026-11-24T14:31", [edge]) == utc(2026, 11, 24, 13, 31)
