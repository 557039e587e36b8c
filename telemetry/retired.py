"""Cells that the site file no longer has: their history stays, described from what the tables keep of them."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.site import Label, Parameter, Site, Unit
from schemas.tables import Cell, Series
from schemas.tables import Parameter as ParameterRow
from schemas.tables import Unit as UnitRow


def site_with_retired(session: Session, site: Site, cell: str) -> Site | None:
    """Return a site of this one cell, as it was when it was retired; None where no such cell ever was.

    Whatever works with a site works with it: its name, zone and links are those of the present file.
    """
    unit = session.scalars(select(UnitRow).join(Cell, Cell.unit_id == UnitRow.id).where(Cell.code == cell)).first()
    if unit is None:
        return None
    rows = session.scalars(
        select(ParameterRow)
        .join(Series, Series.parameter_id == ParameterRow.id)
        .join(Cell, Cell.id == Series.cell_id)
        .where(Cell.code == cell)
        .order_by(ParameterRow.position, ParameterRow.id)
    ).all()
    present = site.unit_by_code.get(unit.code)
    codes = {row.code for row in rows}
    return Site(
        name=site.name,
        timezone=site.timezone,
        period=site.period,
        links=site.links,
        units=(
            Unit(
                code=unit.code,
                label=Label(fr=unit.label_fr, en=unit.label_en),
                kind=unit.kind,
                cells=(cell,),
                period=None if present is None else present.period,
            ),
        ),
        parameters=tuple(_parameter(site, row, codes) for row in rows),
    )


def site_with_cells(session: Session, site: Site, cells: Iterable[str]) -> Site:
    """Return the site together with those of the cells that were retired, each as it was then; else the site itself."""
    retired = [
        (cell, found)
        for cell in dict.fromkeys(cells)
        if cell not in site.unit_of_cell and (found := site_with_retired(session, site, cell)) is not None
    ]
    if not retired:
        return site
    units = dict(site.unit_by_code)
    parameters = {
        p.code: p if p.cells is not None else p.model_copy(update={"cells": tuple(site.unit_of_cell)})
        for p in site.parameters
    }
    for cell, alone in retired:
        (unit,) = alone.units
        earlier = units[unit.code].cells if unit.code in units else ()
        units[unit.code] = units.get(unit.code, unit).model_copy(update={"cells": (*earlier, cell)})
        for p in alone.parameters:
            has = parameters[p.code].cells or () if p.code in parameters else ()
            parameters[p.code] = parameters.get(p.code, p).model_copy(update={"cells": (*has, cell)})
    content = {name: getattr(site, name) for name in Site.model_fields}
    return Site(**content | {"units": tuple(units.values()), "parameters": tuple(parameters.values())})


def _parameter(site: Site, row: ParameterRow, codes: set[str]) -> Parameter:
    """Return a parameter as the file has it, or as the table kept it when the file lost it."""
    present = site.parameter_by_code.get(row.code)
    known = {} if present is None else present.model_dump(exclude={"cells", "formerly"})
    kept = {
        "code": row.code,
        "label": {"fr": row.label_fr, "en": row.label_en},
        "unit": row.unit,
        "kind": row.kind,
        "setpoint_of": row.setpoint_of,
        "resolution": row.resolution,
        "minimum": row.minimum,
        "maximum": row.maximum,
    }
    content = kept | known
    for partner in ("setpoint_of", "command_of"):
        if content.get(partner) not in codes:
            content[partner] = None
    return Parameter.model_validate(content)
