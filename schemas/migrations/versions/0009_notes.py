"""Notes: tags of annotations, and spans of a cell's values that a person has rejected."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
INDEX = "ix_quality_mark_cell_id_started_at"


def small_id() -> sa.types.TypeEngine[Any]:
    return sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def big_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def upgrade() -> None:
    # MySQL cannot roll such statements back: what an interrupted run has made is left as it is.
    made = set(sa.inspect(op.get_bind()).get_table_names())
    if "annotation_tag" not in made:
        tags()
    if "quality_mark" not in made:
        marks()
    if INDEX not in {one["name"] for one in sa.inspect(op.get_bind()).get_indexes("quality_mark")}:
        op.create_index(INDEX, "quality_mark", ["cell_id", "started_at"])


def tags() -> None:
    op.create_table(
        "annotation_tag",
        sa.Column(
            "annotation_id",
            big_id(),
            sa.ForeignKey("annotation.id", name="fk_annotation_tag_annotation_id"),
            primary_key=True,
        ),
        sa.Column("tag", sa.String(32), primary_key=True),
        **OPTIONS,
    )


def marks() -> None:
    op.create_table(
        "quality_mark",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_quality_mark_cell_id"), nullable=False),
        sa.Column(
            "parameter_id",
            small_id(),
            sa.ForeignKey("parameter.id", name="fk_quality_mark_parameter_id"),
            nullable=False,
        ),
        sa.Column("started_at", instant(), nullable=False),
        sa.Column("ended_at", instant(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_quality_mark_person_id")),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("withdrawn_at", instant()),
        **OPTIONS,
    )
