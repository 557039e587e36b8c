"""From what a file or a server calls a time to an instant, through both nights when the clocks change."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from publisher.sources import clock_texts

_EXCEL = {
    # Excel believes that 1900 was a leap year; from March 1900 on this start makes up for it.
    "excel-1900": datetime(1899, 12, 30),  # noqa: DTZ001 - wall-clock time, as the file has it
    "excel-1904": datetime(1904, 1, 1),  # noqa: DTZ001 - wall-clock time, as the file has it
}
_UNIX = {"unix": 1000, "unix-ms": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = ("iso", *_UNIX, *_EXCEL)
# Each month, the hours of both halves of the day and the edges of each field: what a format cannot tell apart shows.
_PROBES = tuple(
    datetime(2026, month, day, hour, minute, second, micro)  # noqa: DTZ001 - wall-clock time, as the files have it
    for month, day, hour, minute, second, micro in (
        (1, 31, 0, 0, 0, 0), (2, 28, 1, 5, 9, 120_000), (3, 1, 11, 59, 59, 999_999), (4, 9, 12, 0, 1, 500_000),
        (5, 30, 13, 28, 17, 0), (6, 2, 23, 59, 0, 1), (7, 14, 10, 10, 10, 10), (8, 15, 0, 45, 30, 250_000),
        (9, 5, 1, 0, 0, 0), (10, 25, 2, 30, 0, 0), (11, 23, 14, 28, 17, 376_000), (12, 31, 20, 7, 8, 9),
    )
)  # fmt: skip
_MIDNIGHT = re.compile(r"(\d{4}-?\d\d-?\d\d[Tt ])24((?::?00){0,2}(?:[.,]0+)?)(\s*(?:[A-Za-z+-].*)?)")
_FRACTION_OF_NOTHING = re.compile(r"(?<=\d)[.,]0*$")
# Spaces of every kind are one, and ISO 8601 itself writes offsets with U+2212.
_PLAIN = str.maketrans({"\u2212": "-", "\u202f": " ", "\u00a0": " ", "\u2009": " "})
# How much less likely it is that lines are in disorder than that there is a gap between them.
_DISORDER = 10


class Pace(NamedTuple):
    """When a cell's lines were written: `last` is the latest instant, `step` the seconds between it and the one before.

    By the step an ambiguous local time (the hour that a clock change repeats) is resolved; 0 while it is unknown.
    """

    last: datetime
    step: float


def check_format(name: str) -> str:
    """Return a usable name of a form of times: what is written in it is read back as the same. Raise ValueError."""
    if name in _NAMED:
        return name
    letters = clock_texts.directives(name)
    if "p" in letters and "I" not in letters:
        raise ValueError(f"{name!r}: %p (AM, PM) goes with %I, not with %H, which would make 01:00 of 01:00 PM")
    if "I" in letters and "p" not in letters:
        raise ValueError(f"{name!r}: %I counts to 12 only and needs %p (AM, PM); %H counts to 24")
    try:
        whole = {probe.date() for probe in _PROBES} == {
            clock_texts.read(written(probe, name), name).date() for probe in _PROBES
        }
    except (ValueError, KeyError):
        whole = False
    if not whole:
        raise ValueError(
            f"{name!r} does not name a whole date: give a strptime format as %d/%m/%Y %H:%M:%S,"
            f" or one of {', '.join(_NAMED)}"
        )
    for probe in _PROBES:
        for months in (None, clock_texts.SHORT_FRENCH, clock_texts.LONG_FRENCH):
            text = written(probe, name, months)
            if (found := clock_texts.read(text, name).replace(tzinfo=None)) != resolved(probe, name):
                raise ValueError(f"{name!r} cannot be relied on: it writes {probe} as {text!r} and reads {found}")
    return name


def written(moment: datetime, name: str, months: tuple[str, ...] | None = None) -> str:
    """Write a time in a strptime format, with these names of months where given."""
    plain = clock_texts.written_out(name)
    if months is not None:
        plain = re.sub("%[bBh]", months[moment.month - 1], plain)
    return moment.replace(tzinfo=UTC).strftime(plain)


def resolved(moment: datetime, name: str) -> datetime:
    """Return what of a time a format can hold: to the day, hour, minute, second or fraction."""
    letters = clock_texts.directives(name)
    finest = next((n for n, letter in enumerate("fSM") if letter in letters), 3 if {"H", "I"} & {*letters} else 4)
    cut = dict(zip(("microsecond", "second", "minute", "hour")[:finest], (0, 0, 0, 0), strict=False))
    return moment.replace(**cut)  # type: ignore[arg-type]  # whole numbers, each for a field of its own


def check_zone(name: str) -> str:
    """Return the name of a zone that exists; raise ValueError."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error


def parse(texts: list[str], formats: tuple[str, ...], decimal: str) -> datetime:
    """Return the time that the columns hold, naive where they name no offset; raise ValueError."""
    if len(texts) > 2:
        # Year, day and hhmm are numbers to some programs, and hold a fraction of nothing.
        texts = [_FRACTION_OF_NOTHING.sub("", text) for text in texts]
    text = " ".join(texts).translate(_PLAIN).strip()
    for name in formats:
        try:
            if name == "iso":
                return _iso(text)
            if name in _EXCEL:
                days = sum(float(part.replace(decimal, ".")) for part in texts)
                if days < 61:
                    continue
                return _EXCEL[name] + timedelta(milliseconds=round(days * 86_400_000))
            if name in _UNIX:
                return _EPOCH + timedelta(milliseconds=round(float(text.replace(decimal, ".")) * _UNIX[name]))
            return clock_texts.read(text, name)
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"{text!r} is no time of the form {' or '.join(formats)}")


def _iso(text: str) -> datetime:
    if midnight := _MIDNIGHT.fullmatch(text):
        return _iso(f"{midnight[1]}00{midnight[2]}{midnight[3]}") + timedelta(days=1)
    return datetime.fromisoformat(
        re.sub(r"\s+(?:(?=[+-])|(?:UTC|GMT|Z)$)", lambda m: "Z" if m[0].strip() else "", text)
    )


def resolve(local: datetime, zone: ZoneInfo, pace: Pace | None) -> datetime:
    """Return the instant in UTC. The order of the lines tells the two passes of a repeated hour apart.

    Raise ValueError for a time that the clocks skipped: whatever it was meant to be, it was not that.
    """
    if local.tzinfo is not None:
        return local.astimezone(UTC)
    first, second = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return first.astimezone(UTC)
    if before < after:
        raise ValueError(f"{local} did not exist in {zone.key}: the clocks were put forward over it")
    if pace is None:
        return first.astimezone(UTC)
    return min((first.astimezone(UTC), second.astimezone(UTC)), key=lambda instant: _strangeness(instant, pace))


def follow(pace: Pace | None, instant: datetime) -> Pace:
    """Return the pace after this instant; lines of the same time and lines in disorder do not change the step."""
    if pace is None:
        return Pace(instant, 0)
    step = (instant - pace.last).total_seconds()
    return Pace(instant, step if step > 0 else pace.step)


def _strangeness(instant: datetime, pace: Pace) -> float:
    """Tell how far from where the lines were about to go on; going back is far."""
    ahead = (instant - pace.last).total_seconds()
    return abs(ahead - pace.step) if ahead >= 0 else pace.step - ahead * _DISORDER
