"""Times as loggers write them; every form that is accepted reads back what is written in it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.sources import clock_texts
from publisher.sources.instants import check_format, parse, resolved, written

FORMATS = (
    "%d/%m/%Y", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%d/%m/%y %I:%M%p",
    "%d %b %Y %H:%M", "%A %d %B %Y %H:%M:%S.%f", "%Y %j %H%M", "%Y%j %H%M%S", "%Y%m%d%H%M%S", "%d%m%Y %H%M",
    "%y%m%d %H%M", "%Y %m %d %H %M %S", "%F %T", "%d-%b-%y %H:%M", "%d/%m/%Y %Hh%M", "%d.%m.%Y %H:%M:%S,%f", "%c",
)  # fmt: skip
DATES = (
    "%d/%m/%Y",
    "%m/%d/%y",
    "%Y-%m-%d",
    "%Y%m%d",
    "%d %b %Y",
    "%B %d, %Y",
    "%Y %j",
    "%j/%y",
    "%d.%m.%Y",
    "%a %d %b %y",
)
CLOCKS = ("%H:%M", "%H%M", "%H:%M:%S", "%H%M%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H", "%Hh%M", "%H:%M:%S %z")
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2068, 12, 31))  # noqa: DTZ001 - wall-clock time


@given(MOMENTS, st.sampled_from(FORMATS), st.sampled_from([None, clock_texts.SHORT_FRENCH, clock_texts.LONG_FRENCH]))
def test_what_is_written_in_a_format_is_read_back(moment: datetime, name: str, months: tuple[str, ...] | None) -> None:
    assert check_format(name) == name
    assert parse([written(moment, name, months)], (name,), ".") == resolved(moment, name)


@given(MOMENTS, st.sampled_from(DATES), st.sampled_from(CLOCKS), st.sampled_from([" ", "T", " - "]), st.booleans())
def test_so_is_any_date_with_any_clock(moment: datetime, date: str, clock: str, mark: str, swapped: bool) -> None:  # noqa: FBT001
    name = f"{clock}{mark}{date}" if swapped and "%z" not in clock else f"{date}{mark}{clock}"
    assert check_format(name) == name
    found = parse([written(moment, name)], (name,), ".")
    assert found.replace(tzinfo=None) == resolved(moment, name)
    assert (found.tzinfo is not None) == ("%z" in name)


@settings(max_examples=500)
@given(MOMENTS, st.text(st.sampled_from("YmdHIMSpfjybz:/ %"), max_size=14).map(lambda text: text.replace("%", "%Y")))
def test_whatever_is_accepted_is_read_back(moment: datetime, letters: str) -> None:
    name = "".join(f"%{letter}" if letter.isalpha() else letter for letter in letters)
    try:
        check_format(name)
    except ValueError:
        return
    assert parse([written(moment, name)], (name,), ".").replace(tzinfo=None) == resolved(moment, name)


@given(MOMENTS, st.sampled_from(["unix", "unix-ms", "excel-1900", "excel-1904", "iso"]))
def test_so_are_the_forms_with_a_name(moment: datetime, name: str) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    since = moment - {"excel-1900": datetime(1899, 12, 30), "excel-1904": datetime(1904, 1, 1)}.get(  # noqa: DTZ001
        name,
        datetime(1970, 1, 1),  # noqa: DTZ001
    )
    text = {
        "unix": f"{since / timedelta(seconds=1):.3f}",
        "unix-ms": f"{since // timedelta(milliseconds=1)}",
        "iso": moment.isoformat(),
    }.get(name, repr(since / timedelta(days=1)))
    assert parse([text.replace(".", ",")], (name,), ",").replace(tzinfo=None) == moment


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("%d/%m/%Y %H:%M %p", "%p .* goes with %I, not with %H"),
        ("%m/%d/%Y %H:%M:%S %p", "%p .* goes with %I, not with %H"),
        ("%d/%m/%Y %I:%M", "%I counts to 12 only and needs %p"),
        ("%d/%m/%Y %H:%S", "cannot be relied on"),
        ("%d/%m/%Y %M", "cannot be relied on"),
        ("%d/%m/%Y .%f", "cannot be relied on"),
        ("%d/%m %H:%M", "does not name a whole date"),
        ("%H:%M", "does not name a whole date"),
        ("%Y %d %H:%M", "does not name a whole date"),
    ],
)
def test_a_format_that_would_lose_something_is_refused(name: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_format(name)


@pytest.mark.parametrize(
    ("texts", "name", "meant"),
    [
        (["03/11/2026 24:00"], "%d/%m/%Y %H:%M", "2026-11-04T00:00"),
        (["31/12/2026", "24:00:00"], "%d/%m/%Y %H:%M:%S", "2027-01-01T00:00"),
        (["2026-11-03 24:00"], "iso", "2026-11-04T00:00"),
        (["2026-12-31T24:00:00.000Z"], "iso", "2027-01-01T00:00+00:00"),
        (["2026", "32", "0"], "%Y %j %H%M", "2026-02-01T00:00"),
        (["2026", "32", "5"], "%Y %j %H%M", "2026-02-01T00:05"),
        (["2026", "32", "45"], "%Y %j %H%M", "2026-02-01T00:45"),
        (["2026", "32", "130"], "%Y %j %H%M", "2026-02-01T01:30"),
        (["2026", "365", "2400"], "%Y %j %H%M", "2027-01-01T00:00"),
        (["2026.0", "32.0", "5."], "%Y %j %H%M", "2026-02-01T00:05"),
        (["2024", "366", "1230"], "%Y %j %H%M", "2024-12-31T12:30"),
        (["2026", "2", "1", "5", "7", "9"], "%Y %m %d %H %M %S", "2026-02-01T05:07:09"),
        (["20260201", "90507"], "%Y%m%d %H%M%S", "2026-02-01T09:05:07"),
        (["5 févr. 2026 12:00"], "%d %b %Y %H:%M", "2026-02-05T12:00"),
        (["5 fe\u0301vr. 2026 12:00"], "%d %b %Y %H:%M", "2026-02-05T12:00"),
        (["5 FEV 2026 12:00"], "%d %b %Y %H:%M", "2026-02-05T12:00"),
        (["5 août 2026 12:00"], "%d %b %Y %H:%M", "2026-08-05T12:00"),
        (["5-Aug-26 12:00"], "%d-%b-%y %H:%M", "2026-08-05T12:00"),
        (["jeudi 5 novembre 2026 12:00"], "%A %d %B %Y %H:%M", "2026-11-05T12:00"),
        (["2026-11-23T14:28:23.3761234"], "iso", "2026-11-23T14:28:23.376123"),
        (["23/11/2026 14:28:23,3761234"], "%d/%m/%Y %H:%M:%S.%f", "2026-11-23T14:28:23.376123"),
        (["23/11/2026 14:28:23"], "%d/%m/%Y %H:%M:%S.%f", "2026-11-23T14:28:23"),
        (["11/23/2026 1:00:00\u202fPM"], "%m/%d/%Y %I:%M:%S %p", "2026-11-23T13:00"),
        (["11/23/2026 12:00 a.m."], "%m/%d/%Y %I:%M %p", "2026-11-23T00:00"),
        (["23/11/2026\u00a014:28"], "%d/%m/%Y %H:%M", "2026-11-23T14:28"),
        (["2026-11-23T14:28:23\u221205:00"], "iso", "2026-11-23T14:28:23-05:00"),
        (["2026-11-23 14:28:23 UTC"], "iso", "2026-11-23T14:28:23+00:00"),
        (["2026-11-23 14:28 CEST"], "%Y-%m-%d %H:%M %Z", "2026-11-23T14:28+02:00"),
    ],
)
def test_times_as_they_are_written(texts: list[str], name: str, meant: str) -> None:
    assert parse(texts, (check_format(name),), ".") == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("03/11/2026 24:01", "%d/%m/%Y %H:%M"),
        ("2026-11-03 24:01", "iso"),
        ("2026 366 0", "%Y %j %H%M"),
        ("5 jui 2026 12:00", "%d %b %Y %H:%M"),
        ("2026113120000", "%Y%m%d%H%M%S"),
        ("11/23/2026 13:00 PM", "%m/%d/%Y %I:%M %p"),
        ("30/02/2026 12:00", "%d/%m/%Y %H:%M"),
        ("03/11/2026 12:00:30", "%d/%m/%Y %H:%M"),
    ],
)
def test_what_is_no_time_is_not_guessed(text: str, name: str) -> None:
    with pytest.raises(ValueError, match="is no time of the form"):
        parse([text], (name,), ".")


def test_every_month_by_every_name() -> None:
    for number in range(1, 13):
        english = datetime(2026, number, 1, tzinfo=UTC)
        names = {english.strftime("%b"), english.strftime("%B"), clock_texts.SHORT_FRENCH[number - 1]}
        assert {clock_texts.month(name) for name in names | {clock_texts.LONG_FRENCH[number - 1]}} == {number}
