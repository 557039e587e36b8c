"""Rejections are found by what they are and by the number that they had."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE = "rejected_message"
INDEXES = {
    "ix_rejected_message_digest": ["digest"],
    "ix_rejected_message_publisher_id_sequence": ["publisher_id", "sequence"],
}


def upgrade() -> None:
    # MySQL cannot roll such statements back: what an interrupted run has made is left as it is.
    found = sa.inspect(op.get_bind())
    if not any(column["name"] == "digest" for column in found.get_columns(TABLE)):
        op.add_column(TABLE, sa.Column("digest", sa.String(32)))
    made = {index["name"] for index in found.get_indexes(TABLE)}
    for name, columns in INDEXES.items():
        if name not in made:
            op.create_index(name, TABLE, columns)
