"""What the database knows of the site: which series a cell's parameter is, and what is plausible."""

from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from sqlalchemy import Connection, select

from schemas.tables import Cell, Parameter, Series, Unit


class KnownSeries(NamedTuple):
    id: int
    minimum: float
    maximum: float


@dataclass(slots=True)
class KnownCell:
    unit: str
    unit_id: int
    series: dict[str, KnownSeries] = field(default_factory=dict)


@dataclass(slots=True)
class Station:
    """The site's tables in memory. Retired cells stay: a backlog may still be under way."""

    units: dict[str, int]
    cells: dict[str, KnownCell]
    parameters: frozenset[str]


def load_station(connection: Connection) -> Station:
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
    return Station(
        {code: number for number, code in units.items()},
        {codes[number]: cell for number, cell in cells.items()},
        frozenset(row.code for row in parameters.values()),
    )
