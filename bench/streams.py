"""Live streams held open as browsers would, and counted at the server."""

import asyncio
import multiprocessing
import urllib.request
from multiprocessing.sharedctypes import SynchronizedArray
from multiprocessing.synchronize import Event
from typing import Self

from bench import measuring

DELTA = b"event: delta"


class Streams:
    """`count` streams from a process of their own; use it as a context."""

    def __init__(self, port: int, count: int) -> None:
        self._port, self._count = port, count
        self._open = multiprocessing.Event()
        self._changes = multiprocessing.Array("q", count)
        self._process = multiprocessing.Process(
            target=_hold, args=(port, count, self._open, self._changes), daemon=True
        )

    def __enter__(self) -> Self:
        self._process.start()
        try:
            measuring.require(self._open.wait(120), f"{self._count} live streams could not be opened within 120 s")
            self.require_open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def require_open(self, more: int = 0) -> int:
        """Return how many streams the server has open; raise PremiseError unless these and `more` others are."""
        found = open_streams(self._port)
        expected = self._count + more
        measuring.require(found >= expected, f"{found} live streams are open at the server, not {expected}")
        return found

    @property
    def fewest_changes(self) -> int:
        """The changes that came through the stream that got the fewest."""
        return min(self._changes)


def open_streams(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    return int(float(next(line.split()[1] for line in lines if line.startswith("octopus_live_streams "))))


def _hold(port: int, count: int, is_open: Event, changes: "SynchronizedArray[int]") -> None:
    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"event: snapshot")
        return reader, writer

    async def read(reader: asyncio.StreamReader, number: int) -> None:
        rest = b""
        while part := await reader.read(65536):
            changes[number] += (rest + part).count(DELTA)
            rest = part[-len(DELTA) + 1 :]

    async def hold() -> None:
        # The writers, too: a stream whose writer is forgotten closes its socket.
        connections = [await connect() for _ in range(count)]
        is_open.set()
        await asyncio.gather(*(read(reader, number) for number, (reader, _) in enumerate(connections)))

    asyncio.run(hold())
