"""Monthly partitions of the history on MySQL and MariaDB; SQLite has none and needs none.

Named by month (`p202611`). `p_past` holds what is older than the first month, `p_future` what is
later than the last; it is empty in ordinary life, so splitting it costs nothing.
"""

from datetime import UTC, datetime

from sqlalchemy import Connection

MONTHS_AHEAD = 24


def next_month(month: datetime) -> datetime:
    """Return the first instant of the month after."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def months(connection: Connection) -> list[str]:
    """Return the names of the monthly partitions, oldest first."""
    rows = connection.exec_driver_sql(
        "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE()"
        " AND table_name = 'reading' AND partition_name LIKE 'p2%%' ORDER BY partition_ordinal_position"
    )
    return [row[0] for row in rows]


def extend(connection: Connection, now: datetime, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Split months off `p_future` until `ahead` months from now have their own; return their names.

    Where `p_future` is missing it is made anew: without it readings after the last month could not be stored.
    """
    if connection.dialect.name == "sqlite":
        return []
    last = datetime.strptime(months(connection)[-1], "p%Y%m").replace(tzinfo=UTC)
    made, clauses, month = [], [], next_month(last)
    until = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(ahead):
        until = next_month(until)
    while month <= until:
        made.append(_name(month))
        clauses.append(_clause(_name(month), next_month(month)))
        month = next_month(month)
    clauses.append("PARTITION p_future VALUES LESS THAN (MAXVALUE)")
    if not _has_future(connection):
        connection.exec_driver_sql(f"ALTER TABLE reading ADD PARTITION ({', '.join(clauses)})")
    elif made:
        connection.exec_driver_sql(f"ALTER TABLE reading REORGANIZE PARTITION p_future INTO ({', '.join(clauses)})")
    return made


def _has_future(connection: Connection) -> bool:
    rows = connection.exec_driver_sql(
        "SELECT 1 FROM information_schema.partitions WHERE table_schema = DATABASE()"
        " AND table_name = 'reading' AND partition_name = 'p_future'"
    )
    return rows.first() is not None


def _name(month: datetime) -> str:
    return f"p{month:%Y%m}"


def _clause(name: str, before: datetime) -> str:
    return f"PARTITION {name} VALUES LESS THAN ('{before:%Y-%m-%d}')"
