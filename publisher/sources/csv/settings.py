"""Settings of the csv source: which files, how they are written, and where each column belongs."""

import codecs
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, FiniteFloat, field_validator, model_validator

from publisher.sources import instants
from schemas.messages import Code
from service.settings import Block

MISSING = ("-", "--", "NA", "N/A", "#N/A", "null", "None")


class Column(Block):
    """A column's parameter; `cell` where the file holds several cells side by side."""

    parameter: Code
    cell: Code | None = None
    factor: FiniteFloat = 1
    offset: FiniteFloat = 0
    words: dict[str, FiniteFloat] = Field(default_factory=dict, description="numbers for texts, as open = 1")
    unit: str = Field(default="", description="written behind the number, as °C in 18.2 °C")
    optional: bool = Field(default=False, description="the column may be absent")


class File(Block):
    """A file that grows, or a pattern for files that follow one another."""

    path: str = Field(min_length=1, description="* and ? stand for dates or numbers in the name")
    order: Literal["name", "modified"] = "name"
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', max_length=1)
    decimal: Literal[".", ","] = "."
    thousands: str = Field(default="", max_length=1)
    header: bool = Field(default=True, description="false: columns are called 1, 2, 3 …")
    skip_lines: int = Field(default=0, ge=0, description="lines before the header, or before the first row")
    skip_after_header: int = Field(default=0, ge=0, description="lines with units and the like")
    comment: str = ""
    missing: tuple[str, ...] = MISSING
    time_columns: tuple[str, ...] = Field(min_length=1, max_length=7)
    time_formats: tuple[str, ...] = Field(default=("iso",), min_length=1)
    timezone: str | None = Field(default=None, description="of times without an offset; the site's without it")
    cell: Code | None = Field(default=None, description="the cell of every column that names none")
    cell_column: str | None = Field(default=None, description="the column that names each line's cell")
    cells: dict[str, Code] = Field(default_factory=dict, description="cells by what cell_column calls them")
    parameter_column: str | None = Field(default=None, description="of one row a tag: the column that names the tag")
    value_column: str | None = Field(default=None, description="and the column with its value; `columns` are by tag")
    columns: dict[str, Column | Code] = Field(min_length=1)
    final_line_after: float = Field(
        default=60, ge=0, description="seconds of silence that make an unfinished last line whole; 0: never"
    )

    @field_validator("encoding")
    @classmethod
    def _bytes_end_lines(cls, name: str) -> str:
        try:
            newline = "\n".encode(codecs.lookup(name).name)
        except (LookupError, UnicodeError):
            raise ValueError(f"no encoding is called {name!r}") from None
        if newline not in {b"\n", codecs.BOM_UTF8 + b"\n"}:
            raise ValueError(f"{name} cannot be followed line by line; let the program write utf-8")
        return "utf-8" if codecs.lookup(name).name == "utf-8-sig" else name

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return None if name is None else instants.check_zone(name)

    @field_validator("time_formats")
    @classmethod
    def _readable_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(instants.check_format, formats))

    @model_validator(mode="after")
    def _unambiguous(self) -> Self:
        marks = [mark for mark in (self.delimiter, self.quote, self.decimal, self.thousands) if mark]
        if len(set(marks)) < len(marks):
            raise ValueError("delimiter, quote, decimal and thousands must differ from one another")
        if (self.parameter_column is None) != (self.value_column is None):
            raise ValueError("parameter_column and value_column go together: the tag and its value")
        if self.cell_column is not None and self.cell is not None:
            raise ValueError("give cell or cell_column, not both")
        if self.cell_column is not None and any(column.cell for column in self.mapped.values()):
            raise ValueError("a column cannot name a cell where cell_column does")
        if self.cell_column is None:
            if self.cells:
                raise ValueError("cells needs cell_column")
            if lost := [name for name, column in self.mapped.items() if (column.cell or self.cell) is None]:
                raise ValueError(f"no cell for column {', '.join(lost)}: give the file a cell or each column one")
        return self

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns without which nothing of the file can be understood."""
        named = (self.cell_column, self.parameter_column, self.value_column)
        return (*self.time_columns, *(name for name in named if name is not None))

    @cached_property
    def mapped(self) -> dict[str, Column]:
        """Every mapped column; the short form `Tair = "air_temperature"` written out."""
        return {
            name: column if isinstance(column, Column) else Column(parameter=column)
            for name, column in self.columns.items()
        }


class Settings(Block):
    """Files that another program writes; several for one cell are joined on their times."""

    kind: Literal["csv"]
    files: tuple[File, ...] = Field(min_length=1)
    interval: float = Field(default=1, gt=0, le=3600, description="seconds between two looks at the files")
    join_wait: float = Field(
        default=5, ge=0, description="seconds that a line waits for the other file's line of the same time"
    )

    @property
    def named(self) -> dict[str, File]:
        """The files by path; the second for a path that was given before is called `path#2`."""
        found: dict[str, File] = {}
        for file in self.files:
            earlier = sum(file.path == other.path for other in found.values())
            found[f"{file.path}#{earlier + 1}" if earlier else file.path] = file
        return found
