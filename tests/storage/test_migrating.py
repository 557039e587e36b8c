"""The database reaches the newest version once, whoever asks, and refuses to be older or newer."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from schemas import migrations, times
from schemas.site import Site
from service.settings import DatabaseSettings
from storage import migrating, partitions, revisions
from storage.database import connect, write_sessions
from storage.sites import apply_site
from tests.services.mariadb import MariaDB


def test_tables_and_migrations_agree(engine: Engine) -> None:
    assert migrating.differences(engine) == []
    revisions.check_version(engine)


def test_the_known_versions_are_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__path__[0])))
    assert revisions.known() == [script.revision for script in scripts.walk_revisions()][::-1]


def test_a_second_upgrade_and_a_second_site_change_nothing(engine: Engine, site: Site) -> None:
    assert migrating.upgrade(engine, times.now()) == []
    with write_sessions(engine)() as session, session.begin():
        assert apply_site(session, site) == []


def test_an_empty_database_says_what_to_do(database_url: str) -> None:
    engine = connect(DatabaseSettings.model_validate({"url": database_url}))
    with pytest.raises(revisions.WrongVersion, match=r"empty.*octopus db upgrade"):
        revisions.check_version(engine)
    engine.dispose()


def test_a_newer_database_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(revisions.WrongVersion, match="newer than this Octopus"):
        revisions.check_version(engine)
    with pytest.raises(revisions.WrongVersion, match="newer than this Octopus"):
        migrating.upgrade(engine, times.now())


def test_migrators_at_the_same_time_do_not_collide(mariadb_server: MariaDB) -> None:
    url = mariadb_server.make_database()
    code = (
        "import sys; from schemas import times; from storage import migrating; from storage.database import connect;"
        "from service.settings import DatabaseSettings;"
        "migrating.upgrade(connect(DatabaseSettings(url=sys.stdin.read())), times.now())"
    )

    def migrate(_: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code], input=url, text=True, capture_output=True, check=False)

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(migrate, range(3)))
    assert [process.returncode for process in done] == [0, 0, 0], [process.stderr for process in done]


def test_partitions_grow_with_time_and_keep_their_rows(mariadb_server: MariaDB) -> None:
    engine = connect(DatabaseSettings.model_validate({"url": mariadb_server.make_database()}))
    migrating.upgrade(engine, times.now())
    with engine.begin() as connection:
        before = partitions.months(connection)
        connection.exec_driver_sql("INSERT INTO reading VALUES (1, '2031-05-01 00:00:00', 1.5, 0)")
        made = partitions.extend(connection, times.now() + timedelta(days=365 * 6))
        assert partitions.months(connection) == before + made
        assert "p203105" in made
        assert connection.exec_driver_sql("SELECT value FROM reading PARTITION (p203105)").scalar() == 1.5
    engine.dispose()


@pytest.mark.parametrize("months_left", [24, 3])
def test_a_future_partition_that_was_dropped_is_made_anew(mariadb_server: MariaDB, months_left: int) -> None:
    engine = connect(DatabaseSettings.model_validate({"url": mariadb_server.make_database()}))
    now = times.now()
    migrating.upgrade(engine, now)
    with engine.begin() as connection:
        months = partitions.months(connection)
        dropped = ["p_future", *months[len(months) - 24 + months_left :]]
        connection.exec_driver_sql(f"ALTER TABLE reading DROP PARTITION {', '.join(dropped)}")
    assert migrating.upgrade(engine, now) == []
    with engine.begin() as connection:
        assert partitions.months(connection) == months
        connection.exec_driver_sql("INSERT INTO reading VALUES (1, '2099-05-01 00:00:00', 1.5, 0)")
        assert connection.exec_driver_sql("SELECT value FROM reading PARTITION (p_future)").scalar() == 1.5
    assert migrating.upgrade(engine, now) == []
    engine.dispose()


def test_indexing_the_rejections_goes_on_where_it_was_interrupted(engine: Engine) -> None:
    """MySQL keeps what an interrupted migration has made, and cannot make it twice."""
    for made in ("", "DROP INDEX ix_rejected_message_digest", "DROP INDEX ix_rejected_message_publisher_id_sequence"):
        with engine.begin() as connection:
            if made:
                connection.execute(text(made if engine.dialect.name == "sqlite" else f"{made} ON rejected_message"))
            connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
        assert "0004" in migrating.upgrade(engine, times.now())
        assert migrating.differences(engine) == []
