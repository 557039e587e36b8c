"""A web server as a process, with the broker and the database that a test chooses."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import paho.mqtt.client as mqtt
import pytest
from litestar.testing import TestClient
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from facility.people.tokens import TokenDraft, create_token
from schemas import times
from schemas.site import Site
from schemas.tables import Cell, LatestReading, Parameter, Reading, Reading1h, Reading5min, Series
from service.settings import BrokerSettings
from storage.database import write_sessions
from tests.conftest import prepared_engine
from tests.facility.conftest import Station, make_station
from tests.services.process import Process, free_port, wait_for
from tests.web.visitor import Visitor, visit
from web.app import create_app
from web.settings import WebSettings

Stored = list[tuple[datetime, float | None]]


class WebServer(Process):
    def __init__(self, directory: Path, *, broker: int, database: str, name: str = "web", **more: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        settings = {
            "OCTOPUS_WEB__PORT": str(self.port),
            "OCTOPUS_BROKER__PORT": str(broker),
            "OCTOPUS_DATABASE__URL": database,
            "OCTOPUS_DATABASE__TIMEOUT": "2",
        }
        super().__init__([sys.executable, "-m", "web"], directory / f"{name}.log", settings | more)

    def start(self) -> None:
        super().start()
        wait_for(self.answers, "the web server answers", 60)

    def answers(self) -> bool:
        assert self.running, self.text()
        try:
            return httpx.get(f"{self.base}/api/units", timeout=5).is_success
        except httpx.TransportError:
            return False

    def get(self, path: str, token: str = "") -> httpx.Response:
        return httpx.get(self.base + path, headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=30)


@pytest.fixture
def make_web(tmp_path: Path) -> Iterator[Callable[..., WebServer]]:
    made: list[WebServer] = []

    def make(**options: Any) -> WebServer:
        server = WebServer(tmp_path, name=f"web{len(made)}", **options)
        made.append(server)
        server.start()
        return server

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module", params=["mariadb", "sqlite"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Engine]:
    """A database for the tests of a module, which keep to cells of their own."""
    with prepared_engine(request, tmp_path_factory.mktemp("database"), site) as engine:
        yield engine


@pytest.fixture(scope="module")
def client(shared: Engine, site: Site) -> Iterator[TestClient[Any]]:
    """The application without a broker, asked by a member: what the database alone can answer."""
    settings = WebSettings(broker=BrokerSettings(port=1))
    with TestClient(create_app(settings, site, shared)) as client:
        client.headers["Authorization"] = f"Bearer {member_token(shared)}"
        yield client


@pytest.fixture(scope="module")
def station(shared: Engine) -> Station:
    """People and cells in the module's database."""
    return make_station(shared)


@pytest.fixture(scope="module")
def pages(shared: Engine, site: Site) -> Iterator[TestClient[Any]]:
    """The application without a broker, for visitors with a browser."""
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), site, shared)) as client:
        yield client


@pytest.fixture(scope="module")
def member(pages: TestClient[Any], station: Station) -> Visitor:
    return visit(pages, station, station.member)


@pytest.fixture(scope="module")
def technician(pages: TestClient[Any], station: Station) -> Visitor:
    return visit(pages, station, station.technician)


@pytest.fixture(scope="module")
def admin(pages: TestClient[Any], station: Station) -> Visitor:
    return visit(pages, station, station.admin)


def member_token(engine: Engine) -> str:
    """Return a token of a person who may look at everything."""
    station = make_station(engine)
    return create_token(station.sessions, station.member, TokenDraft(name="test")).secret


def publish(port: int, topic: str, content: dict[str, Any] | bytes, *, retain: bool = True) -> None:
    payload = content if isinstance(content, bytes) else json.dumps(content)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def reading(observed_at: datetime | None = None, **values: float | None) -> dict[str, Any]:
    return {"observed_at": times.to_text(observed_at or times.now()), "values": values}


def series_number(session: Session, cell: str, parameter: str) -> int:
    statement = select(Series.id).join(Cell, Cell.id == Series.cell_id).join(Parameter)
    return session.scalars(statement.where(Cell.code == cell, Parameter.code == parameter)).one()


def store(engine: Engine, cell: str, parameter: str, rows: Stored, quality: int = 0) -> None:
    """Write rows, roll-ups and the newest reading as the ingestor leaves them."""
    with write_sessions(engine)() as session, session.begin():
        number = series_number(session, cell, parameter)
        values = [{"series_id": number, "observed_at": at, "value": value, "quality": quality} for at, value in rows]
        for start in range(0, len(values), 5000):
            session.execute(insert(Reading), values[start : start + 5000])
        for table, width in ((Reading5min, timedelta(minutes=5)), (Reading1h, timedelta(hours=1))):
            buckets: dict[datetime, list[float]] = {}
            for at, value in rows:
                if value is not None:
                    buckets.setdefault(times.floor(at, width), []).append(value)
            rolled = [
                {"series_id": number, "started_at": at, "n": len(held), "min": min(held), "max": max(held),
                 "mean": sum(held) / len(held)}
                for at, held in buckets.items()
            ]  # fmt: skip
            if rolled:
                session.execute(insert(table), rolled)
        session.add(
            LatestReading(
                series_id=number, observed_at=rows[-1][0], value=rows[-1][1], quality=quality, received_at=times.now()
            )
        )
