"""Bring the tables of units, cells, parameters and series in line with a site file."""

from collections.abc import Container, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.site import Site
from schemas.tables import Cell, Parameter, Series, Unit
from schemas.times import now


def apply_site(session: Session, site: Site) -> list[str]:
    """Add what is new, change what differs, retire what is gone; return a line a change. Nothing is deleted."""
    changes: list[str] = []
    units = {row.code: row for row in session.scalars(select(Unit))}
    cells = {row.code: row for row in session.scalars(select(Cell))}
    parameters = {row.code: row for row in session.scalars(select(Parameter))}

    for position, unit in enumerate(site.units):
        _set(
            session, changes, units.setdefault(unit.code, Unit(code=unit.code)), "unit",
            label_fr=unit.label.fr, label_en=unit.label.en, kind=unit.kind, position=position, retired_at=None,
        )  # fmt: skip
    session.flush()
    for position, (code, unit) in enumerate(site.unit_of_cell.items()):
        cell = cells.setdefault(code, Cell(code=code))
        _set(session, changes, cell, "cell", unit_id=units[unit.code].id, position=position, retired_at=None)
    for position, parameter in enumerate(site.parameters):
        _set(
            session, changes, parameters.setdefault(parameter.code, Parameter(code=parameter.code)), "parameter",
            label_fr=parameter.label.fr, label_en=parameter.label.en, unit=parameter.unit, kind=parameter.kind,
            setpoint_of=parameter.setpoint_of, resolution=parameter.resolution, minimum=parameter.minimum,
            maximum=parameter.maximum, position=position, retired_at=None,
        )  # fmt: skip
    session.flush()
    series = {(row.cell_id, row.parameter_id) for row in session.scalars(select(Series))}
    for code in site.unit_of_cell:
        for parameter in site.parameters_of(code):
            key = (cells[code].id, parameters[parameter.code].id)
            if key not in series:
                session.add(Series(cell_id=key[0], parameter_id=key[1]))
                changes.append(f"series {code} {parameter.code}: added")
    told: tuple[tuple[str, Mapping[str, Unit | Cell | Parameter], Container[str]], ...] = (
        ("unit", units, site.unit_by_code),
        ("cell", cells, site.unit_of_cell),
        ("parameter", parameters, site.parameter_by_code),
    )
    for what, rows, kept in told:
        for code, row in rows.items():
            if code not in kept and row.retired_at is None:
                row.retired_at = now()
                changes.append(f"{what} {code}: retired (its history stays)")
    session.flush()
    return changes


def _set(session: Session, changes: list[str], row: Unit | Cell | Parameter, what: str, **wanted: object) -> None:
    new = row.id is None
    differing = [name for name, value in wanted.items() if getattr(row, name) != value]
    for name in differing:
        setattr(row, name, wanted[name])
    if new:
        session.add(row)
        changes.append(f"{what} {row.code}: added")
    elif differing:
        changes.append(f"{what} {row.code}: {', '.join(differing)} changed")
