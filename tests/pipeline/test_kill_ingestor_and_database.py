"""Numbered readings through real services while one of them dies: each is accounted for exactly once."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep, time

import orjson
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.client import topic_matches_sub
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from schemas.site import Site
from tests.conftest import prepare_database
from tests.ingestor.making import make_reading, text_of
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

COUNT = 600


class Sender:
    """Sends numbered readings by QoS 1 at a steady rate and collects what the database is said to have."""

    def __init__(self, port: int, unit: str = "ecolab-1", cell: str = "E1C1", publisher: str = "sender") -> None:
        self.unit, self.cell, self.publisher = unit, cell, publisher
        self.confirmed: set[int] = set()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("octopus/v1/+/stored", qos=1)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.begin = time() - 7200

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        assert topic_matches_sub("octopus/v1/+/stored", message.topic)
        content = orjson.loads(message.payload)
        if content["publisher"] == self.publisher:
            for first, last in content["ranges"]:
                self.confirmed.update(range(first, last + 1))

    def send(self, first: int, last: int, rate: float = 150) -> None:
        for number in range(first, last + 1):
            reading = make_reading(
                text_of(self.begin + number),
                publisher=self.publisher,
                sequence=number,
                values={"air_temperature": number / 100},
            )
            topic = f"octopus/v1/{self.unit}/{self.cell}/readings"
            self.client.publish(topic, orjson.dumps(reading), qos=1).wait_for_publish(30)
            sleep(1 / rate)

    def send_aside(self) -> threading.Thread:
        thread = threading.Thread(target=self.send, args=(1, COUNT))
        thread.start()
        return thread

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def ingestor(port: int, url: str, log: Path, **settings: str) -> Process:
    return Process(
        [sys.executable, "-m", "ingestor"],
        log,
        {"OCTOPUS_BROKER__PORT": str(port), "OCTOPUS_DATABASE__URL": url} | settings,
    )


@contextmanager
def running(process: Process) -> Iterator[Process]:
    known = process.text().count("connected to")
    process.start()
    try:
        wait_for(lambda: process.text().count("connected to") >= known + 2, "the ingestor subscribes")
        yield process
    finally:
        process.kill()


def scalar(engine: Engine, statement: str) -> int:
    try:
        with engine.connect() as connection:
            return int(connection.execute(text(statement)).scalar() or 0)
    except DBAPIError:
        return -1


def stored(engine: Engine) -> int:
    return scalar(engine, "SELECT COUNT(*) FROM reading")


def assert_accounts(engine: Engine, sender: Sender) -> None:
    wait_for(lambda: stored(engine) == COUNT, "every reading is stored", 60)
    wait_for(lambda: sender.confirmed == set(range(1, COUNT + 1)), "every reading is confirmed", 60)
    with engine.connect() as connection:
        account = connection.execute(text("SELECT last_sequence, publisher.stored, rejected FROM publisher")).one()
        ranges = connection.execute(text("SELECT first, last FROM publisher_range")).all()
        rejected = connection.execute(text("SELECT COUNT(*) FROM rejected_message")).scalar()
        sums = [
            connection.execute(text(f"SELECT SUM(n), SUM(n * mean) FROM {table}")).one()
            for table in ("reading_5min", "reading_1h")
        ]
        whole = connection.execute(text("SELECT COUNT(value), SUM(value) FROM reading")).one()
    assert tuple(account) == (COUNT, COUNT, 0)
    assert [tuple(row) for row in ranges] == [(1, COUNT)]
    assert rejected == 0
    for count, total in sums:
        assert (int(count), float(total)) == (whole[0], pytest.approx(whole[1]))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[MariaDB]:
    server = MariaDB(tmp_path)
    server.start()
    yield server
    if server.running:
        server.thaw()
    server.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    server = Mosquitto(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def sender(broker: Mosquitto) -> Iterator[Sender]:
    sender = Sender(broker.port)
    yield sender
    sender.close()


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_kill_9_of_the_ingestor(
    *, protocol: str, mariadb_server: MariaDB, broker: Mosquitto, sender: Sender, site: Site, tmp_path: Path
) -> None:
    url = mariadb_server.make_database()
    engine = prepare_database(url, site)
    process = ingestor(broker.port, url, tmp_path / "ingestor.log", OCTOPUS_BROKER__PROTOCOL=protocol)
    with running(process):
        sending = sender.send_aside()
        for share in (0.2, 0.4, 0.6):
            wait_for(lambda share=share: stored(engine) > COUNT * share, "traffic flows")
            process.kill()
            process.start()
        sending.join()
        assert_accounts(engine, sender)
        assert process.stop() == 0
    engine.dispose()


def kill(server: MariaDB, log: Callable[[], str]) -> None:
    server.kill()
    wait_for(lambda: "trying again" in log(), "the ingestor says so")
    server.start()


def restart(server: MariaDB, log: Callable[[], str]) -> None:
    server.stop()
    wait_for(lambda: "trying again" in log(), "the ingestor says so")
    server.start()


def freeze(server: MariaDB, log: Callable[[], str]) -> None:
    del log
    server.freeze()
    sleep(3)  # no answer at all, for a while: nothing else tells this from a slow one
    server.thaw()


def lock(server: MariaDB, log: Callable[[], str]) -> None:
    del log
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("FLUSH TABLES WITH READ LOCK")  # what a nightly backup does
        sleep(3)
        cursor.execute("UNLOCK TABLES")


@pytest.mark.parametrize("disturb", [kill, restart, freeze, lock])
def test_the_database_goes_away_and_comes_back(
    *,
    disturb: Callable[[MariaDB, Callable[[], str]], None],
    database: MariaDB,
    broker: Mosquitto,
    sender: Sender,
    site: Site,
    tmp_path: Path,
) -> None:
    url = database.make_database()
    engine = prepare_database(url, site)
    process = ingestor(broker.port, url, tmp_path / "ingestor.log")
    with running(process):
        sending = sender.send_aside()
        wait_for(lambda: stored(engine) > COUNT * 0.2, "traffic flows")
        disturb(database, process.text)
        sending.join()
        assert_accounts(engine, sender)
        # A busy machine may make an outage of its own; each is over by now.
        outages = process.text().count("the database takes readings again")
        assert process.text().count("trying again") <= 3 * outages, "said once per change, not each time"
        assert process.stop() == 0
    engine.dispose()


def test_a_wrong_password_is_said_and_mended_without_a_restart(
    database: MariaDB, broker: Mosquitto, sender: Sender, site: Site, tmp_path: Path
) -> None:
    url = database.make_database()
    engine = prepare_database(url, site)
    process = ingestor(broker.port, url, tmp_path / "ingestor.log")
    with running(process):
        sending = sender.send_aside()
        wait_for(lambda: stored(engine) > COUNT * 0.1, "traffic flows")
        with database.connect() as connection, connection.cursor() as cursor:
            cursor.execute("ALTER USER octopus@'127.0.0.1' IDENTIFIED BY 'another'")
            cursor.execute(
                "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'octopus'"
            )
            for (number,) in cursor.fetchall():
                cursor.execute(f"KILL {number}")
            wait_for(lambda: "check database.url, its password and the grants" in process.text(), "it says what to do")
            assert "another" not in process.text()
            assert database.password not in process.text()
            cursor.execute(f"ALTER USER octopus@'127.0.0.1' IDENTIFIED BY '{database.password}'")
        sending.join()
        assert_accounts(engine, sender)
    engine.dispose()


def test_two_ingestors_share_the_work(
    mariadb_server: MariaDB, broker: Mosquitto, sender: Sender, site: Site, tmp_path: Path
) -> None:
    url = mariadb_server.make_database()
    engine = prepare_database(url, site)
    pair = [
        ingestor(
            broker.port,
            url,
            tmp_path / f"{name}.log",
            OCTOPUS_INGESTOR__NAME=name,
            OCTOPUS_INGESTOR__GROUP="pair",
        )
        for name in ("one", "two")
    ]
    with running(pair[0]), running(pair[1]):
        sending = sender.send_aside()
        wait_for(lambda: stored(engine) > COUNT * 0.3, "traffic flows")
        pair[0].kill()
        pair[0].start()
        sending.join()
        assert_accounts(engine, sender)
        assert [process.stop() for process in pair] == [0, 0]
    engine.dispose()
