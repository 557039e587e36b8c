"""Where a raw value of a source belongs: a parameter of one of the unit's cells, scaled."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import isfinite

from pydantic import FiniteFloat

from schemas.messages import Code
from schemas.site import Site, Unit
from service.settings import Block, SettingsError


class Target(Block):
    """A parameter of a cell; what is stored is raw value x factor + offset."""

    cell: Code
    parameter: Code
    factor: FiniteFloat = 1
    offset: FiniteFloat = 0


def scaled(raw: float, factor: float, offset: float) -> float:
    """Apply factor and offset without the noise of binary fractions; raise ValueError for NaN and infinities."""
    if not isfinite(raw):
        raise ValueError(f"{raw} is no number that can be stored")
    if factor == 1 and offset == 0:
        return raw
    # 183 x 0.1 is 18.3 and not 18.300000000000001.
    value = float(f"{raw * factor + offset:.13g}")
    if not isfinite(value):
        raise ValueError(f"{raw} is too large to be scaled")
    return value


def check_targets(targets: Iterable[tuple[str, str, str]], site: Site, unit: Unit) -> None:
    """Take (setting, cell, parameter); raise SettingsError with a line for each that the site does not have."""
    faults, taken = [], set[tuple[str, str]]()
    for setting, cell, parameter in targets:
        if cell not in unit.cells:
            faults.append(f"setting {setting}: unit {unit.code} has no cell {cell}; its cells: {', '.join(unit.cells)}")
            continue
        known = [known.code for known in site.parameters_of(cell)]
        if parameter not in known:
            near = get_close_matches(parameter, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            faults.append(f"setting {setting}: cell {cell} has no parameter {parameter}{hint}")
        elif (cell, parameter) in taken:
            faults.append(f"setting {setting}: {parameter} of {cell} is mapped twice")
        taken.add((cell, parameter))
    if faults:
        raise SettingsError("\n".join(faults))
