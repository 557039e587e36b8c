"""Mosquitto with our own configuration, accounts and rules: who gets through, and with what."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import accounts
from tests.broker.guarded import Guarded
from tests.services.mosquitto import Mosquitto
from tests.services.process import free_port, listens, program, wait_for

ROOT = Path(accounts.__file__).parent
R, B, V = "octopus/v1/ecolab-1/E1C1/readings", "octopus/v1/ecolab-1/E1C1/backlog", "octopus/v1/ecolab-1/E1C1/values/co2"
STATUS, STORED = "octopus/v1/ecolab-1/status", "octopus/v1/ecolab-1/stored"
OTHERS = "octopus/v1/ecolab-2/E2C1/readings"
ALARM, EXPERIMENT = "octopus/v1/alarms/E1C1/co2-high", "octopus/v1/experiments/E1C1"
CANARY, HEARTBEAT = "octopus/v1/services/watchdog/canary", "octopus/v1/alarms/watchdog/heartbeat"
TOPICS = [CANARY, HEARTBEAT, R, B, V, STATUS, STORED, OTHERS, ALARM, EXPERIMENT]
TOPICS += [
    f"octopus/v1/services/{name}/status" for name in ("ingestor", "web", "watchdog", "bot", "ecolab-1", "reader")
]
TOPICS += [f"octopus/v1/{name}/E1C1/readings" for name in ("reader", "web", "ingestor")]

MAY_WRITE = {
    "ecolab-1": {R, B, V, STATUS},
    "ecolab-2": {OTHERS},
    "ingestor": {STORED, HEARTBEAT, "octopus/v1/services/ingestor/status"},
    "web": {EXPERIMENT, "octopus/v1/services/web/status"},
    "watchdog": {ALARM, HEARTBEAT, CANARY, "octopus/v1/services/watchdog/status"},
    "bot": {"octopus/v1/services/bot/status"},
    "reader": set(),
}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    server = Guarded(tmp_path_factory.mktemp("guarded"))
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("account", MAY_WRITE)
def test_an_account_writes_its_own_topics_and_nothing_else(guarded: Guarded, account: str) -> None:
    # MQTT 5 answers a refused publish with "Not authorized", so each topic has a definite answer.
    written = set()
    for topic in TOPICS:
        result = subprocess.run(
            guarded.client(account, "mosquitto_pub", "-q", "1", "-t", topic, "-m", "{}"),
            capture_output=True, text=True, timeout=10, check=False,
        )  # fmt: skip
        if "ot authorized" not in result.stdout + result.stderr and result.returncode == 0:
            written.add(topic)
    assert written == MAY_WRITE[account]


@pytest.mark.parametrize(
    ("account", "topic", "arrives"),
    [
        ("reader", R, True),
        ("web", STATUS, True),
        ("bot", R, True),
        ("watchdog", R, True),
        ("ingestor", R, True),
        ("ingestor", B, True),
        ("ecolab-2", R, False),
        ("ecolab-1", R, False),
    ],
)
def test_readings_reach_those_who_may_read(guarded: Guarded, account: str, topic: str, *, arrives: bool) -> None:
    with subprocess.Popen(
        guarded.client(account, "mosquitto_sub", "-q", "1", "-C", "1", "-W", "2", "-t", topic),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as subscriber:  # fmt: skip
        writer = guarded.client("ecolab-1", "mosquitto_pub", "-q", "1", "-r", "-t", topic, "-m", "here")
        subprocess.run(writer, check=True, timeout=10)
        output = subscriber.communicate(timeout=10)[0]
    assert ("here" in output) is arrives


def test_a_unit_hears_its_own_receipt_alone(guarded: Guarded) -> None:
    heard = {}
    for account in ("ecolab-1", "ecolab-2"):
        with subprocess.Popen(
            guarded.client(account, "mosquitto_sub", "-q", "1", "-W", "2", "-t", STORED),
            stdout=subprocess.PIPE, text=True,
        ) as subscriber:  # fmt: skip
            for _ in range(5):
                subprocess.run(
                    guarded.client("ingestor", "mosquitto_pub", "-q", "1", "-t", STORED, "-m", "receipt"), check=True
                )
            heard[account] = "receipt" in subscriber.communicate(timeout=10)[0]
    assert heard == {"ecolab-1": True, "ecolab-2": False}


@pytest.mark.parametrize("words", [[], ["-u", "ecolab-1", "-P", "wrong"], ["-u", "nobody", "-P", "x"]])
def test_nobody_gets_in_without_an_account(guarded: Guarded, words: list[str]) -> None:
    result = subprocess.run(
        [program("mosquitto_pub"), "-p", str(guarded.port), *words, "-t", R, "-m", "{}"],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert "authori" in result.stderr.lower()


def test_accounts_keep_their_passwords_and_stay_private(tmp_path: Path) -> None:
    assert accounts.make(tmp_path / "a", ["ecolab-1"]) == ["ecolab-1"]
    before = (tmp_path / "a" / "ecolab-1").read_text()
    assert accounts.make(tmp_path / "a", ["ecolab-1", "reader"]) == ["reader"]
    assert (tmp_path / "a" / "ecolab-1").read_text() == before
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "a").iterdir())
    with pytest.raises(ValueError, match="no account can be called"):
        accounts.make(tmp_path / "a", ["a/b"])


def test_every_configuration_has_the_same_limits() -> None:
    def limits(text: str) -> dict[str, str]:
        wanted = {"persistence", "autosave_on_changes", "autosave_interval", "max_packet_size", "memory_limit"}
        wanted |= {"max_queued_messages", "max_queued_bytes"}
        return {key: value for key, _, value in (line.partition(" ") for line in text.splitlines()) if key in wanted}

    from broker.private import configuration

    real = limits((ROOT / "mosquitto.conf").read_text())
    assert len(real) == 7
    assert real == limits((ROOT / "compose.conf").read_text()) == limits(configuration(Path("/x"), 1))


def test_a_taken_port_is_one_clear_line(tmp_path: Path, mosquitto_server: Mosquitto) -> None:
    import os
    import sys

    environment = {**os.environ, "OCTOPUS_BROKER__PORT": str(mosquitto_server.port)}
    result = subprocess.run(
        [sys.executable, "-m", "broker"], env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert result.returncode == 69
    assert result.stderr.count("\n") == 1
    assert f"port {mosquitto_server.port} is taken" in result.stderr


@pytest.mark.parametrize("kind", ["mosquitto", "amqtt"])
def test_the_private_broker_serves_and_ends(tmp_path: Path, kind: str) -> None:
    import sys

    from tests.services.process import Process

    port = free_port()
    environment = {
        "OCTOPUS_BROKER__PORT": str(port),
        "OCTOPUS_PRIVATE_BROKER__KIND": kind,
        "OCTOPUS_PRIVATE_BROKER__DIRECTORY": str(tmp_path / "kept"),
        "PYTHONPATH": str(Path.cwd()),
    }
    server = Process([sys.executable, "-m", "broker"], tmp_path / "log", environment)
    server.start()
    wait_for(lambda: listens(port), f"{kind} listens")
    send = [program("mosquitto_pub"), "-p", str(port), "-V", "311", "-r", "-q", "1", "-t", "a", "-m", "kept"]
    subprocess.run(send, check=True, timeout=10)
    got = subprocess.run(
        [program("mosquitto_sub"), "-p", str(port), "-V", "311", "-t", "a", "-C", "1", "-W", "5"],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    assert got.stdout == "kept\n"
    assert server.stop() == 0
    assert "Traceback" not in server.text()
