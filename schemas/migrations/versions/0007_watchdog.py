"""The watchdog: an alarm's whole state, its transitions, conditions under watch, rules, the leader, the canary."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def small_id() -> sa.types.TypeEngine[Any]:
    return sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def big_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def upgrade() -> None:
    alarms()
    conditions()
    rules()
    leading()


def alarms() -> None:
    for column in (
        sa.Column("kind", sa.String(32), nullable=False, server_default=""),
        sa.Column("level", sa.SmallInteger(), nullable=False, server_default="1"),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("count", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("suppressed_by", sa.String(129)),
    ):
        op.add_column("alarm", column)
    op.create_table(
        "alarm_event",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("alarm_id", sa.Integer(), sa.ForeignKey("alarm.id", name="fk_alarm_event_alarm_id"), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("change", sa.String(20), nullable=False),
        sa.Column("from_state", sa.String(20), nullable=False),
        sa.Column("to_state", sa.String(20), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_alarm_event_person_id")),
        sa.Column("comment", sa.String(1000), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_alarm_event_alarm_id_at", "alarm_event", ["alarm_id", "at"])
    op.create_index("ix_alarm_event_at", "alarm_event", ["at"])


def conditions() -> None:
    op.create_table(
        "alarm_condition",
        sa.Column("place", sa.String(64), primary_key=True),
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("beyond", sa.JSON(), nullable=False),
        sa.Column("seen_at", instant()),
        sa.Column("suppressed_by", sa.String(129)),
        sa.Column("recovering_since", instant()),
        sa.Column("out_of_service", sa.Boolean(), nullable=False),
        sa.Column(
            "out_of_service_by",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_alarm_condition_out_of_service_by"),
        ),
        sa.Column("comment", sa.String(1000), nullable=False),
        sa.Column("changed_at", instant(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_alarm_condition_out_of_service", "alarm_condition", ["out_of_service"])


def rules() -> None:
    op.create_table(
        "alarm_rule",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("scope", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("parameter_id", small_id(), sa.ForeignKey("parameter.id", name="fk_alarm_rule_parameter_id")),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_alarm_rule_cell_id")),
        sa.Column("experiment_id", sa.Integer(), sa.ForeignKey("experiment.id", name="fk_alarm_rule_experiment_id")),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("delay", sa.Double(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("guidance_fr", sa.String(1000), nullable=False),
        sa.Column("guidance_en", sa.String(1000), nullable=False),
        sa.Column("link", sa.String(500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", instant(), nullable=False),
        sa.Column("changed_by", sa.Integer(), sa.ForeignKey("person.id", name="fk_alarm_rule_changed_by")),
        sa.UniqueConstraint("scope", name="uq_alarm_rule_scope"),
        **OPTIONS,
    )


def leading() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "canary",
        sa.Column("sender", sa.String(64), primary_key=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", instant(), nullable=False),
        sa.Column("stored_at", instant(), nullable=False),
        **OPTIONS,
    )
