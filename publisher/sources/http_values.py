"""From what stands at a path of a JSON document to a number, however its server writes numbers."""

import re
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, FiniteFloat, field_validator

from publisher.sources.http_paths import parse_path
from publisher.sources.mapping import scaled
from publisher.sources.numbers import Missing, number
from service.settings import Block

Decimal = Literal[".", ","]

_WITH_UNIT = re.compile(r"(?P<number>.*\d)\s*(?P<unit>[^\d\s]\S{0,15})?", re.DOTALL)


def checked_path(text: str) -> str:
    """Return the path; raise ValueError where it cannot be parsed."""
    parse_path(text)
    return text


class HttpValue(Block):
    """Where a parameter's value lies below its cell's path."""

    path: str
    factor: FiniteFloat = 1
    offset: FiniteFloat = 0
    words: dict[str, FiniteFloat] = Field(default_factory=dict, description="numbers for texts, as open = 1")
    missing: tuple[FiniteFloat | str, ...] = ("-", "--", "NA", "N/A", "#N/A", "null", "None")
    decimal: Decimal | None = Field(default=None, description="in texts; the source's without it")
    unit: str = Field(default="", description="written behind the number, as °C in 18,2 °C")

    _path = field_validator("path")(checked_path)

    @cached_property
    def none(self) -> Missing:
        """The texts and numbers that stand for no value."""
        return Missing(self.missing)

    def measured(self, raw: Any, decimal: Decimal, thousands: str) -> float | None:
        """Return what is stored for what the document holds, None for no value; raise ValueError."""
        if isinstance(raw, str):
            raw = self._read(raw.replace("\0", "").strip(), self.decimal or decimal, thousands)
        if raw is None:
            return None
        if not isinstance(raw, int | float):
            kind = "a list" if isinstance(raw, list) else "an object"
            raise ValueError(f"{kind} where a number should be")  # noqa: TRY004 - a fault of the data
        if not isinstance(raw, bool) and self.none.has(_finite(raw)):
            return None
        return float(scaled(raw, self.factor, self.offset))

    def _read(self, text: str, decimal: Decimal, thousands: str) -> float | None:
        if text in self.words:
            return self.words[text]
        if self.none.has(text):
            return None
        try:
            return number(text, decimal, thousands, self.unit)
        except ValueError:
            raise ValueError(f"a text where a number should be{_advice(text, decimal, thousands, self.unit)}") from None


def _finite(raw: float) -> float:
    try:
        return float(raw)
    except OverflowError:
        raise ValueError("a whole number too large to be stored") from None


def _advice(text: str, decimal: Decimal, thousands: str, unit: str) -> str:
    """Name the settings with which the text would be one; the same for all texts of its form."""
    match = _WITH_UNIT.fullmatch(text)
    if match is None:
        return ""
    other: Decimal = "," if decimal == "." else "."
    for mark in (decimal, other):
        try:
            number(match["number"], mark, thousands)
        except ValueError:
            continue
        wanted = [f'decimal = "{mark}"'] if mark != decimal else []
        if match["unit"] and match["unit"] != unit:
            wanted.append(f'unit = "{match["unit"].encode("utf-8", "replace").decode()}"')
        return f"; it would be one with {' and '.join(wanted)}" if wanted else ""
    return ""
