"""Paths into JSON: `cells[name=E2C1].air.value`, `cells[0].co2`, or the JSON pointer `/cells/0/co2`."""

import re
from typing import Any

Step = str | int | tuple[str, str]

_PIECE = re.compile(r"\.?(?P<key>[^.\[\]]+)|\[(?P<index>-?[0-9]+)\]|\[(?P<name>[^=\]]+)=(?P<value>[^\]]*)\]")


class Absent(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """There is nothing at the path; the text says which part of it is missing."""


def parse_path(text: str) -> tuple[Step, ...]:
    """Take a path apart; the empty one is the whole document. Raise ValueError."""
    if text.startswith("/"):
        return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None or (at == 0 and text[0] == "."):
            raise ValueError(f"{text!r} is no path, as in cells[name=E2C1].air.value, cells[0].co2 or /cells/0/co2")
        if (key := match["key"]) is not None:
            steps.append(key)
        elif match["index"] is not None:
            steps.append(int(match["index"]))
        else:
            steps.append((match["name"], match["value"]))
        at = match.end()
    return tuple(steps)


def find(document: Any, path: tuple[Step, ...]) -> Any:
    """Return what the path leads to; raise Absent."""
    for step in path:
        document = _enter(document, step)
    return document


def _enter(place: Any, step: Step) -> Any:
    if isinstance(step, tuple):
        name, wanted = step
        for entry in place if isinstance(place, list) else ():
            if isinstance(entry, dict) and str(entry.get(name)) == wanted:
                return entry
        raise Absent(f"no entry with {name} = {wanted}")
    if isinstance(place, dict) and str(step) in place:
        return place[str(step)]
    if isinstance(place, list):
        index = int(step) if re.fullmatch(r"-?[0-9]+", str(step)) else None
        if index is not None and -len(place) <= index < len(place):
            return place[index]
    raise Absent(f"no {step!r}")
