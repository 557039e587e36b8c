"""One line of a file: its fields, where its columns belong, the values it holds. Nothing here reads files."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.sources.csv.settings import Column, File
from publisher.sources.instants import parse
from publisher.sources.mapping import scaled
from publisher.sources.numbers import Missing, number

# Shown of a broken line: enough to find it, little enough for a log.
RAW = 500


class BrokenLine(Exception):  # noqa: N818 - it says what is wrong with the line, not with us
    """A line of which nothing can be used; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a header puts the mapped columns; `lacking` are those that it does not have."""

    names: tuple[str, ...]
    times: tuple[int, ...]
    cell: int | None
    values: tuple[tuple[int, str, Column], ...]
    lacking: tuple[str, ...]


@dataclass(slots=True)
class Row:
    """A line understood: time as written, values by cell, and what was wrong with single fields."""

    local: datetime
    cells: dict[str, dict[str, float | None]]
    faults: list[str]
    named_cell: str = ""


def split(line: str, file: File) -> list[str]:
    """Return the fields, quotes removed; raise BrokenLine."""
    if not file.quote or file.quote not in line:
        return [field.strip() for field in line.split(file.delimiter)]
    try:
        fields = next(csv.reader([line], delimiter=file.delimiter, quotechar=file.quote, strict=True))
    except csv.Error as error:
        raise BrokenLine(f"quotes do not match ({error})") from None
    return [field.strip() for field in fields]


def names_of(fields: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' names; the second of the same name is called `name#2`."""
    names: list[str] = []
    for field in fields:
        earlier = sum(name.split("#")[0] == field or name == field for name in names)
        names.append(f"{field}#{earlier + 1}" if earlier else field)
    return tuple(names)


def lay_out(names: tuple[str, ...], file: File) -> Layout | None:
    """Find the mapped columns; None where this cannot be the header, for it has no time."""
    place = {name: index for index, name in reversed(list(enumerate(names)))}
    needed = file.time_columns if file.cell_column is None else (*file.time_columns, file.cell_column)
    if any(name not in place for name in needed):
        return None
    mapped = file.mapped
    return Layout(
        names=names,
        times=tuple(place[name] for name in file.time_columns),
        cell=None if file.cell_column is None else place[file.cell_column],
        values=tuple((place[name], name, column) for name, column in mapped.items() if name in place),
        lacking=tuple(name for name, column in mapped.items() if name not in place and not column.optional),
    )


def read(fields: list[str], layout: Layout, file: File, missing: Missing, cells: frozenset[str]) -> Row:
    """Return what the line says; raise BrokenLine where nothing of it can be trusted."""
    width = len(layout.names)
    if len(fields) != width:
        # Some programs end every line with a delimiter.
        while len(fields) > width and not fields[-1]:
            fields.pop()
        if len(fields) != width:
            raise BrokenLine(f"{len(fields)} columns where the header has {width}")
    try:
        local = parse([fields[index] for index in layout.times], file.time_formats, file.decimal)
    except ValueError as error:
        raise BrokenLine(str(error)) from None
    named, common = "", file.cell
    if layout.cell is not None:
        named = fields[layout.cell]
        common = file.cells.get(named, named)
        if common not in cells:
            raise BrokenLine(f"{named!r} is no cell of this unit")
    row = Row(local, {}, [], named)
    for index, name, column in layout.values:
        text = fields[index]
        try:
            value = measured(text, column, file, missing)
        except ValueError as error:
            row.faults.append(f"column {name}: {error}")
            continue
        row.cells.setdefault(column.cell or common or "", {})[column.parameter] = value
    return row


def measured(text: str, column: Column, file: File, missing: Missing) -> float | None:
    """Return what is stored for a field, None for no value; raise ValueError."""
    if text in column.words:
        return scaled(column.words[text], column.factor, column.offset)
    if missing.has(text):
        return None
    raw = number(text, file.decimal, file.thousands, column.unit)
    return None if missing.has(raw) else scaled(raw, column.factor, column.offset)
