"""What people type, made safe to keep: trimmed, bounded like the columns, without unseen characters."""

import unicodedata
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.networks import validate_email
from pydantic_core import PydanticCustomError

from facility.acting.user_messages import message
from schemas import times

FIRST_DAY = date(2000, 1, 1)
LAST_DAY = date(2199, 12, 31)
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
# Nobody could read or press a name that is made of these alone.
_UNSEEN = frozenset({"Cf", "Cn", "Mn", "Zl", "Zp", "Zs"})


class FormModel(BaseModel):
    """A form or a request body; unknown members are refused, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def fold(text: str) -> str:
    """Return text as searches compare it: small letters without accents, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in decomposed if not unicodedata.combining(letter)).split())


def clean_login(text: str) -> str:
    """Return a login name or mail address as it is kept and compared, however it was typed."""
    return unicodedata.normalize("NFKC", text).strip().lower()


def clean_email(text: str) -> str | None:
    """Return a mail address as it is kept, None for what is none."""
    try:
        _, address = validate_email(clean_login(text))
    except PydanticCustomError:
        return None
    # `Zoé <zoe@example.org>` is understood as well: a bare address is wanted.
    return None if "<" in text else clean_login(address)


def clean_password(text: str) -> str:
    """Return a password as it is hashed: keyboards and clipboards write one text in several ways."""
    return unicodedata.normalize("NFKC", text).strip()


def _no_control(text: str) -> str:
    for letter in text:
        # Cc: control, Cs: half of a pair (not writable as UTF-8); and what turns the text behind it around, so that
        # a line of the audit or a list would read as something else.
        turns = unicodedata.bidirectional(letter) in _TURNING
        if turns or (unicodedata.category(letter) in {"Cc", "Cs"} and letter not in "\n\r\t"):
            raise ValueError(message("Contains a character that cannot be displayed."))
    if text and all(unicodedata.category(letter) in _UNSEEN for letter in text):
        raise ValueError(message("Contains a character that cannot be displayed."))
    # One form of each accent, whatever keyboard or file it comes from: what looks the same is the same.
    return unicodedata.normalize("NFC", text)


def _one_line(text: str) -> str:
    if any(letter in text for letter in "\n\r\t"):
        raise ValueError(message("Use a single line."))
    return text


def _email(text: str) -> str:
    address = clean_email(text)
    if address is None:
        raise ValueError(message("Not an e-mail address."))
    return address


def is_email(text: str) -> bool:
    """Tell whether this is a bare address: `Zoé <zoe@example.org>` is none."""
    return clean_email(text) is not None


def _plausible_day(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(message("The year must be between 2000 and 2199."))
    return day


def _plausible_moment(moment: datetime) -> datetime:
    # Looked at before it is turned to UTC: the first and last years cannot be.
    if not FIRST_DAY.year <= moment.year <= LAST_DAY.year:
        raise ValueError(message("The year must be between 2000 and 2199."))
    return times.to_milliseconds(moment.astimezone(UTC))


CLEAN = AfterValidator(_no_control)
ONE_LINE = AfterValidator(_one_line)
Line = Annotated[str, StringConstraints(max_length=200), CLEAN, ONE_LINE]
NeededLine = Annotated[str, StringConstraints(min_length=1, max_length=200), CLEAN, ONE_LINE]
LongText = Annotated[str, StringConstraints(max_length=20_000), CLEAN]
Remark = Annotated[str, StringConstraints(max_length=1000), CLEAN]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=500), CLEAN]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
OptionalEmail = Email | None
Day = Annotated[date, AfterValidator(_plausible_day)]
OptionalDay = Day | None
Moment = Annotated[AwareDatetime, AfterValidator(_plausible_moment)]
OptionalMoment = Moment | None
OptionalNumber = Annotated[float, Field(allow_inf_nan=False, ge=-1e9, le=1e9)] | None
LoginName = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$")]
# Written as constraints, not as a field: the API's description takes over only these.
CodeText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
ExperimentCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$")]
