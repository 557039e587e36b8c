"""Against pymodbus' own server: every type and order, refused registers, a server that goes and comes back."""

import asyncio
import struct
import time
from collections.abc import Callable, Iterator
from threading import Event, Thread
from typing import Any

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from publisher.sources.modbus import Settings, open_source
from publisher.sources.source import Source
from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import drive
from tests.publisher.sources.modbus_gateway import Reply, gateway
from tests.services.process import free_port, listens, wait_for


def words(form: str, value: float) -> list[int]:
    data = struct.pack(form, value)
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def swapped(registers: list[int]) -> list[int]:
    return [int.from_bytes(register.to_bytes(2, "little"), "big") for register in registers]


HOLDING = [
    183,  # 0: 18.3 as tenths
    *words(">h", -50),  # 1
    0x8000,  # 2: sensor missing
    *words(">f", 412.5),  # 3, 4
    *words(">f", 60.25)[::-1],  # 5, 6: low word first
    *swapped(words(">f", 20.9)),  # 7, 8: bytes swapped
    *words(">f", float("nan")),  # 9, 10
    *words(">I", 123456),  # 11, 12
    0b1000,  # 13: bit 3
    *words(">f", float("inf")),  # 14, 15
]


class Server:
    def __init__(self, port: int) -> None:
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._stopped = Event()
        self._thread = Thread(target=self._serve)
        self._thread.start()
        wait_for(lambda: listens(port), "the Modbus server listens")

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._server.shutdown(), self._loop).result(5)
        self._stopped.set()
        self._thread.join()

    def _serve(self) -> None:
        async def serve() -> None:
            device = SimDevice(
                id=7,
                simdata=(
                    [SimData(0, values=[True, False, True], datatype=DataType.BITS)],
                    [SimData(0, values=[True, True, False], datatype=DataType.BITS)],
                    [SimData(0, values=HOLDING, datatype=DataType.REGISTERS)],
                    [SimData(100, values=[77], datatype=DataType.REGISTERS)],
                ),
            )
            self._server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
            await self._server.serve_forever(background=True)
            await self._loop.run_in_executor(None, self._stopped.wait)

        self._loop.run_until_complete(serve())
        self._loop.close()


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(free_port())
    yield server
    server.stop()


def open_modbus(site: Site, port: int, *values: dict[str, Any], **more: Any) -> Source:
    raw = {"kind": "modbus", "host": "127.0.0.1", "port": port, "device": 7, "interval": 0.05, "timeout": 0.5}
    raw |= {"values": [{"cell": "E1C1"} | value for value in values]} | more
    return open_source(Settings.model_validate(raw), site, site.unit_by_code["ecolab-1"])


def test_every_type_and_order(site: Site, server: Server) -> None:
    source = open_modbus(
        site,
        server.port,
        {"parameter": "air_temperature", "address": 0, "factor": 0.1},
        {"parameter": "soil_temperature_1", "address": 1, "factor": 0.1},
        {"parameter": "soil_temperature_2", "address": 2, "missing": [-32768]},
        {"parameter": "co2", "address": 3, "type": "float32"},
        {"parameter": "relative_humidity", "address": 5, "type": "float32", "word_order": "little"},
        {"parameter": "o2", "address": 7, "type": "float32", "byte_order": "little"},
        {"parameter": "rain_water_temperature", "address": 9, "type": "float32"},
        {"parameter": "lysimeter_mass", "address": 11, "type": "uint32", "factor": 0.001, "offset": 1},
        {"parameter": "door", "address": 13, "bit": 3},
        {"parameter": "par", "address": 100, "table": "input", "type": "uint16"},
        {"cell": "E1C2", "parameter": "door", "address": 1, "table": "coil"},
        {"cell": "E1C3", "parameter": "door", "address": 1, "table": "discrete"},
    )
    result = drive(source, most=1)
    assert result.faults == []
    found = {sample.cell: dict(sample.values) for sample in result.samples}
    assert found["E1C1"] == {
        "air_temperature": 18.3,
        "soil_temperature_1": -5,
        "soil_temperature_2": None,
        "co2": 412.5,
        "relative_humidity": 60.25,
        "o2": 20.9,
        "rain_water_temperature": None,
        "lysimeter_mass": 124.456,
        "door": 1,
        "par": 77,
    }
    assert found["E1C2"] == {"door": 0}
    assert found["E1C3"] == {"door": 1}


def test_refused_registers_cost_only_themselves(site: Site, server: Server) -> None:
    source = open_modbus(
        site,
        server.port,
        {"parameter": "air_temperature", "address": 13},
        {"parameter": "co2", "address": 14, "type": "float32"},
        {"parameter": "o2", "address": 16},
    )
    result = drive(source, None, lambda: None, lambda: None)
    assert [dict(sample.values) for sample in result.samples] == [{"air_temperature": 8}] * 3
    assert result.reasons == [
        "E1C1 co2 (holding 14): inf is no number that can be stored",
        "E1C1 o2 (holding 16): the controller answers with exception 2 (illegal address)",
    ]


def test_a_controller_that_goes_and_comes_back(site: Site) -> None:
    port = free_port()
    server = Server(port)
    source = open_modbus(site, port, {"parameter": "air_temperature", "address": 0})

    def back() -> None:
        nonlocal server
        server = Server(port)

    result = drive(source, None, lambda: None, server.stop, lambda: None, back, lambda: None)
    server.stop()
    assert len(result.samples) >= 3
    assert 1 <= len(result.faults) <= 2, "the break and the refused connection, each once"
    assert all(reason.startswith(f"modbus 127.0.0.1:{port}: no ") for reason in result.reasons)


def pause(seconds: float) -> Callable[[], None]:
    return lambda: time.sleep(seconds)


def test_a_32_bit_number_is_stored_as_it_is_written(site: Site) -> None:
    with gateway(lambda _unit, _address, _count: words(">f", 18.2) + words(">f", -9999.9)) as server:
        source = open_modbus(
            site, server.port,
            {"parameter": "air_temperature", "address": 0, "type": "float32"},
            {"parameter": "o2", "address": 0, "type": "float32", "offset": -273.15},
            {"parameter": "co2", "address": 2, "type": "float32", "missing": [-9999.9]},
        )  # fmt: skip
        result = drive(source, most=1)
    assert result.faults == []
    assert dict(result.samples[0].values) == {"air_temperature": 18.2, "o2": -254.95, "co2": None}


def test_one_silent_device_behind_a_gateway_costs_only_itself(site: Site) -> None:
    values = [
        {"parameter": "air_temperature", "address": 0, "device": 1},
        {"cell": "E1C2", "parameter": "air_temperature", "address": 0, "device": 2},
        {"cell": "E1C2", "parameter": "co2", "address": 9, "device": 2},
        {"cell": "E1C3", "parameter": "air_temperature", "address": 0, "device": 3},
    ]

    def behave(unit: int, address: int, count: int) -> Reply:
        return None if unit == 2 else [unit * 10 + address] * count

    with gateway(behave) as server:
        source = open_modbus(site, server.port, *values, timeout=0.3, interval=1)
        result = drive(source, None, *[lambda: None] * 8)
    assert [value for _, value in result.values("air_temperature", "E1C1")] == [10] * 9
    assert [value for _, value in result.values("air_temperature", "E1C3")] == [30] * 9
    assert result.values("air_temperature", "E1C2") == []
    assert result.reasons == ["device 2: no answer within 0.3 s"]
    assert len([1 for unit, _, _ in server.asked if unit == 2]) < 6, "it is asked less and less often"


def test_a_gateway_that_speaks_for_its_silent_device(site: Site) -> None:
    values = [
        {"parameter": "air_temperature", "address": 0, "device": 1},
        {"cell": "E1C2", "parameter": "air_temperature", "address": 0, "device": 2},
    ]
    with gateway(lambda unit, _address, count: 11 if unit == 2 else [7] * count) as server:
        result = drive(open_modbus(site, server.port, *values), None, lambda: None, lambda: None)
    assert [value for _, value in result.values("air_temperature", "E1C1")] == [7] * 3
    assert result.reasons == ["device 2: the device behind the gateway does not answer"]


def test_a_device_that_missed_one_question_is_asked_the_next_time(site: Site) -> None:
    values = [
        {"parameter": "air_temperature", "address": 0, "device": 1},
        {"cell": "E1C2", "parameter": "air_temperature", "address": 0, "device": 2},
    ]
    lost = iter([False, True])

    def behave(unit: int, _address: int, count: int) -> Reply:
        return None if unit == 2 and next(lost, False) else [7] * count

    with gateway(behave) as server:
        source = open_modbus(site, server.port, *values, timeout=0.3, interval=60)
        result = drive(source, None, *[lambda: None] * 3)
    assert len(result.values("air_temperature", "E1C1")) == 4
    assert len(result.values("air_temperature", "E1C2")) == 3


def test_a_silent_device_that_comes_back_is_read_again(site: Site) -> None:
    values = [
        {"parameter": "air_temperature", "address": 0, "device": 1},
        {"cell": "E1C2", "parameter": "air_temperature", "address": 0, "device": 2},
    ]
    off = True

    def back() -> None:
        nonlocal off
        off = False

    with gateway(lambda unit, _address, count: None if off and unit == 2 else [7] * count) as server:
        source = open_modbus(site, server.port, *values, timeout=0.2)
        result = drive(source, None, lambda: None, back, pause(0.3), lambda: None)
    assert result.values("air_temperature", "E1C2")
    assert len(result.faults) == 1


@pytest.mark.parametrize("refusal", [2, 3, 4, None, "close"], ids=["address", "value", "failure", "silence", "close"])
def test_one_refused_register_among_neighbours_costs_only_itself(site: Site, refusal: Reply) -> None:
    def behave(_unit: int, address: int, count: int) -> Reply:
        return refusal if address <= 5 < address + count else list(range(address, address + count))

    codes = ["air_temperature", "co2", "o2", "par", "relative_humidity", "rain_water_temperature", "door", "rainfall"]
    values = [{"parameter": code, "address": 2 + number} for number, code in enumerate(codes)]
    values.append({"parameter": "lysimeter_mass", "address": 50})
    with gateway(behave) as server:
        source = open_modbus(site, server.port, *values, timeout=0.2)
        result = drive(source, None, *[pause(0.25)] * 16)
    assert all(sample.values["lysimeter_mass"] == 50 for sample in result.samples), "from the first question on"
    last = dict(result.samples[-1].values)
    assert last == {code: 2 + number for number, code in enumerate(codes) if 2 + number != 5} | {"lysimeter_mass": 50}
    assert any(reason.startswith("E1C1 par (holding 5): ") for reason in result.reasons)


@pytest.mark.parametrize("refusal", [3, None, "close"], ids=["value", "silence", "close"])
def test_a_limit_on_registers_a_request_costs_nothing(site: Site, refusal: Reply) -> None:
    def behave(_unit: int, address: int, count: int) -> Reply:
        return refusal if count > 4 else list(range(address, address + count))

    codes = ["air_temperature", "co2", "o2", "par", "relative_humidity", "rain_water_temperature", "door", "rainfall"]
    values = [{"parameter": code, "address": number} for number, code in enumerate(codes)]
    with gateway(behave) as server:
        source = open_modbus(site, server.port, *values, timeout=0.2)
        result = drive(source, None, *[lambda: None] * 6)
        asked = server.asked[-2:]
    assert dict(result.samples[-1].values) == {code: number for number, code in enumerate(codes)}
    assert asked == [(7, 0, 4), (7, 4, 4)], "it is remembered"
    if refusal == 3:
        assert result.faults == []
        assert len(result.samples) == 7


def test_a_connection_closed_while_idle_costs_no_question(site: Site) -> None:
    idle: set[int] = set()

    def behave(_unit: int, _address: int, count: int) -> Reply:
        if server.connections in idle:
            return "close"
        idle.add(server.connections)
        return [183] * count

    with gateway(behave) as server:
        source = open_modbus(site, server.port, {"parameter": "air_temperature", "address": 0})
        result = drive(source, None, *[lambda: None] * 4)
    assert result.faults == []
    assert len(result.samples) == 5


def test_a_kept_connection_that_has_gone_silent_costs_no_question(site: Site) -> None:
    forgotten: set[int] = set()

    def behave(_unit: int, _address: int, count: int) -> Reply:
        if server.connections in forgotten:
            return None  # a firewall has dropped the idle connection
        forgotten.add(server.connections)
        return [183] * count

    with gateway(behave) as server:
        source = open_modbus(site, server.port, {"parameter": "air_temperature", "address": 0}, timeout=0.2)
        result = drive(source, None, *[lambda: None] * 3)
    assert result.faults == []
    assert len(result.samples) == 4


@pytest.mark.parametrize("as_unit", [0, 255])
def test_answers_under_another_unit_id_are_explained(site: Site, as_unit: int) -> None:
    with gateway(lambda _unit, _address, count: [183] * count, as_unit=as_unit) as server:
        value = {"parameter": "air_temperature", "address": 0}
        result = drive(open_modbus(site, server.port, value, timeout=0.2), None)
        (reason,) = result.reasons
        assert reason.endswith(f"device 7: it answers under unit id {as_unit}, not 7: set device = {as_unit}")
        assert (
            drive(open_modbus(site, server.port, value, device=as_unit), most=1).values("air_temperature")[0][1] == 183
        )


@pytest.mark.parametrize("refusal", [b"\0\1garbage of a proxy in the way....", b""], ids=["garbage", "nothing"])
def test_what_is_no_answer_costs_only_itself(site: Site, refusal: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    values = [{"parameter": "air_temperature", "address": 0}, {"parameter": "co2", "address": 9}]
    with gateway(lambda _unit, address, _count: [7] if address else refusal) as server:
        result = drive(open_modbus(site, server.port, *values, timeout=0.2), None, pause(0.1), pause(0.1))
    assert [dict(sample.values) for sample in result.samples] == [{"co2": 7}] * 3
    assert result.reasons == ["E1C1 air_temperature (holding 0): no answer within 0.2 s"]
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_controller_that_closes_every_connection_is_told(site: Site) -> None:
    with gateway(lambda _unit, _address, _count: "close") as server:
        result = drive(open_modbus(site, server.port, {"parameter": "air_temperature", "address": 0}), None)
    assert result.samples == []
    assert "the connection was closed in place of an answer" in result.reasons[0]


def test_settings_that_cannot_be_meant_are_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="beyond the last register"):
        open_modbus(site, 502, {"parameter": "co2", "address": 65535, "type": "float32"})
    with pytest.raises(SettingsError, match="no parameter co3"):
        open_modbus(site, 502, {"parameter": "co3", "address": 1})
