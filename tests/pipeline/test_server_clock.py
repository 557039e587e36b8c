"""A real ingestor whose clock disagrees with all units: it says so, confirms nothing, rejects nothing."""

import sys
from collections.abc import Iterator
from pathlib import Path
from time import time

import orjson
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, text

from tests.ingestor.making import make_reading, text_of
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

AHEAD = 2 * 86_400


class Units:
    """Sends numbered readings in the name of several units; keeps what is confirmed and what the ingestor says."""

    def __init__(self, port: int) -> None:
        self.confirmed: list[bytes] = []
        self.trouble: str | None = None
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [("octopus/v1/+/stored", 1), ("octopus/v1/services/ingestor/status", 1)]
        )
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        if message.topic.endswith("stored"):
            self.confirmed.append(bytes(message.payload))
        else:
            self.trouble = orjson.loads(message.payload).get("trouble")

    def send(self, unit: int, number: int, ahead: float) -> None:
        reading = make_reading(text_of(time() + ahead), publisher=f"p{unit}", sequence=number)
        topic = f"octopus/v1/ecolab-{unit}/E{unit}C1/readings"
        self.client.publish(topic, orjson.dumps(reading), qos=1).wait_for_publish(30)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def ingestor(engine: Engine, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[Process]:
    process = Process(
        [sys.executable, "-m", "ingestor"],
        tmp_path / "ingestor.log",
        {
            "OCTOPUS_BROKER__PORT": str(mosquitto.port),
            "OCTOPUS_DATABASE__URL": engine.url.render_as_string(hide_password=False),
        },
    )
    process.start()
    try:
        wait_for(lambda: process.text().count("connected to") == 2, "the ingestor subscribes")
        yield process
    finally:
        process.kill()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    server = Mosquitto(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def units(mosquitto: Mosquitto) -> Iterator[Units]:
    units = Units(mosquitto.port)
    yield units
    units.close()


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar() or 0)


def test_when_all_units_are_ahead_nothing_is_confirmed_or_rejected_and_people_are_told(
    engine: Engine, ingestor: Process, units: Units
) -> None:
    for number in range(1, 6):
        for unit in range(1, 6):
            units.send(unit, number, AHEAD)
    wait_for(lambda: "this server's clock is wrong" in ingestor.text(), "it is said in the log")
    wait_for(lambda: units.trouble and "clock is wrong" in units.trouble, "it is said in the status")
    assert ingestor.running
    assert units.confirmed == []
    assert count(engine, "rejected_message") == count(engine, "reading") == 0


def test_one_unit_that_is_ahead_is_rejected_and_the_others_are_stored(
    engine: Engine, ingestor: Process, units: Units
) -> None:
    for unit in range(1, 6):
        units.send(unit, 1, AHEAD if unit == 3 else 0)
    wait_for(lambda: count(engine, "rejected_message") == 1, "the wrong one is rejected")
    wait_for(lambda: len(units.confirmed) >= 2 and count(engine, "reading") == 8, "the others are stored")
    assert ingestor.running
    assert units.trouble is None
