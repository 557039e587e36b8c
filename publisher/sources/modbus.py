"""The modbus source: polls registers of a controller over Modbus TCP."""

import logging
import struct
from collections.abc import Iterator
from math import isnan
from threading import Event
from typing import Any, Literal

from pydantic import Field, FiniteFloat, model_validator

from publisher.sources.mapping import Target, check_targets, scaled
from publisher.sources.polling import Answer, Unavailable, gathered, poll
from publisher.sources.source import Batch, Fault, Position, Source
from schemas import times
from schemas.site import Site, Unit
from service.settings import Block, SettingsError

# What one request may ask for (the protocol's own limits are 125 registers and 2,000 bits).
_MOST = {"holding": 120, "input": 120, "coil": 1000, "discrete": 1000}
_FORMATS = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
Order = Literal["big", "little"]


class Value(Target):
    """A value in one or more registers, or a bit. Addresses count from 0, as the protocol does."""

    table: Literal["holding", "input", "coil", "discrete"] = "holding"
    address: int = Field(ge=0, le=65535)
    type: Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"] = "int16"
    bit: int | None = Field(default=None, ge=0, le=15, description="a single bit of a register, 0 the lowest")
    device: int | None = Field(default=None, ge=0, le=255)
    word_order: Order | None = None
    byte_order: Order | None = None
    missing: tuple[FiniteFloat, ...] = Field(default=(), description="raw values that mean: no value")

    @property
    def count(self) -> int:
        """The registers that it takes."""
        if self.table in {"coil", "discrete"} or self.bit is not None:
            return 1
        return struct.calcsize(_FORMATS[self.type]) // 2


class Settings(Block):
    kind: Literal["modbus"]
    host: str
    port: int = Field(default=502, ge=1, le=65535)
    device: int = Field(default=1, ge=0, le=255, description="also called unit or slave id")
    interval: float = Field(default=10, ge=0.05, le=3600)
    timeout: float = Field(default=3, gt=0, le=60, description="seconds for one request")
    word_order: Order = "big"
    byte_order: Order = "big"
    values: tuple[Value, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _within_range(self) -> "Settings":
        for value in self.values:
            if value.address + value.count > 65536:
                raise ValueError(f"{value.type} at address {value.address} reaches beyond the last register")
        return self


def open_source(settings: Settings, site: Site, unit: Unit) -> Source:
    """Check the mapping against the site and return the source; raise SettingsError."""
    try:
        import pymodbus  # noqa: F401, PLC0415 - an extra that only this source needs
    except ImportError:
        raise SettingsError('the modbus source needs a library: pip install "octopus-ecotron[modbus]"') from None
    check_targets(
        ((f"source.values.{number}", value.cell, value.parameter) for number, value in enumerate(settings.values)),
        site,
        unit,
    )
    return ModbusSource(settings)


class ModbusSource:
    """Reads registers that lie side by side in one request; the moment of asking is the readings' time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._blocks = _blocks(settings)

    def batches(self, position: Position | None, stop: Event) -> Iterator[Batch]:
        """Yield what the controller holds, and what is wrong with it, once a change."""
        del position  # a controller has no past to go back to
        from pymodbus import ModbusException  # noqa: PLC0415 - an extra that only this source needs
        from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415 - as above

        # We say ourselves, and once, what it would say at each attempt.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        settings = self._settings
        client: AsyncModbusTcpClient | None = None

        async def ask() -> Answer:
            nonlocal client
            if client is None or not client.connected:
                client = AsyncModbusTcpClient(
                    settings.host, port=settings.port, timeout=settings.timeout, retries=0, reconnect_delay=0
                )
                if not await client.connect():
                    raise Unavailable("no connection")
            answer = Answer()
            now = times.now()
            found: list[tuple[str, str, Any, float | None]] = []
            try:
                for block in self._blocks:
                    raws = await self._read(client, block)
                    for value, raw in zip(block, raws, strict=True):
                        self._note(value, raw, now, found, answer.faults)
            except ModbusException as error:
                raise Unavailable(f"no answer ({type(error).__name__})") from None
            answer.samples = gathered(found)
            return answer

        async def close() -> None:
            nonlocal client
            if client is not None:
                client.close()
                client = None

        name = f"modbus {settings.host}:{settings.port}"
        deadline = settings.timeout * (len(settings.values) + 1) + 1
        yield from poll(name, ask, close, interval=settings.interval, deadline=deadline, stop=stop)

    async def _read(self, client: Any, block: list[Value]) -> list[list[int] | str]:
        """Return each value's registers, or why there are none: a block that is refused is asked piece by piece."""
        first = block[0]
        count = max(value.address + value.count for value in block) - first.address
        request = {
            "holding": client.read_holding_registers,
            "input": client.read_input_registers,
            "coil": client.read_coils,
            "discrete": client.read_discrete_inputs,
        }[first.table]
        answer = await request(first.address, count=count, device_id=self._device(first))
        if answer.isError():
            if len(block) == 1:
                return [f"the controller answers with exception {answer.exception_code}"]
            return [raw for value in block for raw in await self._read(client, [value])]
        found = [int(bit) for bit in answer.bits] if first.table in {"coil", "discrete"} else answer.registers
        if len(found) < count:
            return ["the answer is too short"] * len(block)
        return [found[value.address - first.address :][: value.count] for value in block]

    def _note(
        self,
        value: Value,
        raw: list[int] | str,
        now: Any,
        found: list[tuple[str, str, Any, float | None]],
        faults: list[Fault],
    ) -> None:
        where = f"{value.cell} {value.parameter} ({value.table} {value.address})"
        if isinstance(raw, str):
            faults.append(Fault(f"{where}: {raw}"))
            return
        try:
            found.append((value.cell, value.parameter, now, self._number(value, raw)))
        except (ValueError, OverflowError) as error:
            faults.append(Fault(f"{where}: {error}", " ".join(f"{word:04x}" for word in raw)))

    def _number(self, value: Value, registers: list[int]) -> float | None:
        if value.table in {"coil", "discrete"}:
            number: float = registers[0]
        elif value.bit is not None:
            number = registers[0] >> value.bit & 1
        else:
            little = (value.word_order or self._settings.word_order) == "little"
            order = value.byte_order or self._settings.byte_order
            data = b"".join(word.to_bytes(2, order) for word in (registers[::-1] if little else registers))
            number = struct.unpack(f">{_FORMATS[value.type]}", data)[0]
        if isnan(number) or number in value.missing:
            return None
        return scaled(float(number), value.factor, value.offset)

    def _device(self, value: Value) -> int:
        return self._settings.device if value.device is None else value.device


def _blocks(settings: Settings) -> list[list[Value]]:
    """Put values together whose registers touch or overlap; gaps are not read: they may not exist."""

    def place(value: Value) -> tuple[int, str, int]:
        return (settings.device if value.device is None else value.device, value.table, value.address)

    blocks: list[list[Value]] = []
    end = 0
    for value in sorted(settings.values, key=place):
        block = blocks[-1] if blocks else []
        if (
            block
            and place(block[0])[:2] == place(value)[:2]
            and value.address <= end
            and value.address + value.count - block[0].address <= _MOST[value.table]
        ):
            block.append(value)
            end = max(end, value.address + value.count)
        else:
            blocks.append([value])
            end = value.address + value.count
    return blocks
