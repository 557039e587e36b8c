"""Times written in a strptime format, read leniently where that is safe: French months, 24:00, hhmm without zeros."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import NamedTuple

_MONTHS = (
    ("january", "janvier"), ("february", "fevrier"), ("march", "mars"), ("april", "avril"), ("may", "mai"),
    ("june", "juin"), ("july", "juillet"), ("august", "aout"), ("september", "septembre"), ("october", "octobre"),
    ("november", "novembre"), ("december", "decembre"),
)  # fmt: skip
# As French Windows and ICU shorten them.
SHORT_FRENCH = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
LONG_FRENCH = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3}
# Letters, with accents that may be characters of their own.
_WORD = r"(?:[^\W\d_]|[\u0300-\u036f])+\.?"
_OTHERS = {
    "b": _WORD, "B": _WORD, "h": _WORD, "a": _WORD, "A": _WORD,
    "f": r"\d{1,9}", "p": r"[aApP]\.?\s?[mM]\.?", "z": r"[+-]\d\d:?\d\d(?::?\d\d)?|[+-]\d\d|[zZ]", "Z": r"[A-Za-z]+",
}  # fmt: skip
_SHORT_FOR = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "e": "%d", "n": " ", "t": " ",
              "c": "%a %b %d %H:%M:%S %Y", "x": "%m/%d/%y", "X": "%H:%M:%S"}  # fmt: skip
_ZONES = {"UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2}


class _Form(NamedTuple):
    """A format made ready: the pattern, and for each of its groups the directives whose digits it holds."""

    pattern: re.Pattern[str]
    groups: tuple[str, ...]


def directives(name: str) -> list[str]:
    """Return the letters of a format's directives, those that stand for several written out."""
    return [letter for letter in re.findall(r"%(.)", written_out(name)) if letter != "%"]


def read(text: str, name: str) -> datetime:
    """Return the time that the text writes in this format, aware where it names its offset; raise ValueError."""
    form = _form(name)
    if form is None:
        return datetime.strptime(text, name)  # noqa: DTZ007 - the zone comes from the settings
    if (match := form.pattern.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is not of the form {name}")
    found: dict[str, str] = {}
    for letters, part in zip(form.groups, match.groups(), strict=True):
        if len(letters) == 1:
            found[letters] = part or "0"
            continue
        # Numbers that touch: only the first can have lost its zeros, as 5 for 00:05 in hhmm.
        whole = part.zfill(sum(_WIDTHS[letter] for letter in letters))
        for letter in letters:
            found[letter], whole = whole[: _WIDTHS[letter]], whole[_WIDTHS[letter] :]
    return _assembled(found)


def month(word: str) -> int:
    """Return the number of a month by its English or French name or the beginning of one; raise ValueError."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in plain if letter.isalpha() and not unicodedata.combining(letter))
    found = [n for n, names in enumerate(_MONTHS, 1) if any(name.startswith(plain) for name in names)]
    if len(plain) < 3 or len(found) != 1:
        raise ValueError(f"{word!r} is no month")
    return found[0]


def _assembled(found: dict[str, str]) -> datetime:
    year = int(found["Y"]) if "Y" in found else int(found["y"]) + (1900 if int(found["y"]) > 68 else 2000)
    if "j" in found:
        day = datetime(year, 1, 1) + timedelta(days=int(found["j"]) - 1)  # noqa: DTZ001 - as written
        if day.year != year:
            raise ValueError(f"{year} has no day {found['j']}")
    else:
        named = next((found[letter] for letter in "bBh" if letter in found), None)
        number = int(found["m"]) if named is None else month(named)
        day = datetime(year, number, int(found["d"]))  # noqa: DTZ001 - as written
    hour, minute, second = int(found.get("H", "0")), int(found.get("M", "0")), int(found.get("S", "0"))
    if "I" in found:
        hour = int(found["I"])
        if not 1 <= hour <= 12:
            raise ValueError(f"{hour} is no hour of a 12-hour clock")
        hour = hour % 12 + (12 if found["p"][0] in "pP" else 0)
    micro = int(found.get("f", "0").ljust(6, "0")[:6])
    zone = _zone(found)
    if hour == 24 and minute == second == micro == 0:
        return (day + timedelta(days=1)).replace(tzinfo=zone)
    return day.replace(hour=hour, minute=minute, second=second, microsecond=micro, tzinfo=zone)


def _zone(found: dict[str, str]) -> timezone | None:
    if "z" in found:
        offset = found["z"]
        if offset in "zZ":
            return UTC
        digits = offset[1:].replace(":", "").ljust(6, "0")
        span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
        return timezone(-span if offset[0] == "-" else span)
    if "Z" in found:
        name = found["Z"].upper()
        if name not in _ZONES:
            raise ValueError(f"no zone is known as {found['Z']}")
        return timezone(timedelta(hours=_ZONES[name]))
    return None


def written_out(name: str) -> str:
    """Return the format without the directives that stand for several, as %T does."""
    # What there is beside them means the locale's own way, which is that of C here.
    name = re.sub(r"%[-#](?=[a-zA-Z])", "%", name.strip())
    return re.sub(r"%(.)", lambda match: _SHORT_FOR.get(match[1], match[0]), name)


@cache
def _form(name: str) -> _Form | None:
    """Return the format made ready; None where it has directives that only strptime knows."""
    pattern, groups, run = "", list[str](), ""

    def end_run() -> None:
        nonlocal pattern, run
        if run:
            width = sum(_WIDTHS[letter] for letter in run)
            # The first may have lost zeros, but a year has all its digits.
            least = 1 if len(run) == 1 or run[0] in "HI" else width - (run[0] != "Y")
            pattern += rf"(\d{{{width if run[0] == 'Y' else least},{width}}})"
            groups.append(run)
        run = ""

    for piece in re.findall(r"[.,]%f|%.|\s+|.", written_out(name), re.DOTALL):
        letter = piece[-1] if "%" in piece and piece != "%%" else ""
        if letter in _WIDTHS:
            run += letter
            continue
        end_run()
        if letter == "f" and len(piece) == 3:
            # Some loggers leave the fraction out where it is zero.
            pattern += r"(?:[.,](\d{1,9}))?"
        elif letter == "p":
            pattern += rf"\s*({_OTHERS['p']})"
        elif letter in _OTHERS:
            pattern += f"({_OTHERS[letter]})"
        elif letter:
            return None
        else:
            pattern += r"\s+" if piece.isspace() else re.escape("%" if piece == "%%" else piece)
            continue
        groups.append(letter)
    end_run()
    return _Form(re.compile(pattern), tuple(groups))
