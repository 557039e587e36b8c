"""A connection to a Modbus TCP controller or gateway that tells apart: refused, silent, closed."""

import asyncio
import logging
from typing import Any

# Of a gateway whose device behind it does not answer.
_GATEWAY = {10: "no path to the device", 11: "the device behind the gateway does not answer"}
# Some controllers answer 4 to an address that they do not have.
_IN_PARTS = {2, 3, 4}
_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "failure of the device",
    5: "acknowledged, not done",
    6: "busy",
    8: "memory parity error",
}
# The header of Modbus TCP: transaction, protocol (always 0), length, unit id.
_TRANSACTION = slice(0, 2)
_PROTOCOL = slice(2, 4)
_UNIT_ID = 6
_HEADER = 7


class Refused(Exception):  # noqa: N818 - an answer, not a failure of ours
    """The controller answers, but not with values; `in_parts`: it may have them when less is asked for at once."""

    def __init__(self, reason: str, *, in_parts: bool) -> None:
        super().__init__(reason)
        self.in_parts = in_parts


class Silent(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """No answer within the time-out, or the gateway has none."""


class Lost(Exception):  # noqa: N818 - as above
    """The connection was closed before the answer came, or could not be made."""


class Link:
    """One connection; asks one thing at a time."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415 - an extra that only this source needs

        # We say ourselves, and once, what it would say at each attempt.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._timeout = timeout
        self._lost = asyncio.Event()
        self._request = b""
        self._answered_as: int | None = None
        self._client = AsyncModbusTcpClient(
            host, port=port, timeout=timeout, retries=0, reconnect_delay=0,
            trace_connect=self._connection, trace_packet=self._packet,
        )  # fmt: skip
        # Whether silence means that the connection is broken is decided here, by who else answers.
        self._client.set_max_no_responses(1_000_000)

    @property
    def connected(self) -> bool:
        """Whether the connection is open and has not been lost."""
        return bool(self._client.connected) and not self._lost.is_set()

    async def connect(self) -> None:
        """Raise Lost where there is no connection to be had."""
        if not await self._client.connect():
            raise Lost("no connection")

    async def read(self, table: str, device: int, address: int, count: int) -> list[int]:
        """Return registers, or bits as 0 and 1; raise Refused, Silent or Lost."""
        from pymodbus import ModbusException  # noqa: PLC0415 - an extra that only this source needs

        if not self.connected:
            raise Lost("the connection is closed")
        request = {
            "holding": self._client.read_holding_registers,
            "input": self._client.read_input_registers,
            "coil": self._client.read_coils,
            "discrete": self._client.read_discrete_inputs,
        }[table]
        self._answered_as = None
        request_task = asyncio.ensure_future(request(address, count=count, device_id=device))
        lost_task = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({request_task, lost_task}, return_when=asyncio.FIRST_COMPLETED)
            if not request_task.done():
                raise Lost("the connection was closed in place of an answer")
            answer: Any = request_task.result()
        except ModbusException:
            raise self._no_answer(device) from None
        finally:
            for task in (request_task, lost_task):
                task.cancel()
            await asyncio.gather(request_task, lost_task, return_exceptions=True)
        if answer.isError():
            code = answer.exception_code
            if code in _GATEWAY:
                raise Silent(_GATEWAY[code])
            name = f" ({_EXCEPTIONS[code]})" if code in _EXCEPTIONS else ""
            raise Refused(f"the controller answers with exception {code}{name}", in_parts=code in _IN_PARTS)
        found = [int(bit) for bit in answer.bits] if table in {"coil", "discrete"} else list(answer.registers)
        if len(found) < count:
            raise Refused("the answer is too short", in_parts=True)
        return found[:count]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _no_answer(self, device: int) -> Silent | Lost:
        if not self.connected:
            return Lost("the connection was closed in place of an answer")
        other = self._answered_as
        if other is not None and other != device:
            return Silent(f"it answers under unit id {other}, not {device}: set device = {other}")
        return Silent(f"no answer within {self._timeout:g} s")

    def _connection(self, made: bool) -> None:  # noqa: FBT001 - the library's interface
        if not made:
            self._lost.set()

    def _packet(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - the library's interface
        if sending:
            self._request = data[_TRANSACTION]
        elif len(data) >= _HEADER and data[_TRANSACTION] == self._request and data[_PROTOCOL] == b"\0\0":
            self._answered_as = data[_UNIT_ID]
        return data
