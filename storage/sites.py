"""The tables of units, cells, parameters and series beside a site file: what differs, and bringing them in line."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from schemas.site import Site
from schemas.tables import Assignment, Cell, Experiment, FormerCode, Parameter, Series, Unit
from schemas.times import now

Kind = Literal["unit", "cell", "parameter"]
Action = Literal["add", "change", "rename", "retire", "add series", "remember"]
Rows = dict[str, dict[str, Any]]

TABLES: dict[Kind, type[Unit | Cell | Parameter]] = {"unit": Unit, "cell": Cell, "parameter": Parameter}
# What numbers of units, cells and parameters are counted with: a SMALLINT.
MOST = 32_767


class SiteRefusedError(Exception):
    """A site file that cannot be applied to this database; the message has the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the file and the tables. `text` is what a person reads of it."""

    action: Action
    kind: Kind
    code: str
    text: str
    values: dict[str, Any] = field(default_factory=dict)
    former: str = ""
    series: tuple[str, ...] = ()


def compare_site(session: Session, site: Site) -> list[Change]:
    """Return what `apply_site` would do, in its order; nothing is written. Raise SiteRefusedError."""
    desired = _desired(site)
    changes: list[Change] = []
    rows: dict[Kind, Rows] = {}
    remembered = {(row.kind, row.code) for row in session.scalars(select(FormerCode))}
    units: dict[int, str] = {}
    table: Any  # what mypy makes of the three is their base, which has no code
    for kind, table in TABLES.items():
        found = {
            row.code: {column.key: getattr(row, column.key) for column in table.__table__.columns}
            for row in session.scalars(select(table))
        }
        changes += _renamed(kind, found, site.former_codes[kind])
        if kind == "unit":
            units = {row["id"]: code for code, row in found.items()}
        for row in found.values():
            if kind == "cell":
                row["unit"] = units[row["unit_id"]]
        changes += _differing(kind, found, desired[kind])
        changes += [
            Change("remember", kind, new, f"{kind} {new}: what arrives for {old} belongs to it", former=old)
            for old, new in site.former_codes[kind].items()
            if (kind, old) not in remembered
        ]
        rows[kind] = found
    changes += _new_series(session, site, rows)
    occupants = _occupied_cells(session)
    for kind, found in rows.items():
        for code, row in found.items():
            if code not in desired[kind] and row["retired_at"] is None:
                if kind == "cell" and row["id"] in occupants:
                    raise SiteRefusedError(
                        f"cell {code} cannot be retired while it holds experiment {occupants[row['id']]}:"
                        " end that first (on the cell's page), or keep the cell in the site file"
                    )
                changes.append(Change("retire", kind, code, f"{kind} {code}: retired (its history stays)"))
    return changes


def apply_site(session: Session, site: Site) -> list[Change]:
    """Add what is new, rename, change what differs, retire what is gone; return what was done. Nothing is deleted.

    Raise SiteRefusedError before anything is written.
    """
    changes = compare_site(session, site)
    for change in changes:
        table: Any = TABLES[change.kind]
        row = table.code == (change.former if change.action == "rename" else change.code)
        values = dict(change.values)
        if "unit" in values and change.kind == "cell":
            values["unit_id"] = session.scalar(select(Unit.id).where(Unit.code == values.pop("unit")))
        match change.action:
            case "add":
                session.execute(insert(table).values(code=change.code, **values))
            case "change" | "rename":
                session.execute(update(table).where(row).values(**values))
            case "retire":
                session.execute(update(table).where(row).values(retired_at=now()))
            case "remember":
                number = session.scalar(select(table.id).where(table.code == change.code))
                session.execute(insert(FormerCode).values(kind=change.kind, code=change.former, current_id=number))
            case "add series":
                _add_series(session, change)
    # Rows that were read before are read anew.
    session.expire_all()
    return changes


def _desired(site: Site) -> dict[Kind, Rows]:
    """Return the rows that the site file describes, by kind and code."""
    return {
        "unit": {
            unit.code: {
                "label_fr": unit.label.fr, "label_en": unit.label.en, "kind": unit.kind, "position": position,
                "retired_at": None,
            }
            for position, unit in enumerate(site.units)
        },
        "cell": {
            code: {"unit": unit.code, "position": position, "retired_at": None}
            for position, (code, unit) in enumerate(site.unit_of_cell.items())
        },
        "parameter": {
            parameter.code: {
                "label_fr": parameter.label.fr, "label_en": parameter.label.en, "unit": parameter.unit,
                "kind": parameter.kind, "setpoint_of": parameter.setpoint_of, "resolution": parameter.resolution,
                "minimum": parameter.minimum, "maximum": parameter.maximum, "position": position,
                "retired_at": None,
            }
            for position, parameter in enumerate(site.parameters)
        },
    }  # fmt: skip


def _renamed(kind: Kind, rows: Rows, former: dict[str, str]) -> list[Change]:
    """Give rows their new codes, also in `rows`."""
    changes = []
    for old, new in former.items():
        if old not in rows:
            continue
        if new in rows:
            raise SiteRefusedError(
                f"{kind} {new} cannot take over {old}: the database has both, each with a history of its own."
                f" Leave `formerly` out (then {old} is retired and keeps its history), or rename {old} to a code"
                " that is not in use"
            )
        rows[new] = rows.pop(old)
        text = f"{kind} {old}: renamed to {new}; its history stays with it"
        changes.append(Change("rename", kind, new, text, {"code": new}, former=old))
    return changes


def _differing(kind: Kind, rows: Rows, desired: Rows) -> list[Change]:
    changes = []
    added = 0
    for code, values in desired.items():
        row = rows.get(code)
        if row is None:
            added += 1
            changes.append(Change("add", kind, code, f"{kind} {code}: added", values))
            continue
        differing = {name: value for name, value in values.items() if row[name] != value}
        if not differing:
            continue
        changed = ", ".join(name for name in differing if name != "retired_at")
        parts = ["in use again"] if "retired_at" in differing else []
        parts += [f"{changed} changed"] if changed else []
        changes.append(Change("change", kind, code, f"{kind} {code}: {', '.join(parts)}", differing))
    highest = max((row["id"] for row in rows.values()), default=0)
    if highest + added > MOST:
        raise SiteRefusedError(
            f"the database has room for {MOST:,} {kind}s, retired ones included:"
            f" it has numbered {highest:,}, and the site file has {added:,} more"
        )
    return changes


def _occupied_cells(session: Session) -> dict[int, str]:
    """Return the codes of the experiments that are in a cell now, by the cell's number."""
    rows = session.execute(
        select(Assignment.cell_id, Experiment.code)
        .join(Experiment, Experiment.id == Assignment.experiment_id)
        .where(Assignment.ended_at.is_(None))
    )
    return {row[0]: row[1] for row in rows}


def _new_series(session: Session, site: Site, rows: dict[Kind, Rows]) -> list[Change]:
    cells = {row["id"]: code for code, row in rows["cell"].items()}
    parameters = {row["id"]: code for code, row in rows["parameter"].items()}
    there: defaultdict[str, set[str]] = defaultdict(set)
    for cell_id, parameter_id in session.execute(select(Series.cell_id, Series.parameter_id)):
        there[cells[cell_id]].add(parameters[parameter_id])
    changes = []
    for code in site.unit_of_cell:
        new = tuple(item.code for item in site.parameters_of(code) if item.code not in there[code])
        if new:
            text = f"cell {code}: {len(new)} series added: {', '.join(new)}"
            changes.append(Change("add series", "cell", code, text, series=new))
    return changes


def _add_series(session: Session, change: Change) -> None:
    cell = session.scalar(select(Cell.id).where(Cell.code == change.code))
    numbers = {row[0]: row[1] for row in session.execute(select(Parameter.code, Parameter.id))}
    pairs = [{"cell_id": cell, "parameter_id": numbers[code]} for code in change.series]
    session.execute(insert(Series), pairs)
