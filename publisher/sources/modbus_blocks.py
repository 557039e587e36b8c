"""Which registers are read in one request, and what is done about those that are refused or never answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Generic, Protocol, TypeVar

from publisher.sources.modbus_link import Link, Lost, Refused, Silent
from publisher.sources.polling import LONGEST_PAUSE, Closed, Unavailable
from schemas import times

# What one request may ask for (the protocol's own limits are 125 registers and 2,000 bits).
_MOST = {"holding": 120, "input": 120, "coil": 1000, "discrete": 1000}
# So often a device may be silent in one round before its other blocks are left for the next.
_PATIENCE = 2
# A block that was silent so often is asked in halves: some controllers drop what they do not like. One that
# goes on being silent belongs to a device that is off.
_DOUBT = range(2, 5)
# Values that were read later than this after the others have a time of their own.
_AT_ONCE = 1.0


class Register(Protocol):
    """What is read: a value in `count` registers or bits from `address` on."""

    @property
    def table(self) -> str: ...
    @property
    def address(self) -> int: ...
    @property
    def count(self) -> int: ...


R = TypeVar("R", bound=Register)


@dataclass(slots=True)
class Block(Generic[R]):
    """Values whose registers touch, in order."""

    values: list[R]
    failures: int = 0
    not_before: float = 0.0
    reason: str = ""

    @property
    def first(self) -> int:
        """The first address of the block."""
        return self.values[0].address

    @property
    def end(self) -> int:
        """The address after the block's last register."""
        return max(value.address + value.count for value in self.values)

    def halves(self) -> "tuple[Block[R], Block[R]]":
        """Return the block as two of half its registers each."""
        middle = len(self.values) // 2
        return Block(self.values[:middle]), Block(self.values[middle:])


@dataclass(slots=True)
class Device(Generic[R]):
    """A unit behind the controller's or gateway's address."""

    number: int
    blocks: list[Block[R]]
    failures: int = 0
    not_before: float = 0.0
    reason: str = ""


@dataclass(slots=True)
class Round(Generic[R]):
    """What one round brought: registers with their time, values without any, devices that are silent."""

    found: list[tuple[R, list[int], datetime]] = field(default_factory=list)
    lacking: list[tuple[R, str]] = field(default_factory=list)
    silent: list[tuple[int, str]] = field(default_factory=list)
    answered: bool = False
    waited: bool = False
    begun: float = field(default_factory=monotonic)
    at: datetime = field(default_factory=times.now)

    def take(self, block: Block[R], registers: list[int]) -> None:
        """Note the registers of a block; raw words of 16 bits."""
        if monotonic() - self.begun > _AT_ONCE:
            self.begun, self.at = monotonic(), times.now()
        block.failures = 0
        for value in block.values:
            start = value.address - block.first
            self.found.append((value, registers[start : start + value.count], self.at))

    def lack(self, block: Block[R], reason: str) -> None:
        """Note that a block has no values in this round."""
        self.lacking += [(value, reason) for value in block.values]


class Controller(Generic[R]):
    """Reads all blocks of all devices, those that answered last time first; a silent one costs only itself."""

    def __init__(self, devices: list[Device[R]], connect: Callable[[], Link], interval: float) -> None:
        self._devices, self._make_link, self._interval = devices, connect, interval
        self._link: Link | None = None

    async def read(self) -> Round[R]:
        """Return a round; raise Unavailable where nothing answers, Closed where a new connection may help."""
        kept = self._link is not None
        done: Round[R] = Round()
        try:
            for device in sorted(self._devices, key=lambda device: device.failures):
                # The others' readings wait for one device at most that was silent before.
                if device.not_before > monotonic() or (device.failures and done.waited and done.answered):
                    done.silent.append((device.number, device.reason))
                else:
                    await self._request_device(device, done)
        except Lost as error:
            if not done.answered:
                raise Unavailable(str(error)) from None
            done.silent.append((device.number, str(error)))
        if not done.answered:
            for device in self._devices:
                device.not_before = 0.0
            reason = "; ".join(f"device {number}: {reason}" for number, reason in done.silent)
            raise Closed(reason) if kept else Unavailable(reason)
        return done

    def close(self) -> None:
        """Close the connection to the controller."""
        if self._link is not None:
            self._link.close()
            self._link = None

    async def _request_device(self, device: Device[R], done: Round[R]) -> None:
        silent: list[Block[R]] = []
        spoke = False
        for block in sorted(device.blocks, key=lambda block: block.failures):
            if block.not_before > monotonic():
                silent.append(block)
                continue
            if len(silent) >= (1 if device.failures else _PATIENCE) and not spoke:
                break
            try:
                parts = await self._read_block(device, block, done)
            except Silent as error:
                done.waited = True
                block.failures += 1
                block.reason = str(error)
                silent.append(block)
                continue
            spoke = True
            place = device.blocks.index(block)
            device.blocks[place : place + 1] = parts
        if not spoke:
            device.failures += 1
            device.reason = silent[0].reason
            device.not_before = monotonic() + self._pause(device.failures)
            done.silent.append((device.number, device.reason))
            return
        device.failures = 0
        for block in silent:
            block.not_before = max(block.not_before, monotonic() + self._pause(block.failures))
            done.lack(block, block.reason)

    async def _read_block(self, device: Device[R], block: Block[R], done: Round[R]) -> list[Block[R]]:
        """Read a block; return it, or the parts that it has to be read in from now on. Raise Silent."""
        try:
            registers = await self._request(device, block)
        except Refused as error:
            done.answered = True
            if len(block.values) == 1 or not error.in_parts:
                done.lack(block, str(error))
                return [block]
            parts, _ = await self._request_halves(device, block, done)
            return parts
        except Silent:
            if len(block.values) == 1 or block.failures not in _DOUBT:
                raise
            before = len(done.lacking)
            parts, spoke = await self._request_halves(device, block, done)
            if not spoke:
                del done.lacking[before:]
                raise
            return parts
        done.answered = True
        done.take(block, registers)
        return [block]

    async def _request_halves(self, device: Device[R], block: Block[R], done: Round[R]) -> tuple[list[Block[R]], bool]:
        parts: list[Block[R]] = []
        spoke = False
        for half in block.halves():
            try:
                parts += await self._read_block(device, half, done)
                spoke = True
            except Silent as error:
                half.failures, half.reason = 1, str(error)
                done.lack(half, half.reason)
                parts.append(half)
        return parts, spoke

    async def _request(self, device: Device[R], block: Block[R]) -> list[int]:
        """Ask, once more on a new connection where the kept one is gone; raise Refused, Silent, Lost."""
        for attempt in (1, 2):
            if self._link is None:
                link = self._make_link()
                await link.connect()
                self._link = link
            try:
                return await self._link.read(block.values[0].table, device.number, block.first, block.end - block.first)
            except Lost as error:
                self.close()
                if attempt == 2:
                    raise Silent(str(error)) from None
        raise AssertionError("two attempts end in an answer or a reason")

    def _pause(self, failures: int) -> float:
        """Return for how long something silent is left alone: the first time it may have been a lost packet."""
        longest = max(LONGEST_PAUSE, self._interval)
        return 0.0 if failures < 2 else float(min(self._interval * 2 ** min(failures - 1, 10), longest))


def devices_of(values: list[tuple[int, R]]) -> list[Device[R]]:
    """Put values of the same device together whose registers touch or overlap; gaps are not read."""
    devices: dict[int, Device[R]] = {}
    for number, value in sorted(values, key=lambda pair: (pair[0], pair[1].table, pair[1].address)):
        device = devices.setdefault(number, Device(number, []))
        block = device.blocks[-1] if device.blocks else None
        if (
            block is not None
            and block.values[0].table == value.table
            and value.address <= block.end
            and value.address + value.count - block.first <= _MOST[value.table]
        ):
            block.values.append(value)
        else:
            device.blocks.append(Block([value]))
    return list(devices.values())
