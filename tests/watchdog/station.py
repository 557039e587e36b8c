"""A station of real processes around the watchdog: broker, MariaDB, ingestor, and a unit played by the test."""

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pymysql
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from schemas import times, topics
from schemas.messages import Reading, Status
from schemas.site import Site
from storage.database import Sessions, write_sessions
from tests.services.databases import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

ROOT = Path(__file__).parents[2]
UNIT, CELL = "ecolab-1", "E1C1"


class Station:
    """`url` as given, or a MariaDB of its own that may be killed."""

    def __init__(self, directory: Path, site: Site, site_file: Path | None = None) -> None:
        for name in ("mariadb", "broker"):
            (directory / name).mkdir()
        self.directory = directory
        self.mariadb, self.broker = MariaDB(directory / "mariadb"), Mosquitto(directory / "broker")
        self.mariadb.start()
        self.broker.start()
        self.url = self.mariadb.make_database()
        self.engine: Engine = prepare_database(self.url, site)
        self.sessions: Sessions = write_sessions(self.engine)
        self.env = {
            "OCTOPUS_BROKER__PORT": str(self.broker.port),
            "OCTOPUS_DATABASE__URL": self.url,
            "OCTOPUS_DATABASE__TIMEOUT": "1",
            "PYTHONPATH": str(ROOT),
            **({} if site_file is None else {"OCTOPUS_SITE": str(site_file)}),
        }
        self.watchdog = self.process("watchdog")
        self.ingestor = self.process("ingestor")
        self.retained: dict[str, bytes] = {}
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda client, *_: client.subscribe("octopus/v1/alarms/#", qos=1)
        self.client.on_message = self._hear
        self.client.connect_async("127.0.0.1", self.broker.port)
        self.client.loop_start()

    def process(self, module: str, name: str | None = None) -> Process:
        return Process([sys.executable, "-m", module], self.directory / f"{name or module}.log", self.env)

    def end(self) -> None:
        self.client.loop_stop()
        self.engine.dispose()
        for each in (self.watchdog, self.ingestor, self.broker, self.mariadb):
            each.kill()

    def say_online(self) -> None:
        status = Status(state="online", since=times.now(), at=times.now())
        self.send(topics.unit_status(UNIT), status.to_json())

    def read(self, at: datetime | None = None, **values: float | None) -> None:
        """Publish a reading of the cell."""
        reading = Reading(observed_at=at or times.now(), values=values)
        self.send(topics.readings(UNIT, CELL), reading.to_json())

    def send(self, topic: str, payload: bytes) -> None:
        self.client.publish(topic, payload, qos=1, retain=True)

    def alarm(self, place: str, code: str) -> dict[str, Any] | None:
        """Return what the alarm's topic carries; None where it is empty."""
        payload = self.retained.get(topics.alarm(place, code))
        return json.loads(payload) if payload else None

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return rows; none while the database is away."""
        with suppress(pymysql.err.Error):
            connection = self.mariadb.connect(self.url.rpartition("/")[2])
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                return [tuple(row) for row in cursor.fetchall()]
        return []

    def events(self, place: str, code: str) -> list[str]:
        """Return the changes of an alarm's life, oldest first."""
        rows = self.rows(
            "SELECT e.`change` FROM alarm_event e JOIN alarm a ON a.id = e.alarm_id"
            f" WHERE a.place = '{place}' AND a.code = '{code}' ORDER BY e.at, e.id"
        )
        return [row[0] for row in rows]

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        try:
            return wait_for(condition, what, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\nwatchdog:\n{self.watchdog.text()[-3000:]}") from error

    def _hear(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        self.retained[message.topic] = bytes(message.payload)


def ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)
