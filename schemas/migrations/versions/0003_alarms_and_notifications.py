"""Alarms, notifications that must still be sent, Discord accounts and commands."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
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
    notifications()
    discord()


def alarms() -> None:
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_alarm_cell_id")),
        sa.Column("parameter_id", small_id(), sa.ForeignKey("parameter.id", name="fk_alarm_parameter_id")),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("since", instant(), nullable=False),
        sa.Column("returned_at", instant()),
        sa.Column("ended_at", instant()),
        sa.Column("open", sa.SmallInteger(), sa.Computed("CASE WHEN ended_at IS NULL THEN 1 END", persisted=False)),
        sa.Column("value", sa.Double()),
        sa.Column("threshold", sa.Double()),
        sa.Column("text_fr", sa.String(500), nullable=False),
        sa.Column("text_en", sa.String(500), nullable=False),
        sa.Column("guidance_fr", sa.String(1000)),
        sa.Column("guidance_en", sa.String(1000)),
        sa.Column("acknowledged_at", instant()),
        sa.Column("acknowledged_by", sa.Integer(), sa.ForeignKey("person.id", name="fk_alarm_acknowledged_by")),
        sa.Column("comment", sa.String(1000), nullable=False),
        sa.Column("shelved_until", instant()),
        sa.Column("shelved_by", sa.Integer(), sa.ForeignKey("person.id", name="fk_alarm_shelved_by")),
        sa.Column("changed_at", instant(), nullable=False),
        sa.UniqueConstraint("place", "code", "open", name="uq_alarm_place_code_open"),
        **OPTIONS,
    )
    op.create_index("ix_alarm_cell_id_since", "alarm", ["cell_id", "since"])
    op.create_index("ix_alarm_changed_at", "alarm", ["changed_at"])
    op.create_index("ix_alarm_since", "alarm", ["since"])


def notifications() -> None:
    op.create_table(
        "notification",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("alarm_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("ended_at", instant()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sent_revision", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("batch", sa.String(25)),
        sa.Column("channel_id", sa.String(32)),
        sa.Column("message_id", sa.String(32)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(500), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("changed_at", instant(), nullable=False),
        sa.Column("sent_at", instant()),
        sa.UniqueConstraint("channel", "alarm_id", name="uq_notification_channel_alarm_id"),
        **OPTIONS,
    )
    op.create_index("ix_notification_batch", "notification", ["batch"])
    op.create_index("ix_notification_channel_waiting", "notification", ["channel", "waiting"])
    op.create_index("ix_notification_place", "notification", ["place"])


def discord() -> None:
    op.create_table(
        "discord_link",
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_discord_link_person_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("discord_id", sa.String(32), nullable=False),
        sa.Column("linked_at", instant(), nullable=False),
        sa.UniqueConstraint("discord_id", name="uq_discord_link_discord_id"),
        **OPTIONS,
    )
    op.create_table(
        "discord_link_code",
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_discord_link_code_person_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.UniqueConstraint("code_hash", name="uq_discord_link_code_code_hash"),
        **OPTIONS,
    )
    op.create_table(
        "discord_commands",
        sa.Column("application_id", sa.String(32), primary_key=True),
        sa.Column("guild_id", sa.String(32), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("synced_at", instant(), nullable=False),
        **OPTIONS,
    )
