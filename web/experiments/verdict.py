"""Are the values of an experiment within its own limits now? In one sentence; verdict.js keeps it current."""

from collections.abc import Callable
from dataclasses import dataclass

from telemetry.judging import ExperimentVerdict, judge_experiment
from web.rendering.cell_view import ShownCell, ShownValue
from web.rendering.client_texts import CLIENT_TEXTS


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A cell that holds the experiment, its values in the order of the limits; None for what the cell does not have."""

    cell: ShownCell
    values: tuple[ShownValue | None, ...]


ICONS = {"out": "deviation", "silent": "incomplete", "ok": "ok", "none": "no_data"}


def judge(rows: list[LiveRow]) -> ExperimentVerdict:
    """Count the values of the rows by how they stand."""
    return judge_experiment([value.verdict.state for value in row.values if value is not None] for row in rows)


def kind(verdict: ExperimentVerdict) -> str:
    """Return `out`, `silent` (something is missing), `ok` or `none` (nothing can be judged)."""
    if verdict.outside:
        return "out"
    if verdict.silent or verdict.missing:
        return "silent"
    return "ok" if verdict.within else "none"


def sentences(verdict: ExperimentVerdict, gettext: Callable[[str], str]) -> str:
    """Write it in words; verdict.js puts the same together."""
    keys = []
    if verdict.outside:
        keys.append(("out_one" if verdict.outside == 1 else "out_several", verdict.outside))
    elif verdict.within:
        keys.append(("others_within" if verdict.missing else "all_within", 0))
    if verdict.missing:
        keys.append(("missing_one" if verdict.missing == 1 else "missing_several", verdict.missing))
    if verdict.silent:
        keys.append(("silent_one" if verdict.silent == 1 else "silent_several", verdict.silent))
    texts = [(CLIENT_TEXTS[key], count) for key, count in keys or [("no_verdict", 0)]]
    return " ".join(gettext(text).format(n=count) for text, count in texts)
