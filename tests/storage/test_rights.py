"""Each service's account gets what its service needs, and no more, whatever the version of the tables."""

import re
from pathlib import Path

import pymysql
import pytest
from sqlalchemy import text

from octopus.secret_files import database_script, make
from schemas.site import Site
from schemas.tables import Base
from storage import rights
from tests.services.databases import open_database, prepare_database
from tests.services.mariadb import MariaDB

REFUSED = {1142, 1143, 1044, 1227, 1370}


@pytest.fixture
def accounts(tmp_path: Path, mariadb_server: MariaDB, site: Site) -> tuple[str, dict[str, str]]:
    """Return a database with accounts as `octopus secrets` and `octopus db upgrade` make them, and their passwords."""
    make(tmp_path, site)
    name = mariadb_server.make_database().rpartition("/")[2]
    script = re.sub(r"\boctopus(?=\b|_)", name, database_script(tmp_path / "database", "127.0.0.1"))
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        for _ in range(2):  # a second time changes nothing
            for statement in re.sub(r"^--.*$", "", script, flags=re.MULTILINE).split(";\n"):
                if statement.strip():
                    cursor.execute(statement)
    passwords = {
        file.name: file.read_text().strip() for file in (tmp_path / "database").iterdir() if "." not in file.name
    }
    owner = f"mysql+pymysql://{name}:{passwords['octopus']}@127.0.0.1:{mariadb_server.port}/{name}"
    engine = prepare_database(owner, site)
    with engine.connect() as connection:
        assert rights.grant(connection) == [f"{name}_{service}" for service in rights.SERVICES]
        assert rights.grant(connection) == [f"{name}_{service}" for service in rights.SERVICES]
    engine.dispose()
    return name, passwords


def test_what_each_may(accounts: tuple[str, dict[str, str]], mariadb_server: MariaDB) -> None:
    name, passwords = accounts

    def may(service: str, statement: str) -> bool:
        with (
            pymysql.connect(
                host="127.0.0.1", port=mariadb_server.port, user=f"{name}_{service}", password=passwords[service],
                database=name,
            ) as connection,
            connection.cursor() as cursor,
        ):  # fmt: skip
            try:
                cursor.execute(statement)
            except pymysql.err.OperationalError as error:
                if error.args[0] not in REFUSED:
                    raise
                return False
        return True

    for service in rights.SERVICES:
        for statement in (
            "DELETE FROM reading", "UPDATE reading SET value = 0", "DELETE FROM unit", "SELECT * FROM mysql.user",
            "UPDATE audit_event SET act = 'x'", "DELETE FROM audit_event",
            "DROP TABLE unit", "ALTER TABLE unit COMMENT 'x'", "CREATE TABLE x (y INT)",
        ):  # fmt: skip
            assert not may(service, statement), f"{service} may {statement}"
        assert may(service, "SELECT version_num FROM alembic_version")
    for service in ("ingestor", "watchdog", "bot"):
        for table in ("session", "api_token", "one_time_link", "login_attempt"):
            assert not may(service, f"SELECT * FROM `{table}`"), f"{service} may read {table}"
        assert not may(service, "UPDATE experiment SET title = 'x'") or service == "bot"
    assert may("ingestor", "INSERT INTO reading VALUES (1, '2026-01-01', 1, 0)")
    assert not may("ingestor", "SELECT * FROM person")
    assert not may("web", "INSERT INTO reading VALUES (1, '2026-01-02', 1, 0)")
    assert may("web", "SELECT 1 FROM cell WHERE id = 1 FOR UPDATE")
    assert may("web", "DELETE FROM session")
    assert may("watchdog", "SELECT * FROM reading")
    assert not may("watchdog", "DELETE FROM person")


def test_lacking_rights_are_said(accounts: tuple[str, dict[str, str]], mariadb_server: MariaDB) -> None:
    name, passwords = accounts
    url = f"mysql+pymysql://{name}_web:{passwords['web']}@127.0.0.1:{mariadb_server.port}/{name}"
    engine = open_database(url)
    with engine.connect() as connection:
        assert rights.missing(connection, "web") == []
        with mariadb_server.connect() as root, root.cursor() as cursor:
            cursor.execute(f"REVOKE INSERT ON {name}.audit_event FROM {name}_web@'127.0.0.1'")
        assert rights.missing(connection, "web") == ["INSERT on audit_event"]
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_an_owner_without_services_accounts_grants_nothing(mariadb_server: MariaDB, site: Site) -> None:
    engine = prepare_database(mariadb_server.make_database(), site)
    with engine.connect() as connection:
        assert rights.grant(connection) == []
    engine.dispose()


def test_every_service_has_words_for_tables_that_exist() -> None:
    for service in rights.SERVICES:
        assert set(rights.of(service)) <= {*Base.metadata.tables, "alembic_version"}
        assert "INSERT" not in rights.of(service).get("person", frozenset()) or service == "web"
