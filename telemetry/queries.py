"""Statements as values: whoever has a session executes them. MySQL, MariaDB and SQLite."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, case, func, select
from sqlalchemy.ext.compiler import compiles
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
    RejectedMessage,
    Series,
    Unit,
)

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


def newest_rejected(limit: int) -> Select[datetime, str, str, int]:
    """Return (received_at, topic, reason, size) of what could not be stored, the newest first."""
    return (
        select(RejectedMessage.received_at, RejectedMessage.topic, RejectedMessage.reason, RejectedMessage.size)
        .order_by(RejectedMessage.received_at.desc(), RejectedMessage.id.desc())
        .limit(limit)
    )


def extent(series: int, start: datetime, end: datetime) -> Select[datetime | None, datetime | None]:
    """Return the first and the last five minutes in which a series has values."""
    column = Reading5min.started_at
    return select(func.min(column), func.max(column)).where(
        Reading5min.series_id == series, column >= start, column < end
    )


def instants(series: int, start: datetime, end: datetime, limit: int, *, last: bool) -> Select[datetime]:
    """Return the first (or last) few instants of a series, for telling how often it sends."""
    order = Reading.observed_at.desc() if last else Reading.observed_at
    return select(Reading.observed_at).where(*_within(series, start, end)).order_by(order).limit(limit)


def raw_points(series: int, start: datetime, end: datetime, limit: int) -> Select[datetime, float | None]:
    """Return (observed_at, value) in order, at most `limit` rows."""
    return (
        select(Reading.observed_at, Reading.value)
        .where(*_within(series, start, end))
        .order_by(Reading.observed_at)
        .limit(limit)
    )


def raw_buckets(
    series: int, start: datetime, end: datetime, width: int
) -> Select[int, int, float | None, float | None, float | None]:
    """Return (bucket number, n, min, sum, max) of the values that are not NULL."""
    number = bucket_number(Reading.observed_at, width).label("number")
    value = Reading.value
    return (
        select(number, func.count(), func.min(value), func.sum(value), func.max(value))
        .where(*_within(series, start, end), value.is_not(None))
        .group_by(number)
    )


def rollup_buckets(
    table: Rollup, series: int, start: datetime, end: datetime, width: int
) -> Select[int, int, float | None, float | None, float | None]:
    """Return (bucket number, n, min, sum, max) from rows of five minutes or an hour."""
    number = bucket_number(table.started_at, width).label("number")
    return (
        select(number, func.sum(table.n), func.min(table.min), func.sum(table.mean * table.n), func.max(table.max))
        .where(table.series_id == series, table.started_at >= start, table.started_at < end)
        .group_by(number)
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


def first_and_last(series: int, start: datetime, end: datetime) -> Select[datetime | None, datetime | None]:
    """Return when a series' first and last readings within the range were observed, NULL values included."""
    return select(func.min(Reading.observed_at), func.max(Reading.observed_at)).where(*_within(series, start, end))


def _within(series: int, start: datetime, end: datetime) -> tuple[ColumnElement[bool], ...]:
    return Reading.series_id == series, Reading.observed_at >= start, Reading.observed_at < end
