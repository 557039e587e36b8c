"""What an alarm says, in both languages: text and guidance by kind."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from schemas.site import Label
from telemetry.alarms.rules import Kind, Level

# Kinds whose measure only says yes or no, and those whose measure is the negative of what people know.
SIGNS: frozenset[Kind] = frozenset(
    {"open", "no_value", "implausible", "offline", "source", "heartbeat", "database", "broker", "ledger"}
)
TURNED: frozenset[Kind] = frozenset({"low", "certificate"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """How a value of the alarm is written: its unit and digits after the decimal point."""

    unit: str = ""
    decimals: int = 0

    def text(self, value: float | None, language: str) -> str:
        if value is None:
            return ""
        number = f"{value:.{self.decimals}f}"
        if language == "fr":
            number = number.replace(".", ",")
        return f"{number} {self.unit}".rstrip()


def texts(kind: Kind, name: Label, level: Level, value: float | None, quantity: Quantity) -> dict[str, str]:
    """Return the alarm's sentence in French and English."""
    limit = threshold_of(level, kind)
    # Amounts of time and counts have their unit in the sentence.
    limit_quantity = quantity if kind in {"deviation", "low", "high", "rate", "odd_one_out"} else Quantity()
    found = {}
    for language in ("fr", "en"):
        template = _catalogue()[kind][language]
        found[language] = " ".join(
            template.format(
                name=name.in_(language),
                value=quantity.text(value, language),
                limit=limit_quantity.text(limit, language),
                delay=duration(level.delay),
            ).split()
        )[:500]
    return found


def threshold_of(level: Level, kind: Kind) -> float | None:
    """Return the threshold as people know it; None for a kind that only waits."""
    if kind in SIGNS:
        return None
    return -level.threshold if kind in TURNED else level.threshold


def duration(delay: timedelta) -> str:
    """Write a delay as people of both languages do: 45 s, 15 min, 2 h."""
    seconds = round(delay.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def guidance(kind: Kind) -> tuple[str, str] | None:
    """Return what to do about an alarm of this kind, in French and English; None where nothing general helps."""
    entry = _catalogue()[kind]
    return (entry["guidance_fr"], entry["guidance_en"]) if "guidance_fr" in entry else None


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("facility.alarms") / "texts.toml").read_text(encoding="utf-8"))
