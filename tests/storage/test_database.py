"""The engine: passwords as they are at each connection, and what a session may do."""

import threading
from pathlib import Path
from secrets import token_hex

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ingestor.retrying import Kind, classify
from service.settings import DatabaseSettings, SettingsError
from storage.database import ReadTransaction, connect, read_sessions
from tests.services.mariadb import MariaDB


def test_a_password_that_was_changed_in_its_file_needs_no_restart(mariadb_server: MariaDB, tmp_path: Path) -> None:
    name, database = f"rotated_{token_hex(3)}", mariadb_server.make_database().rpartition("/")[2]
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY 'first'")
        cursor.execute(f"GRANT ALL ON {database}.* TO {name}@'127.0.0.1'")
        file = tmp_path / "password"
        file.write_text("first\n")
        url = f"mysql://{name}@127.0.0.1:{mariadb_server.port}/{database}"
        engine = connect(DatabaseSettings.model_validate({"url": url, "password_file": file}))

        def ask() -> object:
            with engine.connect() as asking:
                return asking.scalar(text("SELECT CURRENT_USER()"))

        assert ask() == f"{name}@127.0.0.1"
        cursor.execute(f"ALTER USER {name}@'127.0.0.1' IDENTIFIED BY 'second'")
        engine.pool.dispose()  # what an outage does
        with pytest.raises(DBAPIError, match="Access denied"):
            ask()
        file.write_text("second\n")
        assert ask() == f"{name}@127.0.0.1"

        engine.pool.dispose()
        file.rename(tmp_path / "moved")
        with pytest.raises(DBAPIError, match=r"setting database\.password_file: .*password: No such file") as caught:
            ask()
        assert classify(caught.value)[0] is Kind.NEEDS_A_PERSON  # said, and tried again
        (tmp_path / "moved").rename(file)
        assert ask() == f"{name}@127.0.0.1"
        engine.dispose()


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_password_file_of_no_use_is_a_bad_setting(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_bytes(content)
    settings = DatabaseSettings.model_validate({"url": "mysql://octopus@127.0.0.1/octopus", "password_file": file})
    with pytest.raises(SettingsError, match=r"setting database\.password_file: .*password"):
        connect(settings)


def test_a_thread_that_was_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    engine = connect(DatabaseSettings.model_validate({"url": f"sqlite:///{tmp_path}/x.sqlite"}))
    transaction = ReadTransaction(read_sessions(engine))
    inside, leave = threading.Event(), threading.Event()

    def hang() -> None:
        with transaction.reading() as session:
            session.scalar(text("SELECT 1"))
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=hang)
    thread.start()
    assert inside.wait(30)
    with transaction.reading() as session:
        assert session.scalar(text("SELECT 2")) == 2
    transaction.close()
    leave.set()
    thread.join(30)
    assert not transaction.is_open
    engine.dispose()
