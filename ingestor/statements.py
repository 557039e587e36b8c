"""SQL text for many rows at once, built from typed numbers alone: nothing of a payload's text enters it.

One statement with thousands of rows is what MariaDB takes fastest (1.6 times executemany, 6 times
SQLAlchemy's insert). SQLite takes the same text but for the words of an upsert and of an instant.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from ingestor.decoding import Row
from schemas.times import CLOCK_SKEW

T = TypeVar("T")

# Well below max_allowed_packet and SQLite's longest statement.
_ROWS = 5_000
_KEYS = 500

# A latest value further ahead of the clock than this gives way to whatever comes (telemetry.judging.supersedes).
_SKEW = int(CLOCK_SKEW.total_seconds())

_EXISTING = "SELECT series_id, observed_at, value FROM reading WHERE (series_id, observed_at) IN "
_LATEST = "INSERT INTO latest_reading (series_id, observed_at, value, quality, received_at) VALUES "

# What a series had in an interval: n, smallest, sum, largest.
# (series number, start of the interval in seconds since 1970) -> (count, minimum, sum, maximum) of its values that are
# not NULL, in the parameter's unit.
Totals = dict[tuple[int, int], tuple[int, float, float, float]]


@dataclass(frozen=True, slots=True)
class SqlSyntax:
    """The SQL that differs between MySQL or MariaDB and SQLite."""

    quote: str
    upsert_rollup: str
    upsert_latest: str
    instant_tail: str
    lock: str
    keys: tuple[str, str]


MYSQL = SqlSyntax(
    quote="`",
    # Assignments count from the left: the mean needs n as it was.
    upsert_rollup=(
        " ON DUPLICATE KEY UPDATE `mean` = `mean` + (VALUES(`mean`) - `mean`) * VALUES(`n`) / (`n` + VALUES(`n`)),"
        " `n` = `n` + VALUES(`n`), `min` = LEAST(`min`, VALUES(`min`)), `max` = GREATEST(`max`, VALUES(`max`))"
    ),
    # `observed_at` last: the others compare with it as it was.
    upsert_latest=" ON DUPLICATE KEY UPDATE "
    + ", ".join(
        f"{column} = IF(VALUES(observed_at) > observed_at OR observed_at > TIMESTAMPADD(SECOND, {_SKEW},"
        f" VALUES(received_at)), VALUES({column}), {column})"
        for column in ("value", "quality", "received_at", "observed_at")
    ),
    instant_tail="",
    lock=" FOR UPDATE",
    keys=("(", ")"),
)
SQLITE = SqlSyntax(
    quote='"',
    upsert_rollup=(
        " ON CONFLICT DO UPDATE SET mean = mean + (excluded.mean - mean) * excluded.n / (n + excluded.n),"
        ' n = n + excluded.n, "min" = min("min", excluded."min"), "max" = max("max", excluded."max")'
    ),
    upsert_latest=(
        " ON CONFLICT DO UPDATE SET value = excluded.value, quality = excluded.quality,"
        " received_at = excluded.received_at, observed_at = excluded.observed_at"
        " WHERE excluded.observed_at > latest_reading.observed_at OR latest_reading.observed_at"
        f" > strftime('%Y-%m-%d %H:%M:%f', excluded.received_at, '+{_SKEW} seconds') || '000'"
    ),
    instant_tail="000",  # SQLAlchemy keeps six digits there; text compares as time only when all are alike
    lock="",
    keys=("(VALUES ", ")"),
)


def syntax_of(connection: Connection) -> SqlSyntax:
    """Return the syntax of the connection's database."""
    return SQLITE if connection.dialect.name == "sqlite" else MYSQL


def execute(connection: Connection, statement: str) -> None:
    """Execute a finished statement, whose values are part of its text."""
    # Without `no_parameters` PyMySQL would look through a megabyte for percent signs.
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def insert_readings(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert rows that are new; a key that exists raises IntegrityError."""
    tail = syntax_of(connection).instant_tail
    for part in _parts(rows, _ROWS):
        text = ",".join([f"({s},'{t}{tail}',{'NULL' if v is None else repr(v)},{q})" for s, t, v, q in part])
        execute(connection, f"INSERT INTO reading (series_id, observed_at, value, quality) VALUES {text}")  # noqa: S608 - numbers


def existing_values(connection: Connection, rows: Iterable[Row]) -> dict[tuple[int, str], float | None]:
    """Return the stored values by (series number, observed_at as text in UTC) for those keys of the rows that exist."""
    w = syntax_of(connection)
    found: dict[tuple[int, str], float | None] = {}
    for part in _parts(sorted({(row[0], row[1]) for row in rows}), _KEYS):
        keys = ",".join([f"({series},'{instant}{w.instant_tail}')" for series, instant in part])
        statement = f"{_EXISTING}{w.keys[0]}{keys}{w.keys[1]}"
        result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
        for series, observed, value in result:
            found[series, _text(observed)] = value
    return found


def upsert_latest(connection: Connection, rows: Iterable[tuple[Row, str]]) -> None:
    """Move `latest_reading` forward to these rows (with the time of their arrival).

    Back only from a time that lies further ahead of the arrival than clocks may differ.
    """
    w = syntax_of(connection)
    tail = w.instant_tail
    for part in _parts(sorted(rows), _ROWS):
        text = ",".join(
            [f"({s},'{t}{tail}',{'NULL' if v is None else repr(v)},{q},'{at}{tail}')" for (s, t, v, q), at in part]
        )
        execute(connection, f"{_LATEST}{text}{w.upsert_latest}")


def upsert_rollup(connection: Connection, table: str, totals: Totals, instants: dict[int, str]) -> None:
    """Add totals to a roll-up table; `instants` are the starts of the intervals as SQL text, by seconds since 1970."""
    w = syntax_of(connection)
    tail, quote = w.instant_tail, w.quote
    columns = ", ".join(f"{quote}{name}{quote}" for name in ("series_id", "started_at", "n", "min", "mean", "max"))
    for part in _parts(sorted(totals.items()), _ROWS):
        text = ",".join(
            [
                f"({series},'{instants[start]}{tail}',{n},{low!r},{total / n!r},{high!r})"
                for (series, start), (n, low, total, high) in part
            ]
        )
        execute(connection, f"INSERT INTO {table} ({columns}) VALUES {text}{w.upsert_rollup}")  # noqa: S608 - numbers


def _parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _text(observed: datetime | str) -> str:
    return observed[:23] if isinstance(observed, str) else observed.isoformat(" ", "milliseconds")
