"""One line of a file: its fields, where its columns belong, the values it holds. Nothing here reads files."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from publisher.sources.csv.settings import Column, File
from publisher.sources.instants import parse
from publisher.sources.mapping import scaled
from publisher.sources.numbers import Missing, number, simple_number

# Shown of a broken line: enough to find it, little enough for a log.
RAW = 500


class BrokenLine(Exception):  # noqa: N818 - it says what is wrong with the line, not with us
    """A line of which nothing can be used; its text is the reason."""


class StrangeCell(BrokenLine):
    """A line of a cell that the unit does not have; it may be another unit's."""

    def __init__(self, name: str, cell: str) -> None:
        super().__init__(f"{name!r} is no cell of this unit")
        self.cell = cell


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a header puts the mapped columns; `lacking` are those that it does not have.

    With `parameter_column`, a line holds one value: `tag` is the column that names it and `values` are by its texts.
    """

    names: tuple[str, ...]
    times: tuple[int, ...]
    cell: int | None
    values: tuple[tuple[int, str, Column], ...]
    lacking: tuple[str, ...]
    tag: int | None = None

    @property
    def needed(self) -> int:
        """The columns without which a line says nothing."""
        return max(*self.times, -1 if self.cell is None else self.cell, -1 if self.tag is None else self.tag) + 1


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
    if any(name not in place for name in file.needed_columns):
        return None
    layout = Layout(
        names=names,
        times=tuple(place[name] for name in file.time_columns),
        cell=None if file.cell_column is None else place[file.cell_column],
        values=tuple((place[name], name, column) for name, column in file.mapped.items() if name in place),
        lacking=tuple(name for name, column in file.mapped.items() if name not in place and not column.optional),
    )
    if file.parameter_column is None or file.value_column is None:
        return layout
    value = place[file.value_column]
    tagged = tuple((value, name, column) for name, column in file.mapped.items())
    return replace(layout, values=tagged, lacking=(), tag=place[file.parameter_column])


def widened(layout: Layout, width: int, file: File) -> Layout:
    """Return the layout of a file without header whose rows have become wider."""
    return lay_out(numbered(width), file) or layout


def numbered(width: int) -> tuple[str, ...]:
    """Return the names of columns without header."""
    return tuple(str(n + 1) for n in range(width))


def read(
    fields: list[str], layout: Layout, file: File, missing: Missing, cells: frozenset[str], *, whole: bool = True
) -> Row | None:
    """Return what the line says, None where that concerns nobody; raise BrokenLine where nothing can be trusted.

    The last columns may be absent, as Excel leaves them out where they are empty, if the line is `whole`.
    """
    _fit(fields, layout, whole=whole)
    wanted = layout.values
    if layout.tag is not None:
        wanted = tuple(value for value in layout.values if value[1] == fields[layout.tag])
        if not wanted:
            return None
    try:
        local = parse([_sound(fields[index]) for index in layout.times], file.time_formats, file.decimal)
    except ValueError as error:
        raise BrokenLine(str(error)) from None
    named, common = "", file.cell
    if layout.cell is not None:
        named = fields[layout.cell]
        common = file.cells.get(named, named)
        if common not in cells:
            raise StrangeCell(named, common)
    row = Row(local, {}, [], named)
    for index, name, column in wanted:
        try:
            value = measured(fields[index], column, file, missing) if index < len(fields) else None
        except ValueError as error:
            row.faults.append(f"column {name}: {error}")
            continue
        row.cells.setdefault(column.cell or common or "", {})[column.parameter] = value
    return row


def _fit(fields: list[str], layout: Layout, *, whole: bool) -> None:
    width = len(layout.names)
    # Some programs end every line with a delimiter.
    while len(fields) > width and not fields[-1]:
        fields.pop()
    if len(fields) > width or (len(fields) < width and not whole) or len(fields) < layout.needed:
        raise BrokenLine(f"{len(fields)} columns where the header has {width}")


def newest_first(rows: list[list[str]], layout: Layout, file: File) -> bool:
    """Return whether a file begins with its newest line, from its first rows."""
    moments = []
    for fields in rows:
        try:
            moments.append(parse([fields[index] for index in layout.times], file.time_formats, file.decimal))
        except (ValueError, IndexError):
            continue
    steps = [
        later - earlier
        for earlier, later in pairwise(moments)
        if later != earlier and (later.tzinfo is None) == (earlier.tzinfo is None)
    ]
    down = sum(step.total_seconds() < 0 for step in steps)
    return down >= 2 and down > 3 * (len(steps) - down)


def _sound(text: str) -> str:
    """Return a field that is what the file says; raise ValueError for bytes that are no text."""
    if "\ufffd" in text or "\0" in text:
        raise ValueError(
            f"{text!r} holds NUL bytes"
            if "\0" in text
            else f"{text!r} has bytes that are no text; is `encoding` right?"
        )
    return text


def measured(text: str, column: Column, file: File, missing: Missing) -> float | None:
    """Return what is stored for a field, None for no value; raise ValueError."""
    if column.words and text in column.words:
        return scaled(column.words[text], column.factor, column.offset)
    raw = simple_number(text, file.decimal)
    if raw is None:
        if missing.has(text):
            return None
        raw = number(_sound(text), file.decimal, file.thousands, column.unit)
    return None if missing.has(raw) else scaled(raw, column.factor, column.offset)
