"""Against asyncua's own server: times, status codes, users, and a server that goes and comes back."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.uaerrors import UaStatusCodeError

from publisher.sources.opcua import Settings, open_source
from publisher.sources.source import Source
from schemas import times
from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import drive
from tests.publisher.sources.opcua_server import START, OnlyOctopus, Server
from tests.services.process import free_port


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


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    server = Server(free_port())
    yield server
    server.stop()


CODES = ["air_temperature", "co2", "o2", "par", "relative_humidity", "rain_water_temperature", "rainfall"]


def test_a_32_bit_number_is_stored_as_it_is_written(site: Site, shared: Server) -> None:
    numbers = {"air_temperature": 18.2, "o2": 20.95, "co2": -9999.9, "par": -9999.0}
    nodes = {code: shared.add(value, ua.VariantType.Float) for code, value in numbers.items()}
    values = [
        {"cell": "E1C1", "parameter": code, "node": f"ns=2;s={name}", "missing": [-9999.9, -9999]}
        for code, name in nodes.items()
    ]
    values[0]["offset"] = -273.15
    result = drive(open_opcua(site, shared.url, {}, values=values, time="asked"), most=1)
    assert result.faults == []
    assert dict(result.samples[0].values) == {"air_temperature": -254.95, "o2": 20.95, "co2": None, "par": None}


def test_uncertain_is_a_suspect_value_and_not_null(site: Site, shared: Server) -> None:
    at = START
    uncertain = [
        ua.StatusCodes.UncertainSensorNotAccurate,
        ua.StatusCodes.UncertainLastUsableValue | 0x0480,  # with the bits that tell of limits and overflow
        ua.StatusCodes.Uncertain,
    ]
    names = {
        code: shared.add(412.5, StatusCode=ua.StatusCode(status), SourceTimestamp=at)
        for code, status in zip(CODES, [*uncertain, ua.StatusCodes.GoodClamped], strict=False)
    }
    result = drive(open_opcua(site, shared.url, names), None, lambda: None)
    assert result.faults == []
    (sample,) = result.samples
    assert set(sample.values.values()) == {412.5}
    assert sample.suspect == {"air_temperature", "co2", "o2"}


NULL, ABSURD = datetime(1601, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "source", [None, NULL, ABSURD, datetime(2105, 3, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
)
def test_a_null_or_absurd_source_time_counts_as_absent(site: Site, shared: Server, source: datetime | None) -> None:
    server_time = START
    name = shared.add(18.02, SourceTimestamp=source, ServerTimestamp=server_time)
    result = drive(open_opcua(site, shared.url, {"air_temperature": name}), None, lambda: None, lambda: None)
    assert result.values("air_temperature") == [(START, 18.02)], "the server's time stands in"
    assert len(result.faults) == (0 if source in {None, NULL} else 1)

    name = shared.add(18.02, SourceTimestamp=source, ServerTimestamp=NULL)
    before = times.now()
    result = drive(open_opcua(site, shared.url, {"air_temperature": name}), None, lambda: time.sleep(0.01))
    assert all(before <= at <= times.now() for at, _ in result.values("air_temperature")), "the moment of asking"
    assert len(result.samples) == 2
    assert len(result.faults) == (0 if source in {None, NULL} else 1)


def test_the_servers_time_where_it_is_wanted(site: Site, shared: Server) -> None:
    name = shared.add(18.02, SourceTimestamp=datetime(2026, 1, 1, tzinfo=UTC), ServerTimestamp=START)
    result = drive(open_opcua(site, shared.url, {"air_temperature": name}, time="server"), most=1)
    assert result.values("air_temperature") == [(START, 18.02)]


def test_a_fault_is_recorded_once(site: Site, shared: Server) -> None:
    name = shared.add(18.02)
    good = shared.add(1.0)

    def fails(second: int, status: int = ua.StatusCodes.BadSensorFailure) -> Callable[[], None]:
        at = START.replace(second=second)
        return lambda: shared.write(name, ua.DataValue(ua.Variant(18.0), ua.StatusCode(status), SourceTimestamp=at))

    nodes = {"air_temperature": name, "co2": good}
    source = open_opcua(site, shared.url, nodes)
    fails(1)()
    nothing = lambda: None  # noqa: E731
    result = drive(source, None, nothing, fails(2), nothing, fails(3), fails(3), nothing)
    assert [value for _, value in result.values("air_temperature")] == [None] * 3
    assert len(result.reasons) == 1
    result = drive(source, result.position, fails(4), fails(5, ua.StatusCodes.Good), fails(6), nothing)
    assert len(result.reasons) == 2, "again after it has passed"


def test_a_limit_on_nodes_a_request_costs_nothing(site: Site, shared: Server) -> None:
    asked: list[int] = []

    def limited(names: list[str]) -> None:
        if names:
            asked.append(len(names))
        if len(names) > 2:
            raise UaStatusCodeError(ua.StatusCodes.BadTooManyOperations)

    nodes = {code: shared.add(float(number)) for number, code in enumerate(CODES)}
    with shared.answering(limited):
        result = drive(open_opcua(site, shared.url, nodes, time="asked"), None, lambda: None)
    assert result.faults == []
    assert [dict(sample.values) for sample in result.samples] == [{c: float(n) for n, c in enumerate(CODES)}] * 2
    assert max(asked[-4:]) <= 2, "it is remembered"


def test_one_node_that_fails_the_whole_request_costs_only_itself(site: Site, shared: Server) -> None:
    nodes = {code: shared.add(float(number)) for number, code in enumerate(CODES)}

    def choking(names: list[str]) -> None:
        if nodes["par"] in names:
            raise UaStatusCodeError(ua.StatusCodes.BadInternalError)

    with shared.answering(choking):
        result = drive(open_opcua(site, shared.url, nodes, time="asked"), None, lambda: None)
    assert [dict(sample.values) for sample in result.samples] == [
        {code: float(number) for number, code in enumerate(CODES) if code != "par"}
    ] * 2
    assert result.reasons == [f"E1C1 par (ns=2;s={nodes['par']}): refuses (BadInternalError)"]


def test_a_connection_closed_while_idle_costs_no_question(site: Site, shared: Server) -> None:
    source = open_opcua(site, shared.url, {"air_temperature": shared.add(18.02)}, time="asked")
    result = drive(source, None, shared.close_connections, lambda: None, shared.close_connections)
    assert result.faults == []
    assert len(result.samples) == 4


def test_a_session_is_kept_alive_between_questions(site: Site) -> None:
    server = Server(free_port())
    sessions: set[Any] = set()
    try:
        server.end_sessions_after(5)
        source = open_opcua(site, server.url, {"air_temperature": "T"}, time="asked", timeout=2)

        def long_pause() -> None:
            sessions.update(server.sessions)
            time.sleep(8)
            sessions.update(server.sessions)

        result = drive(source, None, long_pause)
    finally:
        server.stop()
    assert result.faults == []
    assert len(result.samples) == 2
    assert len(sessions) == 1, "no second session was needed"


def test_settings_that_cannot_be_meant_are_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="no credentials in the URL"):
        open_opcua(site, "opc.tcp://me:secret@127.0.0.1", BOTH)
    with pytest.raises(SettingsError, match="not a node"):
        open_opcua(site, "opc.tcp://127.0.0.1", {}, values=[{"cell": "E1C1", "parameter": "co2", "node": "T"}])
