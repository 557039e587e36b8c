"""Instants: aware UTC inside, RFC 3339 with `Z` and milliseconds on the wire."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A sender's clock may be ahead of ours by this much; what lies further ahead is suspect.
CLOCK_SKEW = timedelta(seconds=120)


def now() -> datetime:
    """Return the present instant in UTC, cut to milliseconds as the tables hold it."""
    return to_milliseconds(datetime.now(UTC))


def to_milliseconds(instant: datetime) -> datetime:
    """Return an aware instant in UTC, cut (never rounded up into the future) to milliseconds."""
    if instant.tzinfo is None:
        raise ValueError("a time needs its offset from UTC, as in 2026-11-23T14:28:23.376Z")
    try:
        instant = instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time outside the years 1 to 9999") from None
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def to_text(instant: datetime) -> str:
    """Return RFC 3339 text in UTC, `2026-11-23T14:28:23.376Z`."""
    return to_milliseconds(instant).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Return the instant that RFC 3339 text names; raise ValueError without an offset."""
    return to_milliseconds(datetime.fromisoformat(text))


def floor(instant: datetime, width: timedelta) -> datetime:
    """Return the start of the interval of this width, counted from 1970 in UTC, that holds the instant."""
    return instant - (instant - EPOCH) % width
