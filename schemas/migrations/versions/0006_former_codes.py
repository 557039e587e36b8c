"""Codes from before a renaming of units, cells and parameters; which experiments a line of the audit concerns."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
LINES = 1000


def big_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "former_code",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("current_id", sa.Integer(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "audit_experiment",
        sa.Column("experiment_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column(
            "event_id",
            big_id(),
            sa.ForeignKey("audit_event.id", name="fk_audit_experiment_event_id"),
            primary_key=True,
            autoincrement=False,
        ),
        **OPTIONS,
    )
    op.create_index("ix_audit_experiment_event_id", "audit_experiment", ["event_id"])
    op.create_index("ix_audit_event_actor", "audit_event", ["actor"])
    link_audit()


def link_audit() -> None:
    """Say of each line of the audit which experiments it concerns, beginning after the last that has a link."""
    connection = op.get_bind()
    event = sa.table(
        "audit_event",
        sa.column("id", sa.BigInteger()),
        sa.column("subject", sa.String()),
        sa.column("subject_id", sa.String()),
        sa.column("before", sa.Text()),
        sa.column("after", sa.Text()),
    )
    link = sa.table(
        "audit_experiment", sa.column("experiment_id", sa.Integer()), sa.column("event_id", sa.BigInteger())
    )
    done = connection.scalar(sa.select(sa.func.max(link.c.event_id))) or 0
    while True:
        rows = connection.execute(
            sa.select(event).where(event.c.id > done, event.c.subject.in_(["experiment", "cell"]))
            .order_by(event.c.id).limit(LINES)
        ).all()  # fmt: skip
        if not rows:
            return
        found = [{"experiment_id": number, "event_id": row.id} for row in rows for number in sorted(concerned(row))]
        if found:
            connection.execute(sa.insert(link), found)
        done = rows[-1].id


def concerned(row: Any) -> set[int]:
    """Return the numbers of the experiments that a line names."""
    if row.subject == "experiment":
        return {int(row.subject_id)} if row.subject_id.isdecimal() else set()
    parts = [json.loads(text) if isinstance(text, str | bytes) else text for text in (row.before, row.after)]
    numbers = {part.get("experiment") for part in parts if isinstance(part, dict)}
    return {number for number in numbers if isinstance(number, int)}
