"""People with their sessions, tokens and links, the audit, experiments, assignments, interventions, annotations."""

import logging
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DBAPIError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

log = logging.getLogger("schemas.migrations")

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}

# ERROR 1419 and 1142: a server with a binary log lets only its administrator make triggers.
TRIGGERS_REFUSED = {1142, 1227, 1419}


def small_id() -> sa.types.TypeEngine[Any]:
    return sa.SmallInteger().with_variant(sa.Integer(), "sqlite")


def big_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=3), "mysql", "mariadb")


def long_text() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def upgrade() -> None:
    people()
    station()
    keep_audit()


def people() -> None:
    op.create_table(
        "role",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        **OPTIONS,
    )
    op.bulk_insert(
        sa.table("role", sa.column("code", sa.String()), sa.column("rank", sa.SmallInteger())),
        [{"code": "member", "rank": 1}, {"code": "technician", "rank": 2}, {"code": "admin", "rank": 3}],
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("login", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("password_hash", sa.String(255)),
        sa.Column("directory_id", sa.String(255)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("role", sa.String(20), sa.ForeignKey("role.code", name="fk_person_role"), nullable=False),
        sa.Column("locale", sa.String(8)),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("updated_at", instant(), nullable=False),
        sa.Column("last_login_at", instant()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("directory_id", name="uq_person_directory_id"),
        sa.UniqueConstraint("email", name="uq_person_email"),
        sa.UniqueConstraint("login", name="uq_person_login"),
        **OPTIONS,
    )
    op.create_table(
        "session",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_session_person_id"), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("seen_at", instant(), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("agent", sa.String(255), nullable=False),
        sa.UniqueConstraint("token_hash", name="uq_session_token_hash"),
        **OPTIONS,
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_table(
        "api_token",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_api_token_person_id"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scope", sa.String(20), nullable=False),
        sa.Column("hint", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("used_at", instant()),
        sa.Column("expires_at", instant()),
        sa.Column("revoked_at", instant()),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        **OPTIONS,
    )
    op.create_index("ix_api_token_person_id", "api_token", ["person_id"])
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_one_time_link_person_id"), nullable=False
        ),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.Column("used_at", instant()),
        sa.UniqueConstraint("token_hash", name="uq_one_time_link_token_hash"),
        **OPTIONS,
    )
    op.create_index("ix_one_time_link_person_id", "one_time_link", ["person_id"])
    op.create_table(
        "login_attempt",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("at", instant(), nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_login_attempt_account_at", "login_attempt", ["account", "at"])
    op.create_index("ix_login_attempt_address_at", "login_attempt", ["address", "at"])
    op.create_index("ix_login_attempt_at", "login_attempt", ["at"])
    op.create_table(
        "audit_event",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("at", instant(), nullable=False),
        sa.Column("actor_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_audit_event_actor_id")),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("via", sa.String(20), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("act", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("before", sa.JSON()),
        sa.Column("after", sa.JSON()),
        **OPTIONS,
    )
    op.create_index("ix_audit_event_act", "audit_event", ["act"])
    op.create_index("ix_audit_event_actor_id_at", "audit_event", ["actor_id", "at"])
    op.create_index("ix_audit_event_at", "audit_event", ["at"])
    op.create_index("ix_audit_event_subject_subject_id", "audit_event", ["subject", "subject_id"])


def station() -> None:
    op.create_table(
        "experiment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("team", sa.String(200), nullable=False),
        sa.Column("scientific_contact", sa.String(200), nullable=False),
        sa.Column("technical_contact", sa.String(200), nullable=False),
        sa.Column("description", long_text(), nullable=False),
        sa.Column("objective", long_text(), nullable=False),
        sa.Column("planned_start", sa.Date()),
        sa.Column("planned_end", sa.Date()),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("folded", long_text(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("created_by", sa.Integer(), sa.ForeignKey("person.id", name="fk_experiment_created_by")),
        sa.Column("updated_at", instant(), nullable=False),
        sa.UniqueConstraint("code", name="uq_experiment_code"),
        **OPTIONS,
    )
    op.create_index("ix_experiment_state", "experiment", ["state"])
    op.create_table(
        "experiment_parameter",
        sa.Column(
            "experiment_id",
            sa.Integer(),
            sa.ForeignKey("experiment.id", name="fk_experiment_parameter_experiment_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "parameter_id",
            small_id(),
            sa.ForeignKey("parameter.id", name="fk_experiment_parameter_parameter_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("deviation", sa.Double()),
        sa.Column("low", sa.Double()),
        sa.Column("high", sa.Double()),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "experiment_cell",
        sa.Column(
            "experiment_id",
            sa.Integer(),
            sa.ForeignKey("experiment.id", name="fk_experiment_cell_experiment_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "cell_id",
            small_id(),
            sa.ForeignKey("cell.id", name="fk_experiment_cell_cell_id"),
            primary_key=True,
            autoincrement=False,
        ),
        **OPTIONS,
    )
    op.create_table(
        "experiment_member",
        sa.Column(
            "experiment_id",
            sa.Integer(),
            sa.ForeignKey("experiment.id", name="fk_experiment_member_experiment_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column(
            "person_id",
            sa.Integer(),
            sa.ForeignKey("person.id", name="fk_experiment_member_person_id"),
            primary_key=True,
            autoincrement=False,
        ),
        **OPTIONS,
    )
    op.create_index("ix_experiment_member_person_id", "experiment_member", ["person_id"])
    op.create_table(
        "assignment",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_assignment_cell_id"), nullable=False),
        sa.Column(
            "experiment_id",
            sa.Integer(),
            sa.ForeignKey("experiment.id", name="fk_assignment_experiment_id"),
            nullable=False,
        ),
        sa.Column("started_at", instant(), nullable=False),
        sa.Column("ended_at", instant()),
        sa.Column(
            "open_cell", sa.SmallInteger(), sa.Computed("CASE WHEN ended_at IS NULL THEN cell_id END", persisted=False)
        ),
        sa.CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="ck_assignment_ends_after_start"),
        sa.UniqueConstraint("open_cell", name="uq_assignment_open_cell"),
        **OPTIONS,
    )
    op.create_index("ix_assignment_cell_id_started_at", "assignment", ["cell_id", "started_at"])
    op.create_index("ix_assignment_experiment_id", "assignment", ["experiment_id"])
    op.create_table(
        "intervention",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_intervention_cell_id"), nullable=False),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_intervention_person_id")),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("started_at", instant(), nullable=False),
        sa.Column("expected_end", instant()),
        sa.Column("ended_at", instant()),
        **OPTIONS,
    )
    op.create_index("ix_intervention_cell_id_started_at", "intervention", ["cell_id", "started_at"])
    op.create_table(
        "annotation",
        sa.Column("id", big_id(), primary_key=True),
        sa.Column("cell_id", small_id(), sa.ForeignKey("cell.id", name="fk_annotation_cell_id"), nullable=False),
        sa.Column("parameter_id", small_id(), sa.ForeignKey("parameter.id", name="fk_annotation_parameter_id")),
        sa.Column("experiment_id", sa.Integer(), sa.ForeignKey("experiment.id", name="fk_annotation_experiment_id")),
        sa.Column("person_id", sa.Integer(), sa.ForeignKey("person.id", name="fk_annotation_person_id")),
        sa.Column("started_at", instant(), nullable=False),
        sa.Column("ended_at", instant()),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("withdrawn_at", instant()),
        **OPTIONS,
    )
    op.create_index("ix_annotation_cell_id_started_at", "annotation", ["cell_id", "started_at"])
    op.create_index("ix_annotation_experiment_id", "annotation", ["experiment_id"])


def keep_audit() -> None:
    """Make the database itself refuse to change or delete a line of the audit."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    refusal = (
        "BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END"
        if sqlite
        else "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the audit is never changed'"
    )
    for act in ("UPDATE", "DELETE"):
        try:
            name = f"audit_event_no_{act.lower()}"
            if sqlite or not has_trigger(name):
                op.execute(
                    f"CREATE TRIGGER {'IF NOT EXISTS ' if sqlite else ''}{name}"
                    f" BEFORE {act} ON audit_event FOR EACH ROW {refusal}"
                )
        except DBAPIError as error:
            if error.orig is None or error.orig.args[0] not in TRIGGERS_REFUSED:
                raise
            log.warning(
                "this database account may not make triggers (%s): the audit is append-only by Octopus alone;"
                " the server's administrator can add the two triggers of migration 0002",
                error.orig.args[0],
            )


def has_trigger(name: str) -> bool:
    found = op.get_bind().execute(
        sa.text(
            "SELECT COUNT(*) FROM information_schema.triggers"
            " WHERE trigger_schema = DATABASE() AND trigger_name = :name"
        ),
        {"name": name},
    )
    return bool(found.scalar())
