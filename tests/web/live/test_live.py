"""The live stream through real processes: outages of broker and database, two servers, and the end."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas import times
from schemas.site import Site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for
from tests.web.conftest import WebServer, publish, reading, store

TOPIC = "octopus/v1/ecolab-2/E2C1/readings"
MakeWeb = Callable[..., WebServer]


class Listener:
    """An open stream and the events that came, in a thread of its own."""

    def __init__(self, base: str) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.headers: dict[str, str] = {}
        self.ended = threading.Event()
        self._base = base
        threading.Thread(target=self._run, daemon=True).start()
        wait_for(lambda: self.events, "the snapshot")

    def _run(self) -> None:
        # A server that is killed cuts the stream: that is an end, too.
        with contextlib.suppress(httpx.TransportError):
            self._read()
        self.ended.set()

    def _read(self) -> None:
        name = ""
        with httpx.stream("GET", f"{self._base}/live", timeout=60) as answer:
            self.headers = dict(answer.headers)
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.events.append((name, json.loads(line.removeprefix("data: "))))

    def values(self, cell: str = "E2C1") -> dict[str, Any]:
        """Return the cell as a page would have it now."""
        found: dict[str, Any] = {}
        for _, content in list(self.events):
            found = content.get("cells", {}).get(cell, found)
        values: dict[str, Any] = found.get("values", {})
        return values


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def database(tmp_path: Path, site: Site) -> str:
    url = f"sqlite:///{tmp_path}/octopus.sqlite"
    prepare_database(url, site).dispose()
    return url


def connected(server: WebServer) -> bool:
    return bool(server.get("/health").json()["broker"] == "connected")


def test_snapshot_deltas_and_bad_payloads(make_web: MakeWeb, broker: Mosquitto, database: str) -> None:
    publish(broker.port, TOPIC, reading(air_temperature=18.0))
    server = make_web(broker=broker.port, database=database)
    wait_for(lambda: connected(server), "the broker is connected")
    stream = Listener(server.base)
    wait_for(lambda: stream.values() == {"air_temperature": 18.0}, "the retained reading")
    assert stream.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.headers
    for payload in (b"{", b"\xff\xfe", b"[]", b'{"observed_at": 1, "values": {}}', b"NaN", b"", b"9" * 5000):
        publish(broker.port, TOPIC, payload, retain=False)
        publish(broker.port, "octopus/v1/ecolab-2/status", payload, retain=False)
        publish(broker.port, "octopus/v1/alarms/E2C1/x", payload, retain=False)
    publish(broker.port, TOPIC, reading(air_temperature=19.5, co2=None))
    wait_for(lambda: stream.values() == {"air_temperature": 19.5, "co2": None}, "the next reading")
    publish(broker.port, TOPIC, reading(times.from_text("2026-01-01T00:00:00Z"), air_temperature=1.0))
    publish(broker.port, TOPIC, reading(air_temperature=60.0))
    wait_for(lambda: stream.values()["air_temperature"] == 60.0, "the last reading")
    assert all(content.get("cells", {}).get("E2C1", {}).get("values") != {"air_temperature": 1.0}
               for _, content in stream.events)  # fmt: skip
    assert stream.events[-1][1]["cells"]["E2C1"]["quality"] == {"air_temperature": 1}
    assert server.get("/api/cells/E2C1/air_temperature").json()["value"] == 60.0


def test_the_broker_dies_and_comes_back_under_open_streams(make_web: MakeWeb, broker: Mosquitto, database: str) -> None:
    servers = [make_web(broker=broker.port, database=database) for _ in range(2)]
    for server in servers:
        wait_for(lambda server=server: connected(server), "the broker is connected")
    streams = [Listener(server.base) for server in servers]
    broker.kill()
    for server in servers:
        wait_for(lambda server=server: not connected(server), "the loss is noticed")
        assert server.get("/health").status_code == 503
    broker.start()
    for server in servers:
        wait_for(lambda server=server: connected(server), "the broker is connected again")
    publish(broker.port, TOPIC, reading(air_temperature=21.0))
    for stream in streams:
        wait_for(lambda stream=stream: stream.values() == {"air_temperature": 21.0}, "both servers show it")
        assert not stream.ended.is_set()
    servers[0].kill()
    wait_for(
        lambda: servers[1].get("/health").json()["services"]["web"]["state"] == "online",
        "the will of one server is not believed of the other",
    )


def test_sigterm_ends_open_streams_at_once(make_web: MakeWeb, broker: Mosquitto, database: str) -> None:
    server = make_web(broker=broker.port, database=database)
    streams = [Listener(server.base) for _ in range(10)]
    assert server.stop() == 0
    # What uvicorn says when it has waited for them in vain.
    assert "graceful shutdown exceeded" not in server.text()
    for stream in streams:
        assert stream.ended.wait(2)
    assert "Traceback" not in server.text()


def test_the_database_dies_and_comes_back(tmp_path: Path, make_web: MakeWeb, broker: Mosquitto, site: Site) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    database = MariaDB(folder)
    database.start()
    url = database.make_database()
    engine = prepare_database(url, site)
    store(engine, "E2C2", "air_temperature", [(times.now(), 17.0)])
    engine.dispose()
    database.kill()
    server = make_web(broker=broker.port, database=url)
    wait_for(lambda: connected(server), "the broker is connected")
    assert server.get("/api/cells/E2C2").status_code == 503
    health = server.get("/health")
    assert health.status_code == 503
    assert {unit["words"] for unit in health.json()["units"]} == {"not known: the database cannot be read"}
    assert not any("stored" in words for words in health.json()["words"]), "nothing is claimed of what is not known"
    publish(broker.port, TOPIC, reading(air_temperature=18.0))
    wait_for(lambda: server.get("/api/cells/E2C1").is_success, "live values go on")
    database.start()
    stream = Listener(server.base)
    wait_for(lambda: stream.values("E2C2") == {"air_temperature": 17.0}, "stored values reach the stream")
    assert server.get("/api/cells/E2C2/air_temperature").json()["value"] == 17.0
    database.kill()
    assert server.get("/api/cells/E2C2/air_temperature").json()["value"] == 17.0
    assert server.get("/").status_code == 200
    database.start()
    wait_for(lambda: server.get("/health").json()["database"] == "ok", "the database is used again")
    database.stop()


def test_a_port_that_is_taken_is_said_in_one_line(make_web: MakeWeb, tmp_path: Path, database: str) -> None:
    first = make_web(broker=1, database=database)
    second = Process(first.command, tmp_path / "second.log", first.env)
    second.start()
    wait_for(lambda: not second.running, "the second ends")
    assert second.stop() == 69
    assert second.text() == f"cannot listen on 127.0.0.1:{first.port}: Address already in use\n"
