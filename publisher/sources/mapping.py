"""Where a raw value of a source belongs: a parameter of one of the unit's cells, scaled."""

from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from math import isfinite

from pydantic import FiniteFloat

from schemas.messages import Code
from schemas.site import Site, Unit
from service.settings import Block, SettingsError

# So many significant digits of a decimal number survive in a 64-bit one.
_EXACT = 15


class Target(Block):
    """A parameter of a cell; what is stored is raw value x factor + offset."""

    cell: Code
    parameter: Code
    factor: FiniteFloat = 1
    offset: FiniteFloat = 0


def scaled(raw: float, factor: float, offset: float) -> float:
    """Return raw x factor + offset, computed in decimal as written; raise ValueError for NaN and infinities."""
    try:
        finite = isfinite(raw)
    except OverflowError:
        raise ValueError("a whole number too large to be stored") from None
    if not finite:
        raise ValueError(f"{raw} is no number that can be stored")
    if factor == 1 and offset == 0:
        return raw
    # 183 x 0.1 is 18.3, and 273.05 - 273.15 is -0.1: binary fractions give neither.
    steps = Decimal(raw) if isinstance(raw, int) else Decimal(repr(raw)), _decimal(factor), _decimal(offset)
    product = steps[0] * steps[1]
    result = product + steps[2]
    if result and any(len(step.as_tuple().digits) > _EXACT for step in steps[1:]):
        # 0.5555555555555556 was itself rounded: what it gives is not known to more digits than it has.
        last = max(product.adjusted(), steps[2].adjusted() if steps[2] else product.adjusted()) - _EXACT + 1
        result = round(result, -last)
    value = float(result) + 0.0
    if not isfinite(value):
        raise ValueError(f"{raw} is too large to be scaled")
    return value


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))


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
