"""Databases at the newest version with a site in them: migrated once, then copied (SQLite) or emptied (MariaDB)."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pymysql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from schemas import times
from schemas.site import Site
from service.settings import DatabaseSettings
from storage import migrating
from storage.database import connect, write_sessions
from storage.sites import apply_site
from tests.services.mariadb import MariaDB

Cursor = pymysql.cursors.Cursor


def prepare_database(url: str, site: Site) -> Engine:
    """Do to an empty database what `octopus db upgrade` does."""
    engine = open_database(url)
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        if not path.exists():
            path.write_bytes(_sqlite_template(site.model_dump_json()))
            return engine
    _migrate(engine, site)
    return engine


def open_database(url: str) -> Engine:
    return connect(DatabaseSettings.model_validate({"url": url}))


def _migrate(engine: Engine, site: Site) -> None:
    migrating.upgrade(engine, times.now())
    with write_sessions(engine)() as session, session.begin():
        apply_site(session, site)


@cache
def _sqlite_template(site: str) -> bytes:
    """Return the file of a database with this site in it."""
    with tempfile.TemporaryDirectory(prefix="octopus-template-") as directory:
        path = Path(directory) / "octopus.sqlite"
        engine = open_database(f"sqlite:///{path}")
        _migrate(engine, Site.model_validate_json(site))
        engine.dispose()  # the last connection that closes moves the write-ahead log into the file
        return path.read_bytes()


class Databases:
    """Prepared databases of one MariaDB that are used again: what a test wrote is removed, not the tables.

    A test gets what a fresh migration gives: the same rows, the same next numbers, the same definitions. A database
    whose definitions a test has changed is dropped.
    """

    def __init__(self, server: MariaDB) -> None:
        self._server = server
        self._templates: dict[str, str] = {}
        self._free: dict[str, list[str]] = {}

    @contextmanager
    def lent(self, site: Site) -> Iterator[Engine]:
        """Open a prepared database; afterwards another test may have it."""
        url = self.take(site)
        engine = open_database(url)
        yield engine
        engine.dispose()
        self.give_back(url, site)

    def take(self, site: Site) -> str:
        """Return the URL of a prepared database that nobody else uses."""
        content = site.model_dump_json()
        if content not in self._templates:
            self._templates[content] = self._make(site)
        free = self._free.setdefault(self._templates[content], [])
        return self._server.url(free.pop() if free else self._make(site))

    def give_back(self, url: str, site: Site) -> None:
        """Empty a database that was taken, so that another test can have it."""
        name, template = str(make_url(url).database), self._templates[site.model_dump_json()]
        with self._server.connect(name) as connection, connection.cursor() as cursor:
            _end_other_connections(cursor, name)
            if _definitions(cursor, name) == _definitions(cursor, template):
                _restore(cursor, name, template)
                self._free[template].append(name)
            else:
                cursor.execute(f"DROP DATABASE {name}")

    def _make(self, site: Site) -> str:
        url = self._server.make_database()
        prepare_database(url, site).dispose()
        return str(make_url(url).database)


def _end_other_connections(cursor: Cursor, name: str) -> None:
    """End what a killed process left open: its locks would make the emptying wait."""
    cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()", (name,))
    for (number,) in cursor.fetchall():
        try:
            cursor.execute(f"KILL {number}")
        except pymysql.err.OperationalError as error:
            if error.args[0] != pymysql.constants.ER.NO_SUCH_THREAD:  # it has just ended by itself
                raise


def _tables(cursor: Cursor, name: str) -> dict[str, int | None]:
    """Return each table's next automatic number, None where it has none."""
    cursor.execute(
        "SELECT table_name, auto_increment FROM information_schema.tables"
        " WHERE table_schema = %s AND table_type = 'BASE TABLE'",
        (name,),
    )
    return dict(cursor.fetchall())


def _definitions(cursor: Cursor, name: str) -> list[str]:
    cursor.execute(f"SHOW FULL TABLES FROM {name}")
    found = []
    for table, kind in sorted(cursor.fetchall()):
        cursor.execute(f"SHOW CREATE {'VIEW' if kind == 'VIEW' else 'TABLE'} {name}.{table}")
        found.append(re.sub(r" AUTO_INCREMENT=\d+", "", cursor.fetchall()[0][1]).replace(f"`{name}`.", ""))
    cursor.execute(f"SHOW TRIGGERS FROM {name}")
    return found + [" ".join(map(str, row[:5])) for row in cursor.fetchall()]


def _restore(cursor: Cursor, name: str, template: str) -> None:
    """Bring the rows and the next numbers back to the template's."""
    cursor.execute("SET foreign_key_checks = 0")
    numbers = _tables(cursor, template)
    for table, number in _tables(cursor, name).items():
        cursor.execute(f"CHECKSUM TABLE {template}.{table}, {name}.{table}")
        wanted, found = (row[1] for row in cursor.fetchall())
        if number != numbers[table]:
            # Also where a transaction that was rolled back has used numbers up.
            cursor.execute(f"TRUNCATE {name}.{table}")
        elif wanted != found:
            cursor.execute(f"DELETE FROM {name}.{table}")
        else:
            continue
        cursor.execute(f"INSERT INTO {name}.{table} SELECT * FROM {template}.{table}")
