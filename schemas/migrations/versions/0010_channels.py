"""Channels for notifications: their settings and states, people's own, and messages that wait to go out."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def upgrade() -> None:
    op.add_column("notification", sa.Column("told", sa.String(40), nullable=False, server_default=""))
    channels()
    people()
    messages()


def channels() -> None:
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(20), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", instant(), nullable=False),
        sa.Column("changed_by", sa.Integer(), sa.ForeignKey("person.id", name="fk_channel_changed_by")),
        sa.UniqueConstraint("key", name="uq_channel_key"),
        sa.UniqueConstraint("name", name="uq_channel_name"),
        **OPTIONS,
    )
    op.create_table(
        "channel_state",
        sa.Column("key", sa.String(20), primary_key=True),
        sa.Column("failing_since", instant()),
        sa.Column("fault", sa.String(20), nullable=False),
        sa.Column("sent_at", instant()),
        sa.Column("test_asked_at", instant()),
        sa.Column("test_done_at", instant()),
        sa.Column("test_fault", sa.String(20), nullable=False),
        **OPTIONS,
    )


def people() -> None:
    op.create_table(
        "person_notification",
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_person_notification_person_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger()),
        sa.Column("quiet_until", sa.SmallInteger()),
        sa.Column("changed_at", instant(), nullable=False),
        **OPTIONS,
    )


def messages() -> None:
    op.create_table(
        "outgoing_message",
        sa.Column("batch", sa.String(25), primary_key=True),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("title", sa.String(250), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", instant(), nullable=False),
        sa.Column("sent_at", instant()),
        **OPTIONS,
    )
    op.create_index("ix_outgoing_message_channel_sent_at", "outgoing_message", ["channel", "sent_at"])
    op.create_index("ix_outgoing_message_made_at", "outgoing_message", ["made_at"])
