"""The words of a message about alarms, in one language: plain text, which every channel can show."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from schemas import messages

# Alarms written out in one message; the others are counted.
MOST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """An alarm and what is told of it: raised, returned or ended."""

    alarm: messages.Alarm
    phase: str
    ended_at: datetime | None


def message_words(lines: Sequence[Line], language: str, zone: ZoneInfo, web_address: str | None) -> tuple[str, str]:
    """Return title and text of a message about one alarm or more."""
    words = _words(language)
    if len(lines) == 1:
        title = f"{_head(lines[0], words)}: {_sentence(lines[0].alarm, language)}"
        parts = [_paragraph(lines[0], language, zone)]
    else:
        places = sorted({line.alarm.place for line in lines})
        named = ", ".join(places[:5]) + (" …" if len(places) > 5 else "")
        title = words["many"].format(n=len(lines), places=named)
        parts = [_paragraph(line, language, zone, short=True) for line in lines[:MOST]]
        if len(lines) > MOST:
            parts.append(words["more"].format(n=len(lines) - MOST))
    if web_address:
        parts.append(f"{web_address.rstrip('/')}/alarms")
    return _one_line(title)[:250], "\n\n".join(parts)


def trial_words(language: str, name: str) -> tuple[str, str]:
    """Return title and text of a message that only shows that a channel works: nothing of the station is in it."""
    words = _words(language)
    return words["trial_title"], words["trial"].format(name=name)


def _paragraph(line: Line, language: str, zone: ZoneInfo, *, short: bool = False) -> str:
    alarm, words = line.alarm, _words(language)
    parts = [f"{_head(line, words)}: {_sentence(alarm, language)}"]
    parts.append(words["since"].format(at=_moment(alarm.since, zone, words)))
    if line.ended_at is not None:
        parts.append(words["until"].format(at=_moment(line.ended_at, zone, words)))
    guidances: dict[str, str] = dict((alarm.guidance or {}).items())
    guidance = guidances.get(language)
    if guidance and not short and line.phase == "raised":
        parts.append(guidance)
    return "\n".join(parts)


def _head(line: Line, words: dict[str, str]) -> str:
    state = words[line.phase]
    return f"[{words[line.alarm.severity]}] {line.alarm.place}, {state}"


def _sentence(alarm: messages.Alarm, language: str) -> str:
    texts: dict[str, str] = dict(alarm.text.items())
    return texts.get(language) or next(iter(texts.values()), alarm.code)


def _moment(at: datetime, zone: ZoneInfo, words: dict[str, str]) -> str:
    return at.astimezone(zone).strftime(words["moment"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _words(language: str) -> dict[str, str]:
    catalogue = _catalogue()
    return catalogue.get(language, catalogue["en"])


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("facility.alarms") / "wording.toml").read_text(encoding="utf-8"))
