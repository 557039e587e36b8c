"""Against asyncua's own server: times, status codes, users, and a server that goes and comes back."""

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from asyncua import Server as OpcuaServer
from asyncua import ua
from asyncua.server.user_managers import User, UserManager, UserRole

from publisher.sources.opcua import Settings, open_source
from publisher.sources.source import Source
from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import drive
from tests.services.process import free_port

START = datetime(2026, 11, 23, 14, 28, 23, tzinfo=UTC)


class OnlyOctopus(UserManager):
    def get_user(self, iserver: Any, username: Any = None, password: Any = None, certificate: Any = None) -> Any:
        del iserver, certificate
        return User(role=UserRole.User) if (username, password) == ("octopus", "s3same-open") else None


class Server:
    def __init__(self, port: int, users: UserManager | None = None) -> None:
        self.url = f"opc.tcp://127.0.0.1:{port}/ecolab"
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever)
        self._thread.start()
        self._run(self._start(users))

    def set(self, name: str, value: Any, at: datetime = START, status: int = ua.StatusCodes.Good) -> None:
        data = ua.DataValue(ua.Variant(value), ua.StatusCode(status), SourceTimestamp=at.replace(tzinfo=None))
        self._run(self._nodes[name].write_value(data))

    def stop(self) -> None:
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, users: UserManager | None) -> None:
        self._server = OpcuaServer(user_manager=users)
        await self._server.init()
        self._server.set_endpoint(self.url)
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self._server.register_namespace("urn:test")
        self._nodes = {}
        for name, value in {"T": 18.02, "S": 18.0, "door": True, "text": "warm"}.items():
            node = await self._server.nodes.objects.add_variable(ua.NodeId(name, index), name, value)
            await node.write_value(ua.DataValue(ua.Variant(value), SourceTimestamp=START.replace(tzinfo=None)))
            self._nodes[name] = node
        await self._server.start()

    def _run(self, coroutine: Any) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(20)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(free_port())
    yield server
    server.stop()


def open_opcua(site: Site, url: str, nodes: dict[str, str], **more: Any) -> Source:
    values = [{"cell": "E1C1", "parameter": code, "node": f"ns=2;s={name}"} for code, name in nodes.items()]
    raw = {"kind": "opcua", "url": url, "interval": 0.05, "timeout": 2, "values": values} | more
    return open_source(Settings.model_validate(raw), site, site.unit_by_code["ecolab-1"])


BOTH = {"air_temperature": "T", "air_temperature_setpoint": "S"}


def test_values_carry_the_time_of_their_source_and_are_given_once(site: Site, server: Server) -> None:
    later = START.replace(second=33, microsecond=376_000)

    def step() -> None:
        server.set("T", 18.5, later)
        server.set("S", 18.1, later.replace(microsecond=100_000))

    result = drive(open_opcua(site, server.url, BOTH), None, lambda: None, lambda: None, step, lambda: None)
    assert result.faults == []
    assert [(sample.observed_at, dict(sample.values)) for sample in result.samples] == [
        (START, {"air_temperature": 18.02, "air_temperature_setpoint": 18}),
        (later, {"air_temperature": 18.5, "air_temperature_setpoint": 18.1}),
    ]
    assert drive(open_opcua(site, server.url, BOTH), result.position, lambda: None).samples == [], "nor after restarts"


def test_a_bad_status_is_no_value(site: Site, server: Server) -> None:
    later = START.replace(second=33)

    def fails() -> None:
        server.set("T", 99.0, later, ua.StatusCodes.BadSensorFailure)

    def fails_in_place() -> None:
        server.set("S", 18.0, START, ua.StatusCodes.BadCommunicationError)

    result = drive(open_opcua(site, server.url, BOTH), None, fails, lambda: None, fails_in_place, lambda: None)
    assert result.values("air_temperature") == [(START, 18.02), (later, None)]
    (first, second) = result.values("air_temperature_setpoint")
    assert first == (START, 18)
    assert second[1] is None
    assert second[0] > START, "what was good at that time stays so"
    assert len([reason for reason in result.reasons if "BadSensorFailure" in reason]) == 1


def test_other_kinds_of_values_and_unknown_nodes(site: Site, server: Server) -> None:
    nodes = {"door": "door", "co2": "text", "o2": "absent"}
    result = drive(open_opcua(site, server.url, nodes, time="asked"), None, lambda: None)
    assert [value for _, value in result.values("door")][:2] == [1, 1]
    assert any("co2" in reason and "str where a number should be" in reason for reason in result.reasons)
    assert any("o2" in reason and "BadNodeIdUnknown" in reason for reason in result.reasons)
    assert len(result.faults) == 2


def test_a_server_that_goes_and_comes_back(site: Site) -> None:
    port = free_port()
    server = Server(port)

    def back() -> None:
        nonlocal server
        server = Server(port)

    source = open_opcua(site, server.url, {"air_temperature": "T"}, time="asked")
    result = drive(source, None, lambda: None, server.stop, lambda: None, back, lambda: None)
    server.stop()
    assert len(result.samples) >= 3
    assert result.faults


def test_users(site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = Server(free_port(), OnlyOctopus())
    secret = tmp_path / "secret"
    secret.write_text("s3same-open\n")
    caplog.set_level(logging.DEBUG)
    try:
        anonymous = drive(open_opcua(site, server.url, BOTH))
        known = drive(open_opcua(site, server.url, BOTH, username="octopus", password_file=secret), most=1)
    finally:
        server.stop()
    assert anonymous.samples == []
    assert "refuses" in anonymous.reasons[0]
    assert len(known.samples) == 1
    assert "s3same" not in caplog.text + repr(known)


def test_settings_that_cannot_be_meant_are_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="no credentials in the URL"):
        open_opcua(site, "opc.tcp://me:secret@127.0.0.1", BOTH)
    with pytest.raises(SettingsError, match="not a node"):
        open_opcua(site, "opc.tcp://127.0.0.1", {}, values=[{"cell": "E1C1", "parameter": "co2", "node": "T"}])
