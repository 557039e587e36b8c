"""Which columns of a sample hold the time, and in which form: every value has to fit, and times have to go on."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from publisher.sources.instants import check_format, parse

_DATE = (
    r"(?P<day>[^\W\d_]{3,}\.?,?\s+)?(?P<a>\d{1,4}|[^\W\d_]{3,}\.?)(?P<s>[-/. ]+)"
    r"(?P<b>\d{1,2}|[^\W\d_]{3,}\.?)(?P<t>[-/., ]+)(?P<c>\d{2,4})"
)
_CLOCK = (
    r"(?P<h>\d{1,2})(?P<u>[:h.])(?P<m>\d{2})(?:(?P<v>[:m.])(?P<sec>\d{2})(?P<f>[.,]\d+)?)?"
    r"(?P<p>\s*[AaPp]\.?[Mm]\.?)?(?P<z>\s*(?:[+-]\d\d:?\d\d|Z))?"
)
_BOTH = (re.compile(rf"{_DATE}(?P<gap>[ T]+|\s-\s){_CLOCK}"), re.compile(rf"{_CLOCK}(?P<gap>[ T]+|\s-\s){_DATE}"))
_DATE_ALONE, _CLOCK_ALONE = re.compile(_DATE), re.compile(_CLOCK)
# Digits without marks: how many there are says what they can be.
_DIGITS = {
    4: ("%H%M",),
    6: ("%y%m%d", "%d%m%y", "%H%M%S"),
    8: ("%Y%m%d", "%d%m%Y"),
    10: ("%Y%m%d%H",),
    12: ("%Y%m%d%H%M",),
}
_DIGITS |= {7: ("%Y%j",), 14: ("%Y%m%d%H%M%S",), 1: ("%H%M",), 2: ("%H%M",), 3: ("%H%M",)}
_EARLIEST, _LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - wall-clock time, as the file has it
NAME_OF_TIME = re.compile(r"time|date|heure|jour|horodat|zeit|stamp|hour|year|doy", re.IGNORECASE)


class Times(NamedTuple):
    """The columns, the form, whether that names its offset, and another form that fits as well."""

    columns: tuple[int, ...]
    form: str
    offset: bool
    also: str | None


def find_times(rows: list[list[str]], names: list[str], decimal: str) -> Times | None:
    """Return where the rows hold their time; None where no column of all is one."""
    width = min(len(row) for row in rows)
    order = sorted(range(width), key=lambda index: not NAME_OF_TIME.search(names[index] if index < len(names) else ""))
    tried: list[tuple[int, ...]] = [(index,) for index in order]
    tried += [(index, index + 1) for index in range(width - 1)]
    tried += [tuple(range(index, index + size)) for size in (3, 5, 6) for index in range(width - size + 1)]
    best: tuple[float, Times] | None = None
    for columns in tried:
        texts = [[row[index] for index in columns] for row in rows]
        fitting = [fit for form in _forms(texts) if (fit := _fit(texts, form, decimal)) is not None]
        if not fitting:
            continue
        fit = min(fitting, key=lambda item: item.strangeness)
        also = next((o.form for o in fitting if o.strangeness <= fit.strangeness and o.moments != fit.moments), None)
        # A date alone is half of a time if its clock stands beside it.
        score = fit.strangeness + (0.5 if all(not (at.hour or at.minute or at.second) for at in fit.moments) else 0)
        if best is None or score < best[0] - 0.01:
            best = (score, Times(columns, fit.form, fit.offset, also))
    return best[1] if best else None


class _Fit(NamedTuple):
    """What a form makes of the texts; `strangeness` is how unlike a log that is, from 0 on."""

    form: str
    moments: list[datetime]
    offset: bool
    strangeness: float


def _fit(texts: list[list[str]], form: str, decimal: str) -> _Fit | None:
    """Return what the form makes of the texts; None where more than one in twenty is none of it."""
    moments, offset = [], False
    for text in texts:
        try:
            moment = parse(text, (form,), decimal)
        except ValueError:
            continue
        offset = moment.tzinfo is not None
        moments.append(moment.replace(tzinfo=None))
    broken = len(texts) - len(moments)
    if broken * 20 > len(texts) or not all(_EARLIEST <= moment < _LATEST for moment in moments):
        return None
    steps = [later - earlier for earlier, later in pairwise(moments)]
    back = min(sum(step < timedelta(0) for step in steps), sum(step > timedelta(0) for step in steps))
    far = sum(abs(step) > timedelta(days=2) for step in steps)
    still = sum(step == timedelta(0) for step in steps)
    return _Fit(form, moments, offset, (broken + back * 2 + far + still * 0.3) / len(texts))


def _forms(texts: list[list[str]]) -> Iterator[str]:
    """Yield forms that the first value can be read in, most likely first."""
    first = next((text for text in texts if all(text)), texts[0])
    joined = " ".join(first).strip()
    if len(first) <= 2 and re.match(r"\d{4}-\d\d-\d\d", joined):
        yield "iso"
    yield from _columns_of_parts(first)
    for name in _composed(joined, first):
        try:
            yield check_format(name)
        except ValueError:
            continue
    # Digits that are a date are one: 2026110312 is no second of 2034.
    if len(first) == 1 and re.fullmatch(r"\d+(?:[.,]\d+)?", joined):
        whole = int(re.split("[.,]", joined)[0])
        if 30_000 <= whole < 80_000:
            yield "excel-1900"
            yield "excel-1904"
        if 10**9 > whole >= 6 * 10**8 or 10**9 <= whole < 4 * 10**9:
            yield "unix"
        if 6 * 10**11 <= whole < 4 * 10**12:
            yield "unix-ms"


def _columns_of_parts(first: list[str]) -> Iterator[str]:
    """Year, day of the year and hhmm; year, month, day, hour, minute and perhaps second."""
    if not all(part.isdigit() for part in first) or len(first[0]) != 4:
        return
    if len(first) == 3:
        yield "%Y %j %H%M"
    if len(first) in {5, 6}:
        yield " ".join(("%Y", "%m", "%d", "%H", "%M", "%S")[: len(first)])


def _composed(joined: str, first: list[str]) -> Iterator[str]:
    for pattern in _BOTH:
        if match := pattern.fullmatch(joined):
            for date in _dates(match):
                parts = (date, _clock(match)) if match.start("a") < match.start("h") else (_clock(match), date)
                yield match["gap"].replace(" " * len(match["gap"]), " ").join(parts)
            return
    if match := _DATE_ALONE.fullmatch(joined):
        yield from _dates(match)
    if len(first) == 1:
        yield from (name for name in _DIGITS.get(len(joined), ()) if joined.isdigit())
    if len(first) == 2:
        dates: Iterable[str] = (
            [*_dates(found)] if (found := _DATE_ALONE.fullmatch(first[0])) else _DIGITS.get(len(first[0]), ())
        )
        clocks: tuple[str, ...] = (_clock(found),) if (found := _CLOCK_ALONE.fullmatch(first[1])) else ()
        if first[1].isdigit():
            clocks = clocks or (("%H%M",) if len(first[1]) <= 4 else ("%H%M%S",))
        yield from (f"{date} {clock}" for date in dates for clock in clocks)


def _dates(match: re.Match[str]) -> Iterator[str]:
    day = "%A " if match["day"] else ""
    s, t = match["s"], match["t"]
    year = "%Y" if len(match["c"]) == 4 else "%y"
    if len(match["a"]) == 4 and match["a"].isdigit():
        yield f"{day}%Y{s}%m{t}%d"
    elif not match["b"].isdigit():
        yield f"{day}%d{s}%b{t}{year}"
    elif not match["a"].isdigit():
        yield f"{day}%b{s}%d{t}{year}"
    else:
        yield f"{day}%d{s}%m{t}{year}"
        yield f"{day}%m{s}%d{t}{year}"


def _clock(match: re.Match[str]) -> str:
    text = f"{'%I' if match['p'] else '%H'}{match['u']}%M"
    if match["sec"]:
        text += f"{match['v']}%S" + (".%f" if match["f"] else "")
    if match["p"]:
        text += " %p" if match["p"][0].isspace() else "%p"
    if match["z"]:
        text += " %z" if match["z"][0].isspace() else "%z"
    return text
