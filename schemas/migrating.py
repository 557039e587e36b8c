"""Bring a database to the version that this code needs, one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from schemas import partitions
from schemas.tables import Base

LOCK = "octopus_db_upgrade"
LOCK_SECONDS = 300


class WrongVersion(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """The database is older or newer than the code; `fix` is what to do."""

    def __init__(self, found: str | None, wanted: str) -> None:
        self.found, self.wanted = found, wanted
        newer = found is not None and found not in {script.revision for script in _scripts().walk_revisions()}
        self.fix = "install the Octopus version that made it, or a newer one" if newer else "run `octopus db upgrade`"
        state = "empty" if found is None else f"at version {found}"
        super().__init__(
            f"the database is {'newer than this Octopus' if newer else 'not up to date'}:"
            f" it is {state}, this Octopus needs {wanted}: {self.fix}"
        )


def upgrade(engine: Engine, now: datetime) -> list[str]:
    """Apply what is missing and prepare the coming months; return the versions applied, oldest first."""
    with engine.connect() as connection, _lock(connection):
        before = _current(connection)
        known = [script.revision for script in _scripts().walk_revisions()][::-1]
        if before is not None and before not in known:
            raise WrongVersion(before, newest())
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        partitions.extend(connection, now)
        connection.commit()
        return known[known.index(before) + 1 :] if before in known else known


def check_version(engine: Engine) -> None:
    """Raise WrongVersion unless the database is exactly at the version of this code."""
    with engine.connect() as connection:
        found = _current(connection)
    if found != newest():
        raise WrongVersion(found, newest())


def differences(engine: Engine) -> list[str]:
    """Say where the tables in the database and those of the code differ; empty when they agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=comparison_options())
        return [str(change) for change in compare_metadata(context, Base.metadata)]


def newest() -> str:
    """Return the version that this code needs."""
    head = _scripts().get_current_head()
    if head is None:
        raise LookupError("no migrations are installed")
    return head


def comparison_options() -> dict[str, Any]:
    """Return what Alembic compares; views are not its business."""
    return {"compare_type": False, "include_object": lambda _o, name, *_rest: name != "readings"}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "schemas:migrations")
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _current(connection: Connection) -> str | None:
    revision = MigrationContext.configure(connection).get_current_revision()
    connection.commit()
    return revision


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
