"""The modbus source: polls registers of a controller over Modbus TCP."""

import struct
from collections.abc import Iterator
from threading import Event
from typing import Literal

from pydantic import Field, FiniteFloat, model_validator

from publisher.sources.mapping import Target, check_targets, scaled
from publisher.sources.modbus_blocks import Controller, Round, devices_of
from publisher.sources.modbus_link import Link
from publisher.sources.numbers import Missing, from_float32
from publisher.sources.polling import Measured, PollResult, gathered, poll
from publisher.sources.source import Position, ReadFault, SampleBatch, Source
from schemas.site import Site, Unit
from service.settings import Block, SettingsError

_FORMATS = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
Order = Literal["big", "little"]


class ModbusValue(Target):
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
    """`[source]` of kind modbus."""

    kind: Literal["modbus"]
    host: str
    port: int = Field(default=502, ge=1, le=65535)
    device: int = Field(default=1, ge=0, le=255, description="also called unit or slave id")
    interval: float = Field(default=10, ge=0.05, le=3600)
    timeout: float = Field(default=3, gt=0, le=60, description="seconds for one request")
    word_order: Order = "big"
    byte_order: Order = "big"
    values: tuple[ModbusValue, ...] = Field(min_length=1)

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
        raise SettingsError("the modbus source needs a library: pip install -r requirements/publisher.txt") from None
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
        self._missing = {id(value): Missing(value.missing) for value in settings.values}

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield what the controller holds, and what is wrong with it, once a change."""
        del position  # a controller has no past to go back to
        settings = self._settings
        devices = devices_of([(self._device(value), value) for value in settings.values])
        controller = Controller(
            devices, lambda: Link(settings.host, settings.port, settings.timeout), settings.interval
        )

        async def poll_once() -> PollResult:
            return self._understand(await controller.read())

        async def close() -> None:
            controller.close()

        name = f"modbus {settings.host}:{settings.port}"
        deadline = settings.timeout * (2 * len(settings.values) + 4)
        yield from poll(name, poll_once, close, interval=settings.interval, deadline=deadline, stop=stop)

    def _understand(self, done: Round[ModbusValue]) -> PollResult:
        answer = PollResult()
        found: list[Measured] = []
        for value, registers, at in done.found:
            try:
                found.append(Measured(value.cell, value.parameter, at, self._number(value, registers)))
            except ValueError as error:
                raw = " ".join(f"{word:04x}" for word in registers)
                answer.faults.append(ReadFault(f"{_where(value)}: {error}", raw))
        answer.faults += [ReadFault(f"{_where(value)}: {reason}") for value, reason in done.lacking]
        answer.faults += [ReadFault(f"device {number}: {reason}") for number, reason in done.silent]
        answer.samples = gathered(found)
        return answer

    def _number(self, value: ModbusValue, registers: list[int]) -> float | None:
        if value.table in {"coil", "discrete"}:
            number: float = registers[0]
        elif value.bit is not None:
            number = registers[0] >> value.bit & 1
        else:
            little = (value.word_order or self._settings.word_order) == "little"
            order = value.byte_order or self._settings.byte_order
            data = b"".join(word.to_bytes(2, order) for word in (registers[::-1] if little else registers))
            number = struct.unpack(f">{_FORMATS[value.type]}", data)[0]
            if value.type == "float32":
                number = from_float32(number)
        if self._missing[id(value)].has(number):
            return None
        return float(scaled(number, value.factor, value.offset))

    def _device(self, value: ModbusValue) -> int:
        return self._settings.device if value.device is None else value.device


def _where(value: ModbusValue) -> str:
    return f"{value.cell} {value.parameter} ({value.table} {value.address})"
