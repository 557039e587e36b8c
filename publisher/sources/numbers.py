"""Numbers as people and programs write them, compared as the numbers that they mean."""

import re
import struct
from collections.abc import Iterable
from math import isfinite, isnan

# No-break and thin spaces group digits; a plain space does so only where `thousands` says it.
_GROUP = "\u00a0"
_PLAIN = str.maketrans({"\u202f": _GROUP, "\u2007": _GROUP, "\u2009": _GROUP, "\u2212": "-"})
# What C and .NET libraries of several systems print for "not a number", with either decimal mark.
_NOT_A_NUMBER = re.compile(r"[+-]?(?:nan(?:\(\w*\))?q?|\d[.,]#(?:qnan|snan|nan|ind)\d*)", re.IGNORECASE)
# Nearly every number of a file is one of these.
_SIMPLE = {mark: re.compile(rf"[+-]?[0-9]+(?:{re.escape(mark)}[0-9]*)?") for mark in ".,"}
_INFINITY = re.compile(r"([+-]?)\d[.,]#inf\d*", re.IGNORECASE)
_GROUPS = re.compile(rf"[+-]?\d{{1,3}}(?:{_GROUP}\d{{2,3}})*{_GROUP}\d{{3}}(?:[.,eE].*)?")
# From here on not every whole number is one of 64 bits.
_WHOLE = 2.0**53


def number(text: str, decimal: str = ".", thousands: str = "", unit: str = "") -> float:
    """Return the number that a text writes with this decimal mark; NaN for what programs print in its place.

    `thousands` groups digits by three (no-break spaces always may), `unit` may follow. Raise ValueError.
    """
    if (simple := simple_number(text, decimal)) is not None:
        return simple
    plain = text.translate(_PLAIN).strip()
    if unit and plain.endswith(bare := unit.translate(_PLAIN).strip()):
        plain = plain.removesuffix(bare).rstrip()
    if _NOT_A_NUMBER.fullmatch(plain):
        return float("nan")
    if infinite := _INFINITY.fullmatch(plain):
        return float(f"{infinite[1]}inf")
    if decimal != "." and "." in plain and thousands != ".":
        raise ValueError(f"{text!r} is no number with a decimal comma")
    grouped = plain.replace(thousands.translate(_PLAIN), _GROUP) if thousands else plain
    if _GROUP in grouped:
        if not _GROUPS.fullmatch(grouped):
            # With thousands = "," the text 1,5 is not 15.
            raise ValueError(f"{text!r} is no number: its groups are not of three digits")
        plain = grouped.replace(_GROUP, "")
    try:
        # Python alone would take 1_000 for a number.
        return float(plain.replace(decimal, ".").replace("_", "?"))
    except ValueError:
        raise ValueError(f"{text!r} is no number") from None


def simple_number(text: str, decimal: str) -> float | None:
    """Return the number where the text is digits with at most a sign and a decimal mark, as nearly all are."""
    return float(text.replace(decimal, ".")) if _SIMPLE[decimal].fullmatch(text) else None


class Missing:
    """What a source writes for *no value*: words whatever their case, numbers however they are written.

    Empty texts and "not a number" always are no value, whatever the settings list.
    """

    def __init__(self, entries: Iterable[str | float]) -> None:
        self._words = {""}
        self._numbers = set[float]()
        for entry in entries:
            if isinstance(entry, str):
                self._words.add(entry.strip().casefold())
                self._numbers |= _readings(entry)
            else:
                self._numbers.add(float(entry))
        # 32 bits hold -9999 exactly, but not -9999.9.
        inexact = (entry for entry in self._numbers if entry != entry // 1 or abs(entry) >= _WHOLE)
        self._singles = {single for entry in inexact if (single := _single(entry)) is not None}

    def has(self, raw: str | float) -> bool:
        """Return whether a text or a number stands for no value: "-9999,00" does where -9999 is listed."""
        if isinstance(raw, str):
            if raw.strip().casefold() in self._words:
                return True
            return any(isnan(found) or self._lists(found) for found in _readings(raw))
        return isnan(raw) or self._lists(raw)

    def _lists(self, found: float) -> bool:
        return found in self._numbers or (bool(self._singles) and _printed(found) in self._singles)


def from_float32(value: float) -> float:
    """Return the shortest decimal number that a 32-bit number stands for: 18.2 for 18.200000762939453."""
    single = _single(value)
    if single is None or not isfinite(value) or value == int(value):
        return value
    return next(short for n in range(1, 18) if _single(short := float(f"{single:.{n}g}")) == single)


def _printed(value: float) -> float | None:
    """Return the 32-bit number of which this one is the print, as -9999.900391 is."""
    single = _single(value)
    digits = len(repr(abs(value)).partition("e")[0].replace(".", "").strip("0"))
    return single if single is not None and float(f"{single:.{digits}g}") == value else None


def _single(value: float) -> float | None:
    try:
        found: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return None
    return found


def _readings(text: str) -> set[float]:
    """Return the numbers that a text means with either decimal mark."""
    found = set[float]()
    for decimal in ".,":
        try:
            found.add(number(text, decimal))
        except ValueError:
            continue
    return found
