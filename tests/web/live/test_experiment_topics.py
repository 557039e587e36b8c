"""What a cell holds is known to pages and programs alike: without a broker, and after one that lost its memory."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine

from facility.assignments.assigning import assign
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.tokens import TokenDraft, create_token
from schemas.site import Site
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from tests.services.mosquitto import Mosquitto
from tests.services.process import free_port, wait_for
from tests.web.conftest import WebServer, publish

MakeWeb = Callable[..., WebServer]
TOPIC = "octopus/v1/experiments/{}"


def occupied(tmp_path: Path, site: Site) -> tuple[str, Engine, Station, list[int]]:
    """A station whose cell E1C1 holds the first of two experiments."""
    url = f"sqlite:///{tmp_path}/octopus.sqlite"
    engine = prepare_database(url, site)
    station = make_station(engine)
    members = {"state": "planned", "planned_start": "2026-03-01", "planned_end": "2026-04-30"}
    drafts = [ExperimentDraft.model_validate({"code": code, "title": code} | members) for code in ("A", "B")]
    numbers = [create_experiment(station.sessions, station.technician, draft).id for draft in drafts]
    assign(station.sessions, station.technician, numbers[0], ["E1C1"])
    return url, engine, station, numbers


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def held(server: WebServer, cell: str) -> str | None:
    found: dict[str, Any] | None = server.get(f"/api/cells/{cell}").json()["experiment"]
    return None if found is None else str(found["code"])


def retained(port: int, cell: str) -> dict[str, Any] | None:
    """Return what a program that has just come would be told."""
    told: list[bytes] = []
    ready: list[bool] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _client, _userdata, message: told.append(message.payload)
    client.on_subscribe = lambda *_: ready.append(True)
    client.connect("127.0.0.1", port)
    client.subscribe([(TOPIC.format(cell), 1), ("octopus/v1/services/web/status", 1)])
    client.loop_start()
    wait_for(lambda: ready and told, "what the broker retains")
    client.disconnect()
    client.loop_stop()
    found = [json.loads(payload) for payload in told]
    return next((one for one in found if "code" in one), None)


def test_pages_know_what_cells_hold_without_a_broker(tmp_path: Path, site: Site, make_web: MakeWeb) -> None:
    url, engine, station, numbers = occupied(tmp_path, site)
    server = make_web(broker=free_port(), database=url)
    wait_for(lambda: held(server, "E1C1") == "A", "the database's own word")
    assign(station.sessions, station.technician, numbers[1], ["E1C1"])
    wait_for(lambda: held(server, "E1C1") == "B", "what changed since, without a broker")
    assert held(server, "E1C2") is None
    engine.dispose()


def test_pages_follow_an_act_while_the_broker_is_frozen(
    tmp_path: Path, site: Site, make_web: MakeWeb, broker: Mosquitto
) -> None:
    url, engine, station, numbers = occupied(tmp_path, site)
    server = make_web(broker=broker.port, database=url)
    token = create_token(station.sessions, station.technician, TokenDraft(name="test", scope="all")).secret
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "A", "the topic")
    broker.freeze()
    for number, code in ((numbers[1], "B"), (numbers[0], "A"), (numbers[1], "B")):
        httpx.put(
            f"{server.base}/api/cells/E1C1/experiment",
            json={"experiment": number},
            headers={"Authorization": f"Bearer {token}"},
        ).raise_for_status()
        wait_for(lambda code=code: held(server, "E1C1") == code, "the pages know, though nothing can be published", 4)
    broker.thaw()
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "B", "the topic follows", 60)
    assert held(server, "E1C1") == "B"
    # A word of somebody else in the topic is not believed: the database is asked, and the topic put right.
    publish(broker.port, TOPIC.format("E1C1"), b"")
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "B", "the topic is put right")
    assert held(server, "E1C1") == "B"
    engine.dispose()


def test_a_broker_that_lost_its_memory_is_told_again(
    tmp_path: Path, site: Site, make_web: MakeWeb, broker: Mosquitto
) -> None:
    url, engine, station, numbers = occupied(tmp_path, site)
    server = make_web(broker=broker.port, database=url)
    token = create_token(station.sessions, station.technician, TokenDraft(name="test", scope="all")).secret
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "A", "the topic")
    broker.kill()
    (tmp_path / "mosquitto.db").unlink(missing_ok=True)
    broker.start()
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "A", "the topic, in an empty broker", 60)
    answer = httpx.put(
        f"{server.base}/api/cells/E1C1/experiment",
        json={"experiment": numbers[1]},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200
    wait_for(lambda: (retained(broker.port, "E1C1") or {}).get("code") == "B", "the topic follows an act")
    engine.dispose()
