"""Times that people type: the clock of the site, which twice a year skips an hour or shows one twice."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from facility.acting.fields import FIRST_DAY, LAST_DAY
from facility.acting.user_messages import UserMessage, message
from web.rendering.texts import N_

# Which of two equal clock times is meant, in a field of its own that is shown only where it matters.
FIRST, SECOND = "first", "second"
WHICH_LABELS = {
    "": N_("choose…"),
    FIRST: N_("the first one, before the clock was put back"),
    SECOND: N_("the second one, after the clock was put back"),
}
_FRENCH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),?\s+(\d{1,2}[:h]\d{2}(?::\d{2})?)")
_NO_YEAR = message("The year must be between 2000 and 2199.")
_NO_TIME = message("Not a date and time: write it as 2026-11-24 14:30.")


class UnclearTimeError(ValueError):
    """A text that names no instant, or two (`twice`)."""

    def __init__(self, text: UserMessage, *, twice: bool = False) -> None:
        self.message, self.twice = text, twice
        super().__init__(str(text))


def read_local(text: str, zone: ZoneInfo, which: str = "") -> datetime:
    """Return the instant that a clock of the site showed; raise UnclearTimeError where there is none or two."""
    local = _clock(text.strip())
    early, late = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    if before is None or after is None or before == after:
        return early.astimezone(UTC)
    if before < after:
        raise UnclearTimeError(_skipped(early, after - before))
    if which not in {FIRST, SECOND}:
        raise UnclearTimeError(
            message("The clock showed this time twice that night: choose which one is meant."), twice=True
        )
    return (early if which == FIRST else late).astimezone(UTC)


def read_day(text: str) -> date | None:
    """Return the day that was typed, None for nothing; raise UnclearTimeError."""
    text = text.strip()
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text[:40], pattern).date()  # noqa: DTZ007 - a day of the calendar has no zone
        except ValueError:
            continue
        if not FIRST_DAY <= day <= LAST_DAY:
            raise UnclearTimeError(_NO_YEAR)
        return day
    raise UnclearTimeError(message("Not a date: write it as 2026-11-24."))


def local_text(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return an instant as a field shows it; empty for none."""
    return "" if instant is None else instant.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S")


def which_of(instant: datetime | None, zone: ZoneInfo) -> str:
    """Return which of two equal clock times an instant is; empty where there is only one."""
    if instant is None:
        return ""
    local = instant.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return (SECOND if local.fold else FIRST) if twice else ""


def near(instant: datetime, entered: str, edges: list[datetime]) -> datetime:
    """Return the edge that people mean who type its second or minute: edges have milliseconds, clocks do not."""
    step = timedelta(seconds=1 if entered.count(":") > 1 else 60)
    return next((edge for edge in edges if instant <= edge < instant + step), instant)


def _clock(text: str) -> datetime:
    french = _FRENCH.fullmatch(text)
    if french is not None:
        day, month, year, clock = french.groups()
        hour, _, rest = clock.replace("h", ":").partition(":")
        text = f"{year}-{month:0>2}-{day:0>2}T{hour:0>2}:{rest}"
    if len(text) < len("2026-11-24T14:30"):
        raise UnclearTimeError(_NO_TIME)
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise UnclearTimeError(_NO_TIME) from None
    if local.tzinfo is not None:
        raise UnclearTimeError(message("Type the time of the site's clock, without an offset."))
    if not FIRST_DAY.year <= local.year <= LAST_DAY.year:
        raise UnclearTimeError(_NO_YEAR)
    return local


def _skipped(early: datetime, jump: timedelta) -> UserMessage:
    """Say between which clock times the skipped hour lay."""
    actual = early.astimezone(UTC).astimezone(early.tzinfo)
    begin = actual - jump
    begin = begin.replace(minute=0, second=0) if begin.minute or begin.second else begin
    return message(
        "The clock never showed this time: that night it went from {begin} to {end}.",
        begin=f"{begin:%H:%M}",
        end=f"{begin + jump:%H:%M}",
    )
