"""Which version a database is at and which one this code needs: all that a service asks at its start.

Without Alembic, whose 10 MB and tenth of a second only `migrating` needs.
"""

from importlib import resources

from sqlalchemy import Connection, Engine, inspect


class WrongVersion(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """The database is older or newer than the code; `fix` is what to do."""

    def __init__(self, found: str | None, required: str) -> None:
        self.found, self.required = found, required
        newer = found is not None and found not in known()
        self.fix = "install the Octopus version that made it, or a newer one" if newer else "run `octopus db upgrade`"
        state = "empty" if found is None else f"at version {found}"
        super().__init__(
            f"the database is {'newer than this Octopus' if newer else 'not up to date'}:"
            f" it is {state}, this Octopus needs {required}: {self.fix}"
        )


def known() -> list[str]:
    """Return the versions, oldest first: a migration's file begins with the version that it makes."""
    files = resources.files("schemas.migrations") / "versions"
    return sorted(file.name.partition("_")[0] for file in files.iterdir() if file.name[0].isdecimal())


def newest() -> str:
    """Return the version that this code needs."""
    return known()[-1]


def current(connection: Connection) -> str | None:
    """Return the version of a database; None where no migration ever ran."""
    found = None
    if inspect(connection).has_table("alembic_version"):
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def check_version(engine: Engine) -> None:
    """Raise WrongVersion unless the database is exactly at the version of this code."""
    with engine.connect() as connection:
        found = current(connection)
    if found != newest():
        raise WrongVersion(found, newest())
