"""An upgrade that is killed at any statement is taken up by the next one, and ends at the tables of the code."""

import ast
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, update

from schemas import migrations, times
from schemas.site import Site
from schemas.tables import AuditEvent, AuditExperiment, Reading, Role, Series
from service.settings import DatabaseSettings
from storage import migrating, revisions
from storage.database import connect
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB

VERSIONS = Path(migrations.__path__[0]) / "versions"
DEFINES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE")
UPGRADE = (
    "import sys; from schemas import times; from storage import migrating; from storage.database import connect;"
    "from service.settings import DatabaseSettings; sys.stdout.write('ready\\n'); sys.stdout.flush();"
    "migrating.upgrade(connect(DatabaseSettings(url=sys.argv[1])), times.now())"
)


class Killed(BaseException):
    """What kill -9 looks like from within: nothing is cleaned up, the connection is simply gone."""


def open_engine(url: str) -> Engine:
    return connect(DatabaseSettings.model_validate({"url": url}))


def upgrade_until_killed(url: str, statements: int) -> bool:
    """Upgrade and cut the connection after so many statements that change something; return whether it ended first."""
    engine = open_engine(url)
    seen = 0

    def count(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        nonlocal seen
        seen += statement.lstrip().upper().startswith(DEFINES)
        if seen == statements:
            connection.connection.dbapi_connection.close()
            raise Killed

    event.listen(engine, "after_cursor_execute", count)
    try:
        migrating.upgrade(engine, times.now())
    except BaseException:
        if seen < statements:
            raise  # what the cut makes of itself on the way out is of no interest, anything else is
        return False
    finally:
        engine.dispose()
    return True


def check(url: str) -> None:
    engine = open_engine(url)
    assert migrating.differences(engine) == []
    revisions.check_version(engine)
    with engine.connect() as connection:
        roles = sorted(connection.scalars(select(Role.code)))
    engine.dispose()
    assert roles == ["admin", "member", "technician"]


def test_an_upgrade_that_is_cut_after_any_statement_goes_on(database_url: str) -> None:
    for step in range(200):
        # Each run gets a little further: MariaDB keeps what was done, SQLite begins anew.
        if upgrade_until_killed(database_url, 1 + (step * 3 if database_url.startswith("sqlite") else step % 4)):
            break
    else:
        pytest.fail("the upgrade never ends")
    assert step > 15
    check(database_url)


def test_an_upgrade_that_is_killed_at_random_moments_goes_on(mariadb_server: MariaDB) -> None:
    url = mariadb_server.make_database()
    chance = random.Random(7)
    for _ in range(6):
        with subprocess.Popen([sys.executable, "-c", UPGRADE, url], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(chance.uniform(0.05, 0.8))
            child.kill()
    subprocess.run([sys.executable, "-c", UPGRADE, url], check=True, capture_output=True)
    check(url)


def test_migrations_import_nothing_of_the_living_code() -> None:
    for path in (*VERSIONS.glob("*.py"), VERSIONS.parent / "env.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in {"alembic", "sqlalchemy", *sys.stdlib_module_names}, f"{path}: {name}"


def test_old_tables_take_more_series_than_a_smallint_counts(mariadb_server: MariaDB, site: Site) -> None:
    url = mariadb_server.make_database()
    engine = prepare_database(url, site)
    narrow = ("latest_reading", "reading", "reading_1h", "reading_5min")
    at = times.from_text("2026-11-20T10:00:00.000Z")
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0004'")
        connection.exec_driver_sql("ALTER TABLE series MODIFY id SMALLINT NOT NULL AUTO_INCREMENT")
        for table in narrow:
            connection.exec_driver_sql(f"ALTER TABLE {table} MODIFY series_id SMALLINT NOT NULL")
        connection.execute(insert(Reading), {"series_id": 1, "observed_at": at, "value": 18.5, "quality": 0})
    assert len(migrating.differences(engine)) == len(narrow) + 1  # told, though Alembic's own comparison sees none
    migrating.upgrade(engine, times.now())
    assert migrating.differences(engine) == []
    with engine.begin() as connection:
        connection.execute(update(Series).where(Series.id == 5).values(id=40_000))
        connection.execute(insert(Reading), {"series_id": 40_000, "observed_at": at, "value": 19.5, "quality": 0})
        values = sorted(connection.execute(select(Reading.series_id, Reading.value)))
    engine.dispose()
    assert values == [(1, 18.5), (40_000, 19.5)]


def test_lines_of_the_audit_learn_which_experiments_they_concern(engine: Engine) -> None:
    def line(subject: str, subject_id: str, before: Any, after: Any) -> dict[str, Any]:
        who = {"actor": "marie", "via": "web", "address": "", "act": "act"}
        return who | {
            "at": times.now(), "subject": subject, "subject_id": subject_id, "before": before, "after": after,
        }  # fmt: skip

    with engine.begin() as connection:
        connection.execute(
            insert(AuditEvent),
            [
                line("experiment", "7", None, {"title": "x"}),
                line("cell", "E1C1", {"experiment": 7}, {"experiment": 9}),
                line("cell", "E1C1", None, {"experiment": None}),
                line("person", "7", None, None),
            ],
        )
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0005'")
    migrating.upgrade(engine, times.now())
    with engine.connect() as connection:
        links = connection.execute(select(AuditExperiment.event_id, AuditExperiment.experiment_id)).all()
    assert sorted(map(tuple, links)) == [(1, 7), (2, 7), (2, 9)]
