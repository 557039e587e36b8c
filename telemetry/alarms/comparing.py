"""Odd one out: how far each of several cells that are asked the same is from the others. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

from telemetry.judging import ValueVerdict

# Of two cells nobody can tell which one is odd.
FEWEST = 3


def distances(verdicts: Mapping[str, ValueVerdict]) -> dict[str, float]:
    """Return by cell how far its deviation is from the median deviation of the cells with the same setpoint.

    `verdicts` has one parameter's by cell, in the parameter's unit. Cells that cannot be compared are left out.
    """
    groups: defaultdict[float, dict[str, float]] = defaultdict(dict)
    for cell, one in verdicts.items():
        if one.deviation is not None and one.target is not None and one.state != "suspect" and not one.missing:
            groups[one.target][cell] = one.deviation
    return {
        cell: abs(deviation - middle)
        for group in groups.values()
        if len(group) >= FEWEST
        for middle in [median(group.values())]
        for cell, deviation in group.items()
    }
