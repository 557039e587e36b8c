"""The follower at a real broker: outages, a broker that hangs or forgets, poison, a storm, and the end."""

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from aiomqtt import Message
from paho.mqtt.enums import CallbackAPIVersion

from broker.arriving import MOST_WAITING, Arriving
from broker.following import Follower
from broker.live_picture import AlarmChanged, Change, ConnectionChanged, LivePicture
from schemas import times, topics
from schemas.messages import MAX_PAYLOAD, Alarm, CellExperiment, Reading, Status
from schemas.picture import Picture
from schemas.site import Site
from service.settings import BrokerSettings
from tests.services.mosquitto import Mosquitto
from tests.services.process import program, wait_for

READINGS = topics.readings("ecolab-2", "E2C1")


class Running:
    """A follower in a thread of its own."""

    def __init__(self, port: int, site: Site, service: str = "watchdog", protocol: str = "5") -> None:
        self.live = LivePicture()
        self.changes: list[Change] = []
        self.live.listen(self.changes.append)
        settings = BrokerSettings.model_validate({"port": port, "protocol": protocol})
        self.follower = Follower(settings, site, service, self.live, lambda: 3)
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self.follower.run())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def picture(self) -> Picture:
        return self.live.picture

    def connected(self) -> None:
        wait_for(lambda: self.picture.connected, "the follower is connected")

    def lost(self, seconds: float = 30) -> None:
        wait_for(lambda: not self.picture.connected, "the loss is noticed", seconds)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._loop.close()

    def _run(self) -> None:
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)


class Sender:
    """A client that stays connected, as a publisher or the watchdog."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(0)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def send(self, topic: str, payload: bytes, *, retain: bool = True, wait: bool = True) -> None:
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        if wait:
            sent.wait_for_publish(20)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def follow(broker: Mosquitto, site: Site) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def start(**options: str) -> Running:
        made.append(Running(broker.port, site, **options))
        made[-1].connected()
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def send(broker: Mosquitto) -> Callable[..., None]:
    """Send by a connection of its own each time: the broker may have died meanwhile."""

    def once(topic: str, payload: bytes, *, retain: bool = True) -> None:
        sender = Sender(broker.port)
        sender.send(topic, payload, retain=retain)
        sender.close()

    return once


def reading(air: float | None, *, seconds_ago: float = 0, **values: float | None) -> bytes:
    at = times.now() - timedelta(seconds=seconds_ago)
    return Reading(observed_at=at, values={"air_temperature": air, **values}).to_json()


def alarm(number: int = 7, code: str = "co2_deviation") -> Alarm:
    return Alarm(
        id=number, place="E2C1", code=code, severity="major", state="active", since=times.now(),
        text={"fr": "CO₂", "en": "CO2"},
    )  # fmt: skip


def experiment(code: str = "DRY-1") -> CellExperiment:
    return CellExperiment(id=1, code=code, title="Drought", state="running", started_at=times.now())


def online(**more: object) -> Status:
    return Status.model_validate({"state": "online", "since": times.now(), **more})


def air(running: Running) -> float | None:
    held = running.picture.cells.get("E2C1", {}).get("air_temperature")
    return None if held is None else held.value


Send = Callable[..., None]
Follow = Callable[..., Running]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_everything_that_is_retained_is_there_when_it_says_connected(follow: Follow, send: Send, protocol: str) -> None:
    send(READINGS, reading(18.0, co2=None))
    send(topics.unit_status("ecolab-2"), online(waiting=2).to_json())
    send(topics.alarm("E2C1", "co2_deviation"), alarm().to_json())
    send(topics.experiment("E2C1"), experiment().to_json())
    one = follow(protocol=protocol)
    picture = one.picture
    assert picture.cells["E2C1"]["air_temperature"].value == 18.0
    assert picture.cells["E2C1"]["co2"].value is None
    assert picture.units["ecolab-2"].status.waiting == 2
    assert picture.alarms["E2C1", "co2_deviation"].id == 7
    assert picture.experiments["E2C1"].code == "DRY-1"
    assert picture.services["watchdog"].status.waiting == 3
    assert one.changes[-1] == ConnectionChanged(connected=True)


def test_each_value_has_its_own_time_and_an_older_one_is_not_taken(follow: Follow, send: Send) -> None:
    one = follow()
    send(READINGS, reading(18.0, seconds_ago=60, co2=400.0))
    send(READINGS, reading(19.0))
    send(READINGS, reading(12.0, seconds_ago=600, o2=20.9))
    wait_for(lambda: "o2" in one.picture.cells.get("E2C1", {}), "the last reading")
    held = one.picture.cells["E2C1"]
    assert (held["air_temperature"].value, held["co2"].value) == (19.0, 400.0)
    assert held["air_temperature"].observed_at - held["co2"].observed_at > timedelta(seconds=50)


def test_what_a_sender_says_live_is_fresh_and_what_was_kept_ages(follow: Follow, send: Send) -> None:
    """A retained `online` of a sender that died together with its broker shows how old it is."""
    long_ago = times.now() - timedelta(hours=3)
    ahead = times.now() + timedelta(hours=3)
    send(topics.unit_status("ecolab-1"), online(at=long_ago).to_json())
    send(topics.unit_status("ecolab-2"), online().to_json())
    send(topics.unit_status("ecolab-3"), online(at=ahead).to_json())
    one = follow()
    units = one.picture.units
    assert units["ecolab-1"].heard_at == long_ago
    assert units["ecolab-2"].heard_at is None
    heard = units["ecolab-3"].heard_at
    assert heard is not None
    assert heard <= times.now()
    begun = times.now()
    send(topics.unit_status("ecolab-1"), online(at=long_ago).to_json())
    send(topics.unit_status("ecolab-2"), online().to_json())

    def heard_live(unit: str) -> bool:
        return (one.picture.units[unit].heard_at or long_ago) >= begun

    for unit in ("ecolab-1", "ecolab-2"):
        wait_for(partial(heard_live, unit), "heard live")


def test_its_own_status_says_when_it_was_said(follow: Follow) -> None:
    presence = follow().picture.services["watchdog"]
    assert presence.status.at is not None
    assert times.now() - presence.status.at < timedelta(seconds=20)


def test_a_broker_that_forgot_everything_takes_alarms_experiments_and_statuses_along(
    follow: Follow, send: Send, broker: Mosquitto, tmp_path: Path
) -> None:
    send(READINGS, reading(18.0))
    send(topics.unit_status("ecolab-2"), online().to_json())
    send(topics.service_status("ingestor"), online().to_json())
    send(topics.alarm("E2C1", "co2_deviation"), alarm().to_json())
    send(topics.alarm("E2C1", "door"), alarm(8, "door").to_json())
    send(topics.experiment("E2C1"), experiment().to_json())
    one = follow()
    before = one.picture
    broker.kill()
    one.lost()
    assert one.picture.alarms == before.alarms
    assert one.picture.units == before.units
    for kept in tmp_path.glob("mosquitto.db*"):
        kept.unlink()
    broker.start()
    # One of them was raised anew before the follower is back: it never ended.
    send(topics.alarm("E2C1", "door"), alarm(8, "door").to_json())
    one.connected()
    picture = one.picture
    assert set(picture.alarms) == {("E2C1", "door")}
    assert set(picture.services) == {"watchdog"}
    assert not picture.units
    assert not picture.experiments
    assert air(one) == 18.0
    assert AlarmChanged("E2C1", "co2_deviation", None) in one.changes
    assert AlarmChanged("E2C1", "door", None) not in one.changes


def test_a_broker_that_hangs_is_noticed_within_seconds(follow: Follow, send: Send, broker: Mosquitto) -> None:
    one = follow()
    for _ in range(2):
        broker.freeze()
        one.lost(15)
        broker.thaw()
        one.connected()
    send(READINGS, reading(20.0))
    wait_for(lambda: air(one) == 20.0, "values come again")


def test_a_connection_that_dies_without_a_word_is_closed(site: Site, broker: Mosquitto) -> None:
    """A firewall that forgets the connection: the socket stays open and nothing passes any more."""
    with Relay(broker.port) as relay:
        one = Running(relay.port, site)
        try:
            one.connected()
            relay.swallow = True
            one.lost(15)
            relay.swallow = False
            one.connected()
        finally:
            one.stop()


POISON = (
    b"{", b"\xff\xfe", b"[]", b"null", b"NaN", b"0", b"9" * 5000, b"[" * 200_000, b'{"state": "online"}', b"\x00" * 100,
    b'{"observed_at": 1, "values": {}}',
    b'{"observed_at": "2026-11-23T14:28:23Z", "values": {"air_temperature": 1e999}}',
    b'{"observed_at": "2026-11-23T14:28:23Z", "values": {"air_temperature": "\\ud800"}}', b"x" * (2 * MAX_PAYLOAD),
)  # fmt: skip


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_poison_is_counted_and_left_out(follow: Follow, broker: Mosquitto, protocol: str) -> None:
    one = follow(protocol=protocol)
    sender = Sender(broker.port)
    places = (
        READINGS, topics.unit_status("ecolab-2"), topics.unit_status("elsewhere"), topics.service_status("ingestor"),
        topics.alarm("E2C1", "x"), topics.experiment("E2C1"), topics.experiment("nowhere"),
        topics.readings("ecolab-1", "E2C1"),
    )  # fmt: skip
    for place in places:
        for payload in POISON:
            sender.send(place, payload, retain=False)
    sender.send(topics.alarm("E2C1", "other"), alarm().to_json())
    sender.send(READINGS, reading(21.0))
    wait_for(lambda: air(one) == 21.0, "the good reading")
    picture = one.picture
    assert not picture.alarms
    assert not picture.experiments
    assert not picture.units
    assert one.follower.outcomes["invalid"] > 40
    assert one.follower.outcomes["too long"] == (0 if protocol == "5" else len(places))
    sender.close()


def test_a_storm_does_not_keep_the_newest_waiting(follow: Follow, send: Send, broker: Mosquitto) -> None:
    one = follow()
    storm = b"".join(reading(float(number % 30)) + b"\n" for number in range(20_000))
    subprocess.run(
        [program("mosquitto_pub"), "-p", str(broker.port), "-t", READINGS, "-q", "0", "-l"],
        input=storm, check=True, timeout=120,
    )  # fmt: skip
    send(topics.alarm("E2C1", "co2_deviation"), alarm().to_json())

    def shown() -> bool:
        # Again and again: the broker may still hold some of the storm, and what comes last counts.
        send(READINGS, reading(33.0))
        return air(one) == 33.0

    wait_for(shown, "the newest value", 60)
    wait_for(lambda: one.picture.alarms, "the alarm")
    assert one.picture.connected


async def test_what_waits_is_bounded_by_the_number_of_topics() -> None:
    waiting = Arriving()
    for number in range(5 * MOST_WAITING):
        for topic in ("a", "b", "c"):
            waiting.put_nowait(Message(topic, b"%d" % number, qos=0, retain=False, mid=0, properties=None))
    assert waiting.qsize() == MOST_WAITING
    taken = [waiting.get_nowait() for _ in range(MOST_WAITING)]
    assert {one.topic.value: one.payload for one in taken[-3:]} == dict.fromkeys("abc", b"%d" % (5 * MOST_WAITING - 1))
    assert waiting.empty()
    waiting.put_nowait(taken[0])
    waiting.put_nowait(taken[1])
    assert [await waiting.get(), await waiting.get()] == taken[:2]


def test_another_process_of_the_same_service_that_dies_is_not_believed(
    follow: Follow, send: Send, broker: Mosquitto
) -> None:
    one = follow()
    send(topics.service_status("watchdog"), Status(state="offline", since=times.now()).to_json())
    wait_for(lambda: one.picture.services["watchdog"].status.state == "online", "it says that it is there")
    assert one.picture.services["watchdog"].status.state == "online"


def test_the_end_is_said(follow: Follow, broker: Mosquitto, site: Site) -> None:
    one = follow()
    other = Running(broker.port, site, "web")
    other.connected()
    other.stop()
    wait_for(lambda: one.picture.services["web"].status.state == "offline", "the other says that it ends")


def test_a_listener_that_fails_stops_nobody_else(site: Site, broker: Mosquitto, send: Send) -> None:
    one = Running(broker.port, site)

    def fail(_: Change) -> None:
        raise ValueError("a fault of its own")

    one.live.listen(fail)
    one.live.listen(one.changes.append)
    one.connected()
    send(READINGS, reading(22.0))
    wait_for(lambda: air(one) == 22.0, "the reading")
    one.stop()


class Relay:
    """Passes bytes between clients and a port until it is told to swallow them."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.swallow = False
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.swallow:
                    sink.sendall(data)
