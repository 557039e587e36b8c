"""The test's own side of the broker: takes readings as an ingestor would and confirms what the test wants."""

import threading
from collections.abc import Iterable

import orjson
import paho.mqtt.client as mqtt

from broker.connecting import connect_options, paho_client
from schemas import topics
from schemas.messages import Backlog, Reading, Stored
from service.settings import BrokerSettings
from tests.services.process import wait_for


class Receiver:
    """Counts every reading that arrives. `accept` says which numbers count as stored; None: all."""

    def __init__(self, port: int, unit: str, protocol: str = "5", *, confirm: bool = True) -> None:
        settings = BrokerSettings.model_validate({"port": port, "protocol": protocol})
        self.unit, self.confirm = unit, confirm
        self.lose: set[int] = set()
        self.stored: dict[tuple[str, int], bytes] = {}
        self.times_seen: dict[int, int] = {}
        self.kinds: list[str] = []
        self.live: list[Reading] = []
        self.backlog: list[Reading] = []
        self.backlog_bytes: list[int] = []
        self.statuses: list[dict[str, object]] = []
        self.values: dict[str, bytes] = {}
        self.faults: list[str] = []
        self._subscribed = threading.Event()
        self._client = paho_client(settings, f"receiver-{unit}-{id(self)}")
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        wait_for(lambda: self._connects(settings), "the receiver connects")
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def say_stored(self, publisher: str, ranges: Iterable[tuple[int, int]]) -> None:
        message = Stored(publisher=publisher, ranges=list(ranges))
        self._client.publish(topics.stored(self.unit), message.to_json(), qos=1)

    @property
    def numbers(self) -> set[int]:
        return {sequence for _, sequence in self.stored}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connects(self, settings: BrokerSettings) -> bool:
        try:
            self._client.connect(**connect_options(settings))
        except OSError:
            return False
        return True

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe(f"{topics.ROOT}/{self.unit}/#", qos=1)

    def _on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001 - paho's thread would die silently: the test must see it
            self.faults.append(f"{message.topic}: {error!r}")

    def _take(self, message: mqtt.MQTTMessage) -> None:
        levels = message.topic.split("/")
        match levels[-1]:
            case "readings":
                readings = [Reading.model_validate_json(message.payload)]
                self.live += readings
            case "backlog":
                readings = Backlog.model_validate_json(message.payload).readings
                self.backlog += readings
                self.backlog_bytes.append(len(message.payload))
            case "status":
                self.statuses.append(orjson.loads(message.payload))
                return
            case _ if levels[-2] == "values":
                self.values["/".join([levels[-3], levels[-1]])] = bytes(message.payload)
                return
            case _:
                return
        self.kinds.append(levels[-1])
        for reading in readings:
            assert reading.sequence is not None
            self.times_seen[reading.sequence] = self.times_seen.get(reading.sequence, 0) + 1
        if not self.confirm or message.retain:
            return
        kept = [reading for reading in readings if reading.sequence not in self.lose]
        self.lose -= {reading.sequence for reading in readings if reading.sequence}
        for reading in kept:
            key = (str(reading.publisher), reading.sequence or 0)
            content = orjson.dumps([reading.observed_at.isoformat(), levels[3], reading.values])
            if self.stored.setdefault(key, content) != content:
                self.faults.append(f"number {key} came with two contents")
        if kept:
            numbers = [reading.sequence or 0 for reading in kept]
            self.say_stored(str(kept[0].publisher), [(number, number) for number in numbers])
