"""People of the directory are known by what never changes there; when it last confirmed them is kept."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")
    wanted: list[sa.Column[Any]] = [
        sa.Column("directory_dn", sa.String(1000)),
        sa.Column("directory_role", sa.String(20)),
        sa.Column("directory_checked_at", instant),
        sa.Column("directory_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false()),
    ]
    # MySQL commits each change of a table by itself: what an interrupted run has made is there already.
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("person")}
    for column in wanted:
        if column.name not in there:
            op.add_column("person", column)
