"""SELECT statements for any session; MySQL, MariaDB and SQLite."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, CompoundSelect, Integer, Select, case, func, literal, select, union_all
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from schemas.tables import (
    Cell,
    LatestReading,
    Parameter,
    Publisher,
    Reading,
    Reading1h,
    Reading5min,
    Series,
    Unit,
)

_SELECTS = 200

Rollup = type[Reading5min] | type[Reading1h]


class bucket_number(GenericFunction[int]):  # noqa: N801 - a function of SQL, written as SQL writes them
    """`bucket_number(instant, seconds)`: how many such buckets lie between 1970 and the instant."""

    type = Integer()
    inherit_cache = True


@compiles(bucket_number)
def _bucket_number(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    instant, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(TIMESTAMPDIFF(SECOND, '1970-01-01', {instant}) DIV {seconds})"


@compiles(bucket_number, "sqlite")
def _bucket_number_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    instant, seconds = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST(strftime('%s', {instant}) AS INTEGER) / {seconds})"


def series_of_cell(cell: str) -> Select[str, int]:
    """Return (parameter, series number) of a cell, also of a retired one: its history stays."""
    return (
        select(Parameter.code, Series.id)
        .join(Series, Series.parameter_id == Parameter.id)
        .join(Cell, Cell.id == Series.cell_id)
        .where(Cell.code == cell)
    )


def latest_values(cells: Collection[str] | None = None) -> Select[str, str, datetime, float | None, int]:
    """Return (cell, parameter, observed_at, value, quality) of the newest stored readings."""
    statement = (
        select(Cell.code, Parameter.code, LatestReading.observed_at, LatestReading.value, LatestReading.quality)
        .join(Series, Series.id == LatestReading.series_id)
        .join(Cell, Cell.id == Series.cell_id)
        .join(Parameter, Parameter.id == Series.parameter_id)
    )
    return statement if cells is None else statement.where(Cell.code.in_(cells))


def last_stored_by_unit(until: datetime) -> Select[str, datetime | None, datetime, datetime]:
    """Return (unit, the newest time of its readings up to `until` and of all, when it last had one stored).

    A reading ahead of our clock must not hide that nothing has come since.
    """
    observed_at = LatestReading.observed_at
    return (
        select(
            Unit.code,
            func.max(case((observed_at <= until, observed_at))),
            func.max(observed_at),
            func.max(LatestReading.received_at),
        )
        .join(Series, Series.id == LatestReading.series_id)
        .join(Cell, Cell.id == Series.cell_id)
        .join(Unit, Unit.id == Cell.unit_id)
        .group_by(Unit.code)
    )


def accounts() -> Select[str, str, int, int, int, int, datetime]:
    """Return (unit, publisher, last_sequence, stored, rejected, repeated, last_seen_at), the present ones first."""
    return (
        select(
            Unit.code,
            Publisher.id,
            Publisher.last_sequence,
            Publisher.stored,
            Publisher.rejected,
            Publisher.repeated,
            Publisher.last_seen_at,
        )
        .join(Unit, Unit.id == Publisher.unit_id)
        .order_by(Unit.position, Publisher.last_seen_at.desc())
    )


def batches(series: Collection[int]) -> Iterator[list[int]]:
    """Split series for `extent`, `first_and_last` and `instants`: SQLite joins no more than 500 selects."""
    numbers = list(series)
    for start in range(0, len(numbers), _SELECTS):
        yield numbers[start : start + _SELECTS]


def extent(series: Collection[int], start: datetime, end: datetime) -> CompoundSelect[int, datetime, datetime]:
    """Return (series, first, last five minutes in which it has values, both NULL without any) of each series."""
    return _edges(Reading5min.series_id, Reading5min.started_at, series, start, end)


def first_and_last(series: Collection[int], start: datetime, end: datetime) -> CompoundSelect[int, datetime, datetime]:
    """Return (series, when its first and last readings were observed, NULL values included) of each series."""
    return _edges(Reading.series_id, Reading.observed_at, series, start, end)


def _edges(
    number: InstrumentedAttribute[int],
    instant: InstrumentedAttribute[datetime],
    series: Collection[int],
    start: datetime,
    end: datetime,
) -> CompoundSelect[int, datetime, datetime]:
    """Look at both ends of each series' index: grouping would read all that lies between."""
    found = []
    for series_id in series:
        within = (number == series_id, instant >= start, instant < end)
        first, last = (select(edge(instant)).where(*within).scalar_subquery() for edge in (func.min, func.max))
        found.append(select(literal(series_id, Integer()), first, last))
    return union_all(*found)


def instants(
    series: Collection[int], start: datetime, end: datetime, limit: int
) -> CompoundSelect[int, bool, datetime]:
    """Return (series, whether from the end, observed_at) of the first and the last `limit` readings of each series."""
    found = []
    for series_id in series:
        for last in (False, True):
            order = Reading.observed_at.desc() if last else Reading.observed_at
            within = (Reading.series_id == series_id, Reading.observed_at >= start, Reading.observed_at < end)
            part = select(Reading.observed_at).where(*within).order_by(order).limit(limit).subquery()
            found.append(select(literal(series_id, Integer()), literal(last, Boolean()), part.c.observed_at))
    return union_all(*found)


def raw_points(
    series: Collection[int], start: datetime, end: datetime, limit: int
) -> Select[int, datetime, float | None]:
    """Return (series, observed_at, value) series by series in order of time, at most `limit` rows in all."""
    return (
        select(Reading.series_id, Reading.observed_at, Reading.value)
        .where(*_within(series, start, end))
        .order_by(Reading.series_id, Reading.observed_at)
        .limit(limit)
    )


def raw_buckets(
    series: Collection[int], start: datetime, end: datetime, width: int
) -> Select[int, int, int, float | None, float | None, float | None]:
    """Return (series, bucket number, n, min, sum, max) of the values in [start, end) that are not NULL.

    `width` is in seconds; a bucket's number times `width` is its start in seconds since 1970.
    """
    number = bucket_number(Reading.observed_at, width).label("number")
    value = Reading.value
    return (
        select(Reading.series_id, number, func.count(), func.min(value), func.sum(value), func.max(value))
        .where(*_within(series, start, end), value.is_not(None))
        .group_by(Reading.series_id, number)
    )


def rollup_buckets(
    table: Rollup, series: Collection[int], start: datetime, end: datetime, width: int
) -> Select[int, int, int, float | None, float | None, float | None]:
    """Return (series, bucket number, n, min, sum, max) from a roll-up table, for [start, end).

    `width` is in seconds, a multiple of the table's interval (300 or 3600). A bucket's number times `width` is its
    start in seconds since 1970; values are in the parameter's unit, and only buckets that hold values are returned.
    """
    number = bucket_number(table.started_at, width).label("number")
    total = func.sum(table.mean * table.n)
    return (
        select(table.series_id, number, func.sum(table.n), func.min(table.min), total, func.max(table.max))
        .where(table.series_id.in_(series), table.started_at >= start, table.started_at < end)
        .group_by(table.series_id, number)
    )


def rows_for_export(
    series: Collection[int], start: datetime, end: datetime, limit: int
) -> Select[datetime, int, float | None, int]:
    """Return (observed_at, series, value, quality) in order of time, at most `limit` rows."""
    return (
        select(Reading.observed_at, Reading.series_id, Reading.value, Reading.quality)
        .where(Reading.series_id.in_(series), Reading.observed_at >= start, Reading.observed_at < end)
        .order_by(Reading.observed_at, Reading.series_id)
        .limit(limit)
    )


def _within(series: Collection[int], start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return Reading.series_id.in_(series), Reading.observed_at >= start, Reading.observed_at < end
