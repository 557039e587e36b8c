"""Bring a database to the version that this code needs, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine

from schemas.tables import Base
from storage import partitions, revisions
from storage.revisions import WrongVersion

LOCK = "octopus_db_upgrade"
LOCK_SECONDS = 300


def upgrade(engine: Engine, now: datetime) -> list[str]:
    """Apply what is missing and prepare the coming months; return the versions applied, oldest first."""
    with engine.connect() as connection, _lock(connection):
        before, known = revisions.current(connection), revisions.known()
        if before is not None and before not in known:
            raise WrongVersion(before, revisions.newest())
        config = _config()
        config.attributes |= {"connection": connection, "comparison": comparison_options()}
        command.upgrade(config, "head")
        connection.commit()
        partitions.extend(connection, now)
        connection.commit()
        return known[known.index(before) + 1 :] if before in known else known


def differences(engine: Engine) -> list[str]:
    """Say where the tables in the database and those of the code differ; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison_options())
        return [str(change) for change in compare_metadata(context, Base.metadata)]


def comparison_options() -> dict[str, Any]:
    """Return what Alembic compares; views are not its business."""
    return {"compare_type": False, "include_object": lambda _o, name, *_rest: name != "readings"}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "schemas:migrations")
    return config


@contextmanager
def _lock(connection: Connection) -> Iterator[None]:
    """Hold the database's own lock: MySQL's statements that define tables cannot be rolled back."""
    if connection.dialect.name == "sqlite":
        yield
        return
    if connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (LOCK, LOCK_SECONDS)).scalar() != 1:
        raise TimeoutError(f"another process has been upgrading the database for {LOCK_SECONDS} seconds")
    # Asking for the lock opened a transaction; left open, it would take the version row away again.
    connection.commit()
    try:
        yield
    finally:
        connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (LOCK,))
        connection.commit()
