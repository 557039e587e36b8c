"""From what a file or a server calls a time to an instant, through both nights when the clocks change."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EXCEL = {
    # Excel believes that 1900 was a leap year; from March 1900 on this start makes up for it.
    "excel-1900": datetime(1899, 12, 30),  # noqa: DTZ001 - wall-clock time, as the file has it
    "excel-1904": datetime(1904, 1, 1),  # noqa: DTZ001 - wall-clock time, as the file has it
}
_UNIX = {"unix": 1000, "unix-ms": 1}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAMED = ("iso", *_UNIX, *_EXCEL)
_PROBE = datetime(2026, 11, 23, 14, 28, 17)  # noqa: DTZ001 - wall-clock time, as the files have it
# How much less likely it is that lines are in disorder than that there is a gap between them.
_DISORDER = 10


class Pace(NamedTuple):
    """The last instant of a cell's lines and the seconds since the one before."""

    last: datetime
    step: float


def check_format(name: str) -> str:
    """Return a usable name of a form of times; raise ValueError."""
    if name not in _NAMED:
        try:
            whole = datetime.strptime(_PROBE.strftime(name), name).date() == _PROBE.date()  # noqa: DTZ007 - as above
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(
                f"{name!r} does not name a whole date: give a strptime format as %d/%m/%Y %H:%M:%S,"
                f" or one of {', '.join(_NAMED)}"
            )
    return name


def check_zone(name: str) -> str:
    """Return the name of a zone that exists; raise ValueError."""
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone is called {name!r}") from error


def parse(texts: list[str], formats: tuple[str, ...], decimal: str) -> datetime:
    """Return the time that the columns hold, naive where they name no offset; raise ValueError."""
    text = " ".join(texts).strip()
    for name in formats:
        try:
            if name == "iso":
                return datetime.fromisoformat(text)
            if name in _EXCEL:
                days = sum(float(part.replace(decimal, ".")) for part in texts)
                if days < 61:
                    continue
                return _EXCEL[name] + timedelta(milliseconds=round(days * 86_400_000))
            if name in _UNIX:
                return _EPOCH + timedelta(milliseconds=round(float(text.replace(decimal, ".")) * _UNIX[name]))
            return datetime.strptime(text, name)  # noqa: DTZ007 - the zone comes from the settings
        except (ValueError, OverflowError):
            continue
    raise ValueError(f"{text!r} is no time of the form {' or '.join(formats)}")


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
