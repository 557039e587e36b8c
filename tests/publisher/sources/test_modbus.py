"""Against pymodbus' own server: every type and order, refused registers, a server that goes and comes back."""

import asyncio
import struct
from collections.abc import Iterator
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
        "o2": pytest.approx(20.9),
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
        "E1C1 o2 (holding 16): the controller answers with exception 2",
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


def test_settings_that_cannot_be_meant_are_refused(site: Site) -> None:
    with pytest.raises(ValueError, match="beyond the last register"):
        open_modbus(site, 502, {"parameter": "co2", "address": 65535, "type": "float32"})
    with pytest.raises(SettingsError, match="no parameter co3"):
        open_modbus(site, 502, {"parameter": "co3", "address": 1})
