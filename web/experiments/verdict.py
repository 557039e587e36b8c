"""Are the values of an experiment within its own limits now? In one sentence; verdict.js keeps it current."""

from collections.abc import Callable
from dataclasses import dataclass

from web.rendering.cell_view import STALE_STATES, ShownCell, ShownValue
from web.rendering.client_texts import CLIENT_TEXTS


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A cell that holds the experiment, its values in the order of the limits."""

    cell: ShownCell
    values: tuple[ShownValue | None, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """How many values are out of limits, and how many cells send nothing that could be judged."""

    outside: int
    silent: int
    within: int


def judge(rows: list[LiveRow]) -> Judged:
    """Count; verdict.js counts the same on the page."""
    heard = [row for row in rows if row.cell.state not in STALE_STATES]
    states = [value.state for row in heard for value in row.values if value is not None]
    return Judged(
        outside=sum(state in {"high", "low", "suspect"} for state in states),
        silent=len(rows) - len(heard),
        within=states.count("ok"),
    )


def verdict(judged: Judged, gettext: Callable[[str], str]) -> str:
    """Say it in words; verdict.js puts the same together."""
    keys = []
    if judged.outside:
        keys.append(("out_one" if judged.outside == 1 else "out_several", judged.outside))
    elif judged.within:
        keys.append(("all_within", 0))
    if judged.silent:
        keys.append(("silent_one" if judged.silent == 1 else "silent_several", judged.silent))
    texts = [(CLIENT_TEXTS[key], count) for key, count in keys or [("no_verdict", 0)]]
    return " ".join(gettext(text).format(n=count) for text, count in texts)
