"""Parameters of requests, checked: row ids, codes, ranges of time; what does not fit is refused with what would."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter

from schemas import times
from schemas.site import Parameter, Site, Unit

# The id of a row, as a path carries it.
RowId = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
DAY = timedelta(days=1)
# Codes named in a refusal; a large site has more than anyone would read.
NAMED = 40
# Beyond these nothing is stored, and dates would leave what Python can count.
EARLIEST, LATEST = times.EPOCH, datetime(9000, 1, 1, tzinfo=UTC)

# In an address a bare + means a space; people forget to write %2B.
_LOST_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


def known_unit(site: Site, code: str) -> Unit:
    """Return the unit of this code, or of this former code; raise NotFoundException."""
    unit = site.unit_by_code.get(site.former_codes["unit"].get(code, code))
    if unit is None:
        raise NotFoundException(detail=f"no unit is called {_short(code)}; the site has {_list(site.unit_by_code)}")
    return unit


def present_code(site: Site, cell: str) -> str:
    """Return the present code of a cell that was renamed, any other as it is; the database knows which there are."""
    return site.former_codes["cell"].get(cell, cell)


def known_cell(site: Site, code: str) -> str:
    """Return the present code of a cell; raise NotFoundException. See `web.cells.known` for retired ones."""
    code = present_code(site, code)
    if code not in site.unit_of_cell:
        raise NotFoundException(detail=f"no cell is called {_short(code)}; the site has {_list(site.unit_of_cell)}")
    return code


def known_parameter(site: Site, cell: str, code: str) -> Parameter:
    """Return the cell's parameter of this code, or of this former code; raise NotFoundException."""
    own = {parameter.code: parameter for parameter in site.parameters_of(known_cell(site, cell))}
    code = site.former_codes["parameter"].get(code, code)
    if code not in own:
        raise NotFoundException(detail=f"cell {cell} has no parameter {_short(code)}; it has {_list(own)}")
    return own[code]


def chosen_parameters(site: Site, cell: str, requested: list[str] | None) -> list[str] | None:
    """Return the parameters named, by commas or repeated, each once; None where none is named."""
    codes = [code.strip() for part in requested or [] for code in part.split(",")]
    return list(dict.fromkeys(known_parameter(site, cell, code).code for code in codes if code)) or None


def main_parameters(site: Site, cell: str) -> list[str]:
    """Return the parameters shown by default: the cell's main ones and their setpoints."""
    own = [parameter.code for parameter in site.parameters_of(cell)]
    main = [parameter for parameter in site.parameters_of(cell) if parameter.main]
    pairs = [(parameter.code, site.setpoint_by_measured.get(parameter.code)) for parameter in main]
    found = [code for measured, aim in pairs for code in (measured, *([aim.code] if aim else [])) if code in own]
    return found or own[:4]


def range_of(start_text: str | None, end_text: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Return [from, to); by default the last day."""
    end = now if end_text is None else _instant("to", end_text)
    start = max(EARLIEST, end - DAY) if start_text is None else _instant("from", start_text)
    if start >= end:
        raise ValidationException(detail=f"from ({times.to_text(start)}) must come before to ({times.to_text(end)})")
    return start, end


def _instant(name: str, text: str) -> datetime:
    try:
        instant = times.from_text(_LOST_PLUS.sub("+", text.strip()))
    except (ValueError, OverflowError):
        raise ValidationException(
            detail=f"{name}: a time is needed with its offset from UTC, as in 2026-11-23T14:28:23Z"
            " or 2026-11-23T15:28:23%2B01:00"
        ) from None
    return min(LATEST, max(EARLIEST, instant))


def _list(codes: Iterable[str]) -> str:
    all_codes = list(codes)
    return ", ".join(all_codes[:NAMED]) + (f" and {len(all_codes) - NAMED} more" if len(all_codes) > NAMED else "")


def _short(text: str) -> str:
    return text if len(text) <= 64 else text[:64] + "…"
