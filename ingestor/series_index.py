"""The site's tables in memory: the series of each cell's parameters, and their plausible ranges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from sqlalchemy import Connection, select

from schemas.tables import Cell, FormerCode, Parameter, Series, Unit


class KnownSeries(NamedTuple):
    """A series' number and the parameter's plausible range, in its unit; infinite where there is no bound."""

    id: int
    minimum: float
    maximum: float


@dataclass(slots=True)
class KnownCell:
    """A cell's unit and its series by parameter code."""

    unit: str
    unit_id: int
    series: dict[str, KnownSeries] = field(default_factory=dict)


@dataclass(slots=True)
class SeriesIndex:
    """The site's tables in memory. Retired cells stay: a backlog may still be under way."""

    units: dict[str, int]
    cells: dict[str, KnownCell]
    parameters: frozenset[str]


def load_series_index(connection: Connection) -> SeriesIndex:
    """Read the index from the tables; raise what the database raises."""
    units = {row.id: row.code for row in connection.execute(select(Unit.id, Unit.code))}
    cells, codes = {}, {}
    for number, code, unit_id in connection.execute(select(Cell.id, Cell.code, Cell.unit_id)):
        cells[number] = KnownCell(units[unit_id], unit_id)
        codes[number] = code
    parameters = {row.id: row for row in connection.execute(
        select(Parameter.id, Parameter.code, Parameter.minimum, Parameter.maximum)
    )}  # fmt: skip
    for row in connection.execute(select(Series.id, Series.cell_id, Series.parameter_id)):
        parameter = parameters[row.parameter_id]
        cells[row.cell_id].series[parameter.code] = KnownSeries(
            row.id,
            -inf if parameter.minimum is None else parameter.minimum,
            inf if parameter.maximum is None else parameter.maximum,
        )
    station = SeriesIndex(
        {code: number for number, code in units.items()},
        {codes[number]: cell for number, cell in cells.items()},
        frozenset(row.code for row in parameters.values()),
    )
    _add_former_codes(connection, station, cells)
    return station


def _add_former_codes(connection: Connection, station: SeriesIndex, cells: Mapping[int, KnownCell]) -> None:
    """Map codes from before a renaming to the current ones, for readings that still arrive under them."""
    former: dict[tuple[str, int], list[str]] = {}
    for row in connection.execute(select(FormerCode.kind, FormerCode.code, FormerCode.current_id)):
        former.setdefault((row.kind, row.current_id), []).append(row.code)
        # A code that is in use again is another's.
        if row.kind == "unit":
            station.units.setdefault(row.code, row.current_id)
        elif row.kind == "cell" and row.current_id in cells:
            station.cells.setdefault(row.code, cells[row.current_id])
    for number, code in connection.execute(select(Parameter.id, Parameter.code)):
        olds = [old for old in former.get(("parameter", number), []) if old not in station.parameters]
        for cell in cells.values() if olds else ():
            if (series := cell.series.get(code)) is not None:
                cell.series.update(dict.fromkeys(olds, series))
