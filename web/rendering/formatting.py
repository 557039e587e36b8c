"""Numbers, ages and times as people of either language read them; formats.js writes the same."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone, get_timezone_location
from babel.numbers import format_decimal

from schemas.site import Parameter

LOCALES = {"fr": "fr_FR", "en": "en_GB"}
NO_VALUE = "–"


def number(value: float | None, decimals: int, language: str, *, signed: bool = False) -> str:
    """Write a number with a fixed count of decimals; an absent one is a dash, never 0."""
    if value is None:
        return NO_VALUE
    # Half away from zero, as browsers round; -0.04 to one decimal is 0.0, without a sign.
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = format_decimal(rounded, format=pattern, locale=LOCALES[language])
    return f"+{text}" if signed and rounded > 0 else text


def plain_number(value: float, language: str) -> str:
    """Write a number as it was typed, with no digit more."""
    return format_decimal(Decimal(repr(value)), format="#,##0.#########", locale=LOCALES[language])


def value_text(value: float | None, parameter: Parameter, language: str) -> str:
    """Format a value: the label of a state, else a number without its unit."""
    if value is not None and (label := parameter.states.get(f"{value:g}")):
        return label.in_(language)
    return number(value, parameter.decimals, language)


def age_text(seconds: float | None, language: str) -> str:
    """Write an age in seconds: one number, one unit, no movement below what matters."""
    if seconds is None:
        return NO_VALUE
    # A clock that is a little ahead of ours has just sent.
    seconds = max(0.0, seconds)
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds // 86400)} {'d' if language == 'en' else 'j'}"


def moment(instant: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Write an instant as the clock of the site shows it."""
    if instant is None:
        return NO_VALUE
    pattern = "dd/MM/yyyy HH:mm:ss"
    return format_datetime(instant, pattern, tzinfo=zone, locale=LOCALES[language])


def short_moment(instant: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Format an instant to the minute, for lists."""
    if instant is None:
        return NO_VALUE
    return format_datetime(instant, "d MMM yyyy HH:mm", tzinfo=zone, locale=LOCALES[language])


def day(when: datetime | date | None, zone: ZoneInfo, language: str) -> str:
    """Write a day: of the site's calendar where an instant is given."""
    if when is None:
        return NO_VALUE
    if isinstance(when, datetime):
        when = when.astimezone(zone).date()
    return format_date(when, "d MMM yyyy", locale=LOCALES[language])


def span_text(seconds: float, language: str) -> str:
    """Write how long something lasted: days from two on, hours before, minutes below one."""
    days = "d" if language == "en" else "j"
    for least, size, unit in ((2 * 86400, 86400, days), (3600, 3600, "h")):
        if seconds >= least:
            return f"{number(seconds // size, 0, language)} {unit}"
    return f"{int(seconds // 60)} min" if seconds >= 60 else f"{int(seconds)} s"


def zone_name(zone: ZoneInfo, language: str) -> str:
    """Name the place whose clock the pages show: "Paris"."""
    return get_timezone_location(get_timezone(zone.key), locale=LOCALES[language], return_city=True)
