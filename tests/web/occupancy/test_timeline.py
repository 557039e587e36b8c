"""The drawing of occupancy: shares of the time shown, lanes for what overlaps, a scale that can be read."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest

from facility.assignments.occupancy import Bar, Occupancy, OccupancyRow, day_start
from facility.assignments.views import Occupant
from web.occupancy.timeline import Zoom, lanes_of, lay_out, scale, shifted, window

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = date(2026, 11, 24)


def bar(start: datetime, end: datetime, kind: Literal["held", "planned"] = "held", *, is_open: bool = False) -> Bar:
    one = Occupant(id=1, code="A", title="A", team="", state="running")
    return Bar(kind=kind, experiment=one, assignment=None, started_at=start, ended_at=end, open=is_open)


@pytest.mark.parametrize(
    ("zoom", "first", "last"),
    [
        ("weeks", date(2026, 11, 9), date(2026, 12, 20)),
        ("months", date(2026, 10, 1), date(2027, 1, 31)),
        ("year", date(2026, 8, 1), date(2027, 7, 31)),
    ],
)
def test_each_zoom_shows_some_past_and_more_of_what_comes(zoom: Zoom, first: date, last: date) -> None:
    assert window(zoom, TUESDAY) == (first, last)
    earlier = shifted(zoom, first, last, -1)
    assert shifted(zoom, *earlier, 1) == (first, last)
    assert earlier[0] < first <= earlier[1] < last


def test_typed_days_are_moved_by_half_of_what_is_shown() -> None:
    assert shifted(None, date(2028, 2, 28), date(2028, 3, 2), 1) == (date(2028, 3, 1), date(2028, 3, 4))
    assert shifted(None, TUESDAY, TUESDAY, -1) == (date(2026, 11, 23), date(2026, 11, 23))


def test_the_scale_names_mondays_then_months_then_quarters_then_years() -> None:
    assert [label for _, label in scale(*window("weeks", TUESDAY), "en")][:3] == ["9 Nov", "16 Nov", "23 Nov"]
    assert [label for _, label in scale(*window("months", TUESDAY), "fr")] == ["oct.", "nov.", "déc.", "janv. 2027"]
    assert len(scale(*window("year", TUESDAY), "en")) == 12
    assert [day.month for day, _ in scale(date(2026, 1, 1), date(2027, 12, 31), "en")] == [1, 4, 7, 10] * 2
    assert [day.year for day, _ in scale(date(2022, 3, 1), date(2026, 12, 31), "en")] == [2023, 2024, 2025, 2026]


def test_a_night_of_25_hours_takes_its_share() -> None:
    first, last = date(2026, 10, 25), date(2026, 10, 25)
    start, end = day_start(first, PARIS), day_start(last + timedelta(days=1), PARIS)
    noon = datetime(2026, 10, 25, 12, tzinfo=PARIS).astimezone(UTC)
    row = OccupancyRow(unit="u", cell="C", bars=[bar(noon, end)], gaps=[], conflicts=[])
    drawn = lay_out(Occupancy(started_at=start, ended_at=end, now=noon, rows=[row]), PARIS, "en")
    assert drawn.strips[0].blocks[0].place.x == f"{100 * 13 / 25:.3f}%"
    assert (drawn.now, drawn.now_anchor) == (f"{100 * 13 / 25:.3f}%", "middle")


def test_what_reaches_out_of_the_window_is_cut_and_what_is_short_stays_visible() -> None:
    start, end = day_start(date(2026, 1, 1), PARIS), day_start(date(2027, 1, 1), PARIS)
    hour = timedelta(hours=1)
    bars = [bar(start - hour * 999, start + hour), bar(end - hour, end + hour * 999, "planned")]
    row = OccupancyRow(unit="u", cell="C", bars=bars, gaps=[], conflicts=[])
    drawn = lay_out(Occupancy(started_at=start, ended_at=end, now=end + hour, rows=[row]), PARIS, "en")
    past, planned = (block.place for block in drawn.strips[0].blocks)
    assert (past.cut_left, past.cut_right, past.x, past.width) == (True, False, "0.000%", "0.400%")
    assert (planned.cut_right, planned.x, planned.width) == (True, "99.600%", "0.400%")
    assert drawn.now is None


def test_bars_that_overlap_lie_below_each_other_and_lanes_are_used_again() -> None:
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in range(1, 10)]
    assert lanes_of([bar(at[0], at[3]), bar(at[1], at[4]), bar(at[2], at[3]), bar(at[3], at[5])]) == [0, 1, 2, 0]
    assert lanes_of([bar(at[0], at[1]), bar(at[1], at[2])]) == [0, 0]
    assert lanes_of([]) == []
