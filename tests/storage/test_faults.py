"""Outage, conflict, bad data or bug: what real databases say is told apart, and a useless connection is dropped."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from threading import Event

import pymysql
import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from schemas import times
from schemas.site import Site
from schemas.tables import Experiment, Person, Publisher, Unit
from service.settings import DatabaseSettings
from storage.commits import on_commit
from storage.database import Sessions, connect, write_sessions
from storage.faults import DatabaseAway, Kind, away_as_one, classify
from storage.revisions import WrongVersion
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.process import wait_for


def kind_of(engine: Engine, work: Callable[[Connection], object]) -> Kind:
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        work(connection)
    return classify(raised.value)[0]


def publisher(**values: object) -> dict[str, object]:
    now, counts = times.now(), dict.fromkeys(("last_sequence", "stored", "rejected", "repeated"), 0)
    return {"id": "p", "unit_id": 1, "first_seen_at": now, "last_seen_at": now} | counts | values


def test_what_the_tables_refuse_is_told_apart(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Publisher).values(publisher()))
    assert kind_of(engine, lambda c: c.execute(insert(Publisher).values(publisher()))) is Kind.CONFLICT
    assert kind_of(engine, lambda c: c.execute(insert(Unit).values(code="x"))) is Kind.RULE
    assert kind_of(engine, lambda c: c.execute(insert(Publisher).values(publisher(id="q", unit_id=999)))) is Kind.RULE
    assert kind_of(engine, lambda c: c.execute(text("SELECT * FROM nowhere"))) is Kind.NOT_PREPARED
    assert kind_of(engine, lambda c: c.execute(text("SELECT absent FROM unit"))) is Kind.NOT_PREPARED
    assert kind_of(engine, lambda c: c.execute(text("SELEKT 1"))) is Kind.BUG
    if engine.dialect.name == "mysql":
        assert kind_of(engine, lambda c: c.execute(insert(Publisher).values(publisher(id="x" * 500)))) is Kind.BAD_DATA


def test_a_server_that_is_not_there_and_one_that_refuses_us(mariadb_server: MariaDB) -> None:
    away = connect(DatabaseSettings.model_validate({"url": "mysql+pymysql://a:b@127.0.0.1:1/x", "timeout": 1}))
    assert kind_of(away, lambda _: None) is Kind.PASSES
    wrong = mariadb_server.url("octopus").replace(mariadb_server.password, "wrong")
    refused = connect(DatabaseSettings.model_validate({"url": wrong}))
    assert kind_of(refused, lambda _: None) is Kind.NEEDS_A_PERSON
    missing = connect(DatabaseSettings.model_validate({"url": mariadb_server.url("is_not_there")}))
    assert kind_of(missing, lambda _: None) is Kind.NEEDS_A_PERSON


def test_a_file_that_another_process_holds_or_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "held.sqlite"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE x (y)")
    holder.execute("BEGIN EXCLUSIVE")
    engine = connect(DatabaseSettings.model_validate({"url": f"sqlite:///{path}", "timeout": 0.1}))
    assert kind_of(engine, lambda c: c.execute(text("INSERT INTO x VALUES (1)"))) is Kind.PASSES
    holder.close()
    (tmp_path / "none.sqlite").write_bytes(b"this is no database" * 100)
    none = connect(DatabaseSettings.model_validate({"url": f"sqlite:///{tmp_path}/none.sqlite"}))
    assert kind_of(none, lambda c: c.execute(text("SELECT 1 FROM sqlite_master"))) is Kind.NEEDS_A_PERSON


def test_no_error_says_what_was_to_be_stored() -> None:
    secret = "not for the log"
    cause = pymysql.err.OperationalError(1213, "Deadlock found")
    assert secret not in classify(OperationalError(f"INSERT {secret}", {"p": secret}, cause))[1]


def test_only_what_means_away_is_raised_as_such() -> None:
    for error in (
        WrongVersion(None, "0003"),
        TimeoutError(),
        OperationalError("", {}, pymysql.err.OperationalError(2006, "")),
    ):
        with pytest.raises(DatabaseAway), away_as_one():
            raise error
    for other in (IntegrityError("", {}, pymysql.err.IntegrityError(1062, "")), KeyError("x")):
        with pytest.raises(type(other)), away_as_one():
            raise other


@pytest.fixture
def plain_account(mariadb_server: MariaDB, site: Site) -> Iterator[Engine]:
    """One connection of an account that a read-only server refuses, as the services' own."""
    url = mariadb_server.make_database()
    prepare_database(url, site).dispose()
    name, password = f"plain_{token_hex(4)}", token_hex(8)
    with mariadb_server.connect() as root, root.cursor() as cursor:
        cursor.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{password}'")
        cursor.execute(f"GRANT ALL ON {url.rpartition('/')[2]}.* TO {name}@'127.0.0.1'")
    own = url.replace(f"octopus:{mariadb_server.password}", f"{name}:{password}")
    engine = connect(DatabaseSettings.model_validate({"url": own, "pool_size": 1}))
    yield engine
    engine.dispose()


def rename(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(Unit).values(label_fr=token_hex(4)))


def test_a_server_that_went_read_only_is_left_for_the_one_that_has_its_address_now(
    mariadb_server: MariaDB, plain_account: Engine
) -> None:
    rename(plain_account)
    with mariadb_server.connect() as root, root.cursor() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        try:
            with pytest.raises(DBAPIError) as raised:
                rename(plain_account)
        finally:
            cursor.execute("SET GLOBAL read_only = 0")
    assert classify(raised.value)[0] is Kind.PASSES
    assert raised.value.connection_invalidated
    rename(plain_account)
    # The old server still answers at the pooled connection, the new one at every other.
    with plain_account.connect() as connection:
        connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    with pytest.raises(DBAPIError):
        rename(plain_account)
    rename(plain_account)


def test_a_commit_is_heard_of_whoever_made_it(engine: Engine) -> None:
    sessions, heard = write_sessions(engine), Event()
    on_commit(sessions, {Experiment, Unit}, heard.set)
    # Sessions of their own listeners do not hear one another.
    other = write_sessions(engine)

    def changed(sessions: Sessions, work: Callable[[Session], object]) -> bool:
        heard.clear()
        with sessions() as session, session.begin():
            work(session)
        return heard.is_set()

    assert changed(sessions, lambda s: setattr(s.scalars(select(Unit)).first(), "label_fr", "X"))
    assert changed(sessions, lambda s: s.execute(update(Unit).values(label_en="Y")))
    assert changed(sessions, lambda s: s.execute(delete(Experiment)))
    assert not changed(sessions, lambda s: s.scalars(select(Unit)).all())
    assert not changed(sessions, lambda s: s.execute(update(Person).values(name="Z")))
    assert not changed(other, lambda s: s.execute(update(Unit).values(label_en="Y")))
    heard.clear()
    with sessions() as session:
        session.execute(update(Unit).values(label_en="W"))
        session.rollback()
        session.commit()
    assert not heard.is_set()
    assert not changed(sessions, lambda s: s.scalars(select(Unit)).all())


def test_another_server_at_the_same_address_is_found_without_a_restart(tmp_path: Path, site: Site) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    first, second = MariaDB(tmp_path / "one"), MariaDB(tmp_path / "two", "--server-id=2")
    second.port, second.password = first.port, first.password
    second.command = [f"--port={first.port}" if word.startswith("--port=") else word for word in second.command]
    (tmp_path / "two" / "boot.sql").write_text((tmp_path / "one" / "boot.sql").read_text())
    with_name = "octopus_same"
    engine = connect(DatabaseSettings.model_validate({"url": first.url(with_name), "timeout": 2}))
    for server in (first, second):
        server.start()
        with server.connect() as root, root.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {with_name} CHARACTER SET utf8mb4")
        prepare_database(server.url(with_name), site).dispose()
        wait_for(lambda: renamed(engine), "the services write again")
        server.kill()
        with pytest.raises(DBAPIError):
            rename(engine)
    engine.dispose()


def renamed(engine: Engine) -> bool:
    try:
        rename(engine)
    except DBAPIError as error:
        if classify(error)[0] is not Kind.PASSES:
            raise
        return False
    return True
