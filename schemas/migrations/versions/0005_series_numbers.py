"""Room for more than 32,767 series: their numbers become INT wherever they are kept.

The server copies each table that changes: reading goes on meanwhile, writing waits (MariaDB from 11.2 on lets it go
on, too). What arrives stays in the publishers' outboxes. A copy that is interrupted leaves the table as it was.
"""

import logging

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

log = logging.getLogger("schemas.migrations")

# The smallest first: what is wrong shows before the hours that a long history may take.
COLUMNS = (
    ("latest_reading", "series_id"),
    ("reading_1h", "series_id"),
    ("reading_5min", "series_id"),
    ("reading", "series_id"),
    # Last: no number beyond the old limit is given out before every table can keep it.
    ("series", "id"),
)
LARGE = 100_000  # rows from which the copy takes a moment
_SIZE = sa.text(
    "SELECT table_rows, data_length + index_length FROM information_schema.tables"
    " WHERE table_schema = DATABASE() AND table_name = :table"
)


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        return  # its integers have room for all numbers
    for table, column in COLUMNS:
        kinds = {found["name"]: found["type"] for found in sa.inspect(connection).get_columns(table)}
        if not isinstance(kinds[column], sa.SmallInteger):
            continue
        rows, size = connection.execute(_SIZE, {"table": table}).one()
        if (rows or 0) > LARGE:
            log.info(
            "%s: about %d rows are copied, which needs about %d MB of the database's disk until it is done;"
            " readings that arrive meanwhile wait in the outboxes",
            table, rows or 0, (size or 0) // 1_000_000,
        )  # fmt: skip
        op.alter_column(
            table, column, type_=sa.Integer(), existing_type=sa.SmallInteger(), existing_nullable=False,
            autoincrement=table == "series",
        )  # fmt: skip
