"""A real publisher against a real Mosquitto, with the test as ingestor: nothing lost, no number used twice."""

import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.outbox import Outbox
from tests.publisher.receiving import Receiver
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

UNIT = "ecolab-2"


class Publisher(Process):
    def __init__(self, directory: Path, port: int, **source: object) -> None:
        self.outbox = directory / "outbox.sqlite"
        settings = {
            "BROKER__PORT": port,
            "PUBLISHER__UNIT": UNIT,
            "PUBLISHER__OUTBOX": self.outbox,
            "SOURCE__KIND": "simulated",
            "SOURCE__PERIOD": 0.2,
        } | {name.upper(): value for name, value in source.items()}
        env = {f"OCTOPUS_{name}": str(value) for name, value in settings.items()}
        super().__init__(
            [sys.executable, "-m", "publisher"], directory / "publisher.log", env | {"PYTHONPATH": str(Path.cwd())}
        )

    def left(self) -> set[int]:
        """The numbers that wait in the outbox of a publisher that does not run."""
        outbox = Outbox(self.outbox)
        try:
            numbers: list[int] = []
            while rows := outbox.after(numbers[-1] if numbers else 0, 1000):
                numbers += [row[0] for row in rows]
            return set(numbers)
        finally:
            outbox.close()


def more_than(receiver: Receiver, count: int) -> None:
    wait_for(lambda: len(receiver.stored) > count, f"more than {count} readings")


def ended(publisher: Publisher) -> None:
    wait_for(lambda: not publisher.running, f"it ends, with {publisher.env}")


Start = Callable[..., Publisher]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    server = Mosquitto(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def start(tmp_path: Path, broker: Mosquitto) -> Iterator[Start]:
    started: list[Publisher] = []

    def start_one(**source: object) -> Publisher:
        publisher = Publisher(tmp_path, broker.port, **source)
        started.append(publisher)
        publisher.start()
        return publisher

    yield start_one
    for publisher in started:
        publisher.kill()


@pytest.fixture
def receiver(broker: Mosquitto) -> Iterator[Receiver]:
    one = Receiver(broker.port, UNIT)
    yield one
    one.close()
    assert one.faults == []


def all_accounted(publisher: Publisher, receiver: Receiver) -> None:
    """Assigned = stored + waiting, without a hole."""
    left = publisher.left()
    outbox = Outbox(publisher.outbox)
    assigned = outbox.sequence
    outbox.close()
    assert receiver.numbers | left == set(range(1, assigned + 1))
    assert len(receiver.stored) == len(receiver.numbers), "one number, two publishers"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_live_readings_values_and_status(broker: Mosquitto, start: Start, protocol: str) -> None:
    receiver = Receiver(broker.port, UNIT, protocol)
    publisher = start(broker__protocol=protocol)
    wait_for(lambda: len(receiver.live) >= 9, "live readings")
    newest = Receiver(broker.port, UNIT, protocol, confirm=False)
    wait_for(lambda: len(newest.live) >= 3 and len(newest.values) >= 48, "retained readings and values")
    assert {"E2C1/air_temperature", "E2C2/co2", "E2C3/door"} <= set(newest.values)
    float(newest.values["E2C1/air_temperature"])
    assert newest.statuses[0]["state"] == "online"
    assert publisher.stop(5) == 0
    wait_for(lambda: receiver.statuses[-1]["state"] == "offline", "it says goodbye")
    assert "sequence" in receiver.statuses[-1], "its own goodbye, not the last will"
    for one in (receiver, newest):
        one.close()
        assert one.faults == []
    all_accounted(publisher, receiver)


def test_last_will_says_offline_after_kill_9(start: Start, receiver: Receiver) -> None:
    publisher = start()
    wait_for(lambda: receiver.statuses, "online")
    publisher.kill()
    wait_for(lambda: receiver.statuses[-1]["state"] == "offline", "the last will")


def test_history_follows_as_backlog_while_live_readings_come_first(start: Start, receiver: Receiver) -> None:
    publisher = start(source__history="6h", source__history_period=30)
    wait_for(lambda: len(receiver.numbers) > 2160, "six hours of three cells")
    assert receiver.kinds[0] == "readings"
    assert max(receiver.backlog_bytes) <= 70_000
    numbers = [reading.sequence for reading in receiver.backlog]
    # On a busy machine a confirmation may come too late for the messages under way; never for most of them.
    assert len(numbers) < 1.5 * len(set(numbers)), "confirmed ones are not sent again"
    publisher.stop()
    all_accounted(publisher, receiver)


def test_lost_confirmations_are_sent_again_and_foreign_ones_ignored(
    broker: Mosquitto, start: Start, receiver: Receiver
) -> None:
    receiver.confirm = False
    publisher = start(source__period=3600, source__history="1h", source__history_period=30)
    wait_for(lambda: len(receiver.backlog) > 50, "the first backlog message")
    own = str(receiver.live[0].publisher)
    for message in ([(1, 10**6)], [(5, 1)]):
        receiver.say_stored(own, message)
    receiver.say_stored("somebody-else", [(1, 363)])
    wait_for(lambda: "ignored" in publisher.text(), "the impossible range is named")
    # Out of order, twice, and one number kept back: the rest opens the window, that one comes again.
    receiver.say_stored(own, [(200, 363), (4, 100)])
    receiver.say_stored(own, [(102, 199), (4, 100)])
    receiver.say_stored(own, [(1, 3)])
    # Confirmations come in order: after this one is named, the others have been taken.
    receiver.say_stored(own, [(7, 999)])
    wait_for(lambda: "7 to 999 ignored" in publisher.text(), "all were taken")
    publisher.stop()
    assert publisher.left() == {101}
    receiver.confirm = True
    publisher.start()
    wait_for(lambda: 101 in receiver.numbers, "what was not confirmed comes again")
    receiver.say_stored(own, [(8, 999)])
    wait_for(lambda: "8 to 999 ignored" in publisher.text(), "its confirmation was taken")
    publisher.stop()
    assert 101 not in publisher.left()


def test_broker_killed_with_its_memory_loses_nothing(tmp_path: Path, broker: Mosquitto, start: Start) -> None:
    receiver = Receiver(broker.port, UNIT)
    publisher = start(source__period=0.1)
    wait_for(lambda: len(receiver.numbers) > 30, "traffic")
    receiver.close()
    broker.kill()
    for file in tmp_path.glob("mosquitto.db*"):
        file.unlink()
    wait_for(lambda: "no broker" in publisher.text(), "it says that the broker is gone")
    broker.start()
    again = Receiver(broker.port, UNIT)
    again.stored |= receiver.stored
    wait_for(lambda: len(again.backlog) > 0 and len(again.live) > 30, "traffic again, with what was missed")
    publisher.stop()
    again.close()
    all_accounted(publisher, again)
    assert publisher.text().count("no broker") <= 2, "said once a change, not once a try"
    newest = max(reading.observed_at for reading in again.live)
    late = Receiver(broker.port, UNIT, confirm=False)
    wait_for(lambda: len(late.live) == 3, "retained readings")
    assert max(reading.observed_at for reading in late.live) == newest
    late.close()


def test_publisher_killed_again_and_again_loses_nothing(start: Start, receiver: Receiver) -> None:
    publisher = start(source__period=0.1, source__history="2h", source__history_period=10)
    for _ in range(4):
        more_than(receiver, len(receiver.stored) + 100)
        publisher.kill()
        publisher.start()
    wait_for(lambda: len(receiver.stored) > 2500, "all of the past and much of the present")
    publisher.stop()
    all_accounted(publisher, receiver)


def test_frozen_broker_is_waited_for(broker: Mosquitto, start: Start, receiver: Receiver) -> None:
    publisher = start(broker__keepalive=5)
    wait_for(lambda: len(receiver.numbers) > 5, "traffic")
    broker.freeze()
    wait_for(lambda: "no broker" in publisher.text(), "the silence is noticed")
    broker.thaw()
    seen = len(receiver.numbers)
    wait_for(lambda: len(receiver.numbers) > seen + 50, "traffic again")
    publisher.stop()
    all_accounted(publisher, receiver)


def test_full_disk_is_said_and_nothing_is_passed_over(start: Start, receiver: Receiver) -> None:
    receiver.confirm = False
    publisher = start(source__period=0.1)
    wait_for(lambda: len(receiver.live) > 3, "traffic")
    size = sum(file.stat().st_size for file in publisher.outbox.parent.glob("outbox.sqlite*"))
    resource.prlimit(publisher.pid, resource.RLIMIT_FSIZE, (size + 8192, resource.RLIM_INFINITY))
    wait_for(lambda: "cannot be kept" in publisher.text(), "the full disk is said", 60)
    assert publisher.running
    receiver.confirm = True
    resource.prlimit(publisher.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for(lambda: "has room again" in publisher.text(), "it goes on by itself", 60)
    seen = len(receiver.numbers)
    wait_for(lambda: len(receiver.numbers) > seen + 10, "traffic again")
    publisher.stop()
    all_accounted(publisher, receiver)
    assert publisher.text().count("cannot be kept") == 1


def test_bad_settings_end_with_78_and_a_readable_line(tmp_path: Path) -> None:
    for change, line in (
        ({"publisher__unit": "ecolab-9"}, "no unit ecolab-9 on this site: ecolab-1"),
        ({"source__kind": "carrier-pigeon"}, "kind is one of simulated"),
        ({"source__periode": "1"}, "periode: unknown setting"),
        ({"source__period": "0"}, "setting source.period: at least"),
        ({"broker__password_file": tmp_path / "none", "broker__username": "x"}, "password_file"),
        ({"publisher__outbox": "/proc/none/outbox.sqlite"}, "outbox /proc/none/outbox.sqlite"),
        ({"site": tmp_path / "none.toml"}, "none.toml"),
    ):
        publisher = Publisher(tmp_path, 1, **change)
        publisher.log.unlink(missing_ok=True)
        publisher.start()
        ended(publisher)
        assert publisher.stop() == 78, publisher.text()
        assert line in publisher.text()
        assert "Traceback" not in publisher.text()


def test_second_publisher_on_the_same_outbox_is_refused(tmp_path: Path, start: Start, receiver: Receiver) -> None:
    start()
    wait_for(lambda: receiver.live, "the first one runs")
    second = Publisher(tmp_path, 1)
    second.log = tmp_path / "second.log"
    second.start()
    wait_for(lambda: not second.running, "the second ends")
    assert second.stop() == 78
    assert "another publisher is using it" in second.text()


def test_wrong_password_waits_and_says_what_to_do(tmp_path: Path) -> None:
    directory = tmp_path / "broker"
    directory.mkdir()
    (directory / "passwords").write_text("")
    server = Mosquitto(directory)
    server.config.write_text(
        f"listener {server.port} 127.0.0.1\nallow_anonymous false\npassword_file {directory}/passwords\nuser root\n"
    )
    server.start()
    publisher = Publisher(tmp_path, server.port, broker__username=UNIT, broker__password="wrong-secret")
    publisher.start()
    try:
        wait_for(lambda: "check broker.username" in publisher.text(), "advice")
        assert publisher.running
        assert "wrong-secret" not in publisher.text()
    finally:
        assert publisher.stop(5) == 0
        server.kill()
    assert publisher.text().count("no broker") == 1


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_broker_that_takes_small_packets_only_gets_small_messages(tmp_path: Path, protocol: str) -> None:
    server = Mosquitto(tmp_path)
    with server.config.open("a") as lines:
        lines.write("max_packet_size 8000\n")
    server.start()
    receiver = Receiver(server.port, UNIT)
    publisher = Publisher(
        tmp_path, server.port, broker__protocol=protocol, source__period=3600, source__history="1h",
        source__history_period=10,
    )  # fmt: skip
    publisher.start()
    try:
        wait_for(lambda: len(receiver.numbers) > 1000, "the history arrives", 90)
        assert max(receiver.backlog_bytes) < 8000
        if protocol == "5":
            assert "the broker takes packets of up to 8000 bytes only" in publisher.text()
            assert "no broker" not in publisher.text(), "the connection holds"
        else:
            assert "the backlog goes in smaller ones now" in publisher.text()
    finally:
        publisher.kill()
        receiver.close()
        server.kill()
