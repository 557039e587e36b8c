"""Bring a database to the version that this code needs, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, SmallInteger
from sqlalchemy.types import TypeEngine

from schemas.tables import Base
from storage import partitions, resuming, revisions
from storage.revisions import WrongVersion

LOCK = "octopus_db_upgrade"
LOCK_SECONDS = 300


def upgrade(engine: Engine, now: datetime) -> list[str]:
    """Apply what is missing and prepare the coming months; return the versions applied, oldest first.

    A run that was killed is resumed by the next. Raise WrongVersion for a database that is newer than this code,
    TimeoutError when another process has held the lock for LOCK_SECONDS.
    """
    with engine.connect() as connection, _lock(connection):
        before, known = revisions.current(connection), revisions.known()
        if connection.dialect.name != "sqlite":
            connection.commit()  # each migration in its own transaction: Alembic sees none that is open
        if before is not None and before not in known:
            raise WrongVersion(before, revisions.newest())
        resuming.register()
        config = _config()
        config.attributes |= {"connection": connection, "comparison": comparison_options()}
        command.upgrade(config, "head")
        partitions.extend(connection, now)
        return known[known.index(before) + 1 :] if before in known else known


def differences(engine: Engine) -> list[str]:
    """Say where the tables in the database and those of the code differ; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison_options())
        return [str(change) for change in compare_metadata(context, Base.metadata)]


def comparison_options() -> dict[str, Any]:
    """Return what Alembic compares; views are not its business."""
    return {"compare_type": _differ, "include_object": lambda _o, name, *_rest: name != "readings"}


def _differ(
    context: MigrationContext,
    _found: Column[Any],
    _desired: Column[Any],
    found_type: TypeEngine[Any],
    desired_type: TypeEngine[Any],
) -> bool:
    """Compare how large integers are: of all types it is the one that a migration changes.

    The others would differ in name alone (JSON is LONGTEXT to MariaDB). SQLite has one integer for all sizes.
    """
    desired = desired_type.dialect_impl(context.dialect)
    if context.dialect.name == "sqlite" or not isinstance(desired, Integer):
        return False
    return any(isinstance(found_type, size) != isinstance(desired, size) for size in (SmallInteger, BigInteger))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "schemas:migrations")
    return config


@contextmanager
def _lock(connection: Connection) -> Iterator[None]:
    """Hold the database's own lock: MySQL's statements that define tables cannot be rolled back."""
    if connection.dialect.name == "sqlite":
        # One transaction for everything: another process waits for it, and what is killed never was.
        connection.execution_options(writes=True)
        with connection.begin():
            yield
        return
    if connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (LOCK, LOCK_SECONDS)).scalar() != 1:
        raise TimeoutError(f"another process has been upgrading the database for {LOCK_SECONDS} seconds")
    # Asking for the lock opened a transaction; left open, it would take the version row away again.
    connection.commit()
    try:
        yield
        connection.commit()
    finally:
        if not connection.invalidated:  # a connection that broke took its lock with it
            connection.rollback()
            connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (LOCK,))
            connection.commit()
