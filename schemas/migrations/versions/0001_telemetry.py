"""Units, cells, parameters, series, the history with its roll-ups, the publishers' ledger, rejected messages."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

READINGS = (
    " readings AS"
    " SELECT cell.code AS cell, parameter.code AS parameter, reading.observed_at AS observed_at,"
    " reading.value AS value, parameter.unit AS unit, reading.quality AS quality"
    " FROM reading JOIN series ON series.id = reading.series_id"
    " JOIN cell ON cell.id = series.cell_id JOIN parameter ON parameter.id = series.parameter_id"
)


def small_id() -> sa.types.TypeEngine[Any]:
    return sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def flag() -> sa.types.TypeEngine[Any]:
    return mysql.TINYINT().with_variant(sa.SmallInteger(), "sqlite")


def is_partitioned(table: str) -> bool:
    found = op.get_bind().execute(
        sa.text(
            "SELECT COUNT(partition_name) FROM information_schema.partitions"
            " WHERE table_schema = DATABASE() AND table_name = :table"
        ),
        {"table": table},
    )
    return bool(found.scalar())


def upgrade() -> None:
    op.create_table(
        "unit",
        sa.Column("id", small_id(), primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("label_fr", sa.String(200), nullable=False),
        sa.Column("label_en", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("retired_at", instant()),
        sa.UniqueConstraint("code", name="uq_unit_code"),
        **OPTIONS,
    )
    op.create_table(
        "cell",
        sa.Column("id", small_id(), primary_key=True),
        sa.Column("unit_id", small_id(), sa.ForeignKey("unit.id", name="fk_cell_unit_id"), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("retired_at", instant()),
        sa.UniqueConstraint("code", name="uq_cell_code"),
        **OPTIONS,
    )
    op.create_table(
        "parameter",
        sa.Column("id", small_id(), primary_key=True),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("label_fr", sa.String(200), nullable=False),
        sa.Column("label_en", sa.String(200), nullable=False),
        sa.Column("unit", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("setpoint_of", sa.String(64)),
        sa.Column("resolution", sa.Double(), nullable=False),
        sa.Column("minimum", sa.Double()),
        sa.Column("maximum", sa.Double()),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("retired_at", instant()),
        sa.UniqueConstraint("code", name="uq_parameter_code"),
        **OPTIONS,
    )
    op.create_table(
        "series",
        sa.Column("id", small_id(), primary_key=True),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_series_cell_id"), nullable=False),
        sa.Column(
            "parameter_id",
            small_id(),
            sa.ForeignKey("parameter.id", name="fk_series_parameter_id"),
            nullable=False,
        ),
        sa.UniqueConstraint("cell_id", "parameter_id", name="uq_series_cell_id_parameter_id"),
        **OPTIONS,
    )
    op.create_table(
        "reading",
        sa.Column("series_id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("observed_at", instant(), primary_key=True),
        sa.Column("value", sa.Double()),
        sa.Column("quality", flag(), nullable=False),
        **OPTIONS,
    )
    if op.get_bind().dialect.name != "sqlite" and not is_partitioned("reading"):
        op.execute(
            "ALTER TABLE reading PARTITION BY RANGE COLUMNS (observed_at) ("
            "PARTITION p_past VALUES LESS THAN ('2024-01-01'), "
            "PARTITION p202401 VALUES LESS THAN ('2024-02-01'), "
            "PARTITION p_future VALUES LESS THAN (MAXVALUE))"
        )
    op.create_table(
        "latest_reading",
        sa.Column("series_id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("observed_at", instant(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("quality", flag(), nullable=False),
        sa.Column("received_at", instant(), nullable=False),
        **OPTIONS,
    )
    for name in ("reading_5min", "reading_1h"):
        op.create_table(
            name,
            sa.Column("series_id", sa.SmallInteger(), primary_key=True, autoincrement=False),
            sa.Column("started_at", instant(), primary_key=True),
            sa.Column("n", sa.Integer(), nullable=False),
            sa.Column("min", sa.Double(), nullable=False),
            sa.Column("mean", sa.Double(), nullable=False),
            sa.Column("max", sa.Double(), nullable=False),
            **OPTIONS,
        )
    op.create_table(
        "publisher",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("unit_id", small_id(), sa.ForeignKey("unit.id", name="fk_publisher_unit_id"), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.Column("first_seen_at", instant(), nullable=False),
        sa.Column("last_seen_at", instant(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "publisher_range",
        sa.Column(
            "publisher_id",
            sa.String(64),
            sa.ForeignKey("publisher.id", name="fk_publisher_range_publisher_id"),
            primary_key=True,
        ),
        sa.Column("first", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "rejected_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("topic", sa.String(1024), nullable=False),
        sa.Column("payload", sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb"), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(1024), nullable=False),
        sa.Column("received_at", instant(), nullable=False),
        sa.Column("publisher_id", sa.String(64)),
        sa.Column("sequence", sa.BigInteger()),
        **OPTIONS,
    )
    op.create_index("ix_rejected_message_received_at", "rejected_message", ["received_at"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(("CREATE VIEW IF NOT EXISTS" if sqlite else "CREATE OR REPLACE VIEW") + READINGS)
