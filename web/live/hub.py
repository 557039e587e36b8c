"""One hub a process: the newest picture, changes encoded once, the same bytes for every stream.

`event: snapshot` holds everything, `event: delta` the same shape with only what changed, `event: ping` only the
time: the page then knows that the connection lives. `web.live.snapshot` describes what they hold.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

import orjson

from broker.live_picture import (
    AlarmChanged,
    CellChanged,
    Change,
    ConnectionChanged,
    ExperimentChanged,
    LivePicture,
    ServiceChanged,
    UnitChanged,
)
from schemas import times
from schemas.messages import CellExperiment
from schemas.picture import Picture
from web.live.snapshot import Delta, Snapshot, alarms_snapshot, cell_snapshot, plain, status_snapshot, take_snapshot

RETRY = b"retry: 3000\n\n"
# A page that has heard nothing for a few of these says so.
PING_SECONDS = 3.0
# Rights are looked at again when the browser comes back.
LIFETIME_SECONDS = 15 * 60.0
# Writes to clients cost 33 to 80 microseconds of a core each: this many a second leave most of it free.
WRITES_A_SECOND = 5000
SHORTEST_TICK, LONGEST_TICK = 0.02, 0.5

Part = Literal["cells", "units", "services", "experiments", "alarms", "connection"]


class Hub:
    """Written in the event loop alone. `picture` and `snapshot` may be read from any thread."""

    def __init__(self, clock: Callable[[], datetime] = times.now) -> None:
        self._clock = clock
        self.live = LivePicture(clock)
        self.live.listen(self._take)
        # What the cells hold by the database, once it has spoken; until then the broker is believed.
        self._experiments: Mapping[str, CellExperiment] | None = None
        self.request_refresh: Callable[[], None] | None = None
        # Whether the database's newest values are in the picture.
        self.filled = False
        self.clients = 0
        self._dirty: dict[Part, set[str]] = {}
        self._sequence = 0
        self._frame = b""
        self._encoded: tuple[int, int, bytes] = (-1, 0, b"")
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def picture(self) -> Picture:
        """Return what is known now: an immutable value."""
        assigned = self._experiments
        return self.live.picture if assigned is None else replace(self.live.picture, experiments=assigned)

    def snapshot(self) -> Snapshot:
        """Return what is known now as pages and streams get it."""
        return take_snapshot(self.picture, self._clock())

    def put_experiments(self, assigned: Mapping[str, CellExperiment | None]) -> None:
        """Take what the cells hold by the database, which decides from then on."""
        before = self.picture.experiments
        self._experiments = {cell: experiment for cell, experiment in assigned.items() if experiment is not None}
        for cell in before.keys() | self._experiments.keys():
            if before.get(cell) != self._experiments.get(cell):
                self._touch("experiments", cell)

    def _take(self, change: Change) -> None:
        match change:
            case CellChanged(cell):
                self._touch("cells", cell)
            case UnitChanged(unit):
                self._touch("units", unit)
            case ServiceChanged(service):
                self._touch("services", service)
            case AlarmChanged():
                # Nobody waits for a tick to hear of an alarm.
                self._dirty.setdefault("alarms", set())
                self.flush()
            case ConnectionChanged():
                self._dirty.setdefault("connection", set())
                self.flush()
            case ExperimentChanged(cell, experiment) if self._experiments is None:
                del experiment
                self._touch("experiments", cell)
            case ExperimentChanged(cell, experiment):
                # The broker may be late, or another web process may have been first: the database is asked.
                if (
                    self._experiments is not None
                    and self._experiments.get(cell) != experiment
                    and self.request_refresh is not None
                ):
                    self.request_refresh()

    def _touch(self, part: Part, key: str) -> None:
        self._dirty.setdefault(part, set()).add(key)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.tick, self.flush)

    @property
    def tick(self) -> float:
        """Seconds to gather changes: hardly any for few clients, more when each write is multiplied."""
        return min(LONGEST_TICK, max(SHORTEST_TICK, self.clients / WRITES_A_SECOND))

    def flush(self) -> None:
        """Encode what changed and wake every stream."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._dirty:
            return
        changed, self._dirty = self._dirty, {}
        self._sequence += 1
        self._frame = _event("delta", self._delta(changed))
        self._wake_all()

    def _delta(self, changed: Mapping[Part, set[str]]) -> Delta:
        picture = self.picture
        content: Delta = {"now": times.to_text(self._clock())}
        if cells := changed.get("cells"):
            content["cells"] = {cell: cell_snapshot(picture.cells[cell]) for cell in sorted(cells)}
        if units := changed.get("units"):
            content["units"] = {unit: _or_none(status_snapshot, picture.units.get(unit)) for unit in sorted(units)}
        if services := changed.get("services"):
            content["services"] = {
                service: _or_none(status_snapshot, picture.services.get(service)) for service in sorted(services)
            }
        if cells := changed.get("experiments"):
            content["experiments"] = {cell: _or_none(plain, picture.experiments.get(cell)) for cell in sorted(cells)}
        if "alarms" in changed:
            content["alarms"] = alarms_snapshot(picture)
        if "connection" in changed:
            content["broker_connected"] = picture.connected
        return content

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closed = True
        self._wake_all()

    def _wake_all(self) -> None:
        wake, self._wake = self._wake, asyncio.Event()
        wake.set()

    def _whole(self) -> bytes:
        """Return the whole state as an event; made once for all who ask within a second."""
        second = int(time.monotonic())
        if self._encoded[:2] != (self._sequence, second):
            self._encoded = (self._sequence, second, _event("snapshot", self.snapshot()))
        return self._encoded[2]

    async def stream(self, ping: float = PING_SECONDS, lifetime: float = LIFETIME_SECONDS) -> AsyncIterator[bytes]:
        """Yield a snapshot, then each change; who was too slow for one gets the whole state instead.

        `ping` is the longest silence and `lifetime` the longest life of a stream, in seconds.
        """
        self.clients += 1
        try:
            ends = time.monotonic() + lifetime
            last = self._sequence
            yield RETRY + self._whole()
            while not self._closed and time.monotonic() < ends:
                if last != self._sequence:
                    out = self._frame if self._sequence == last + 1 else self._whole()
                    last = self._sequence
                    yield out
                    continue
                wake = self._wake
                try:
                    async with asyncio.timeout(min(ping, max(0.0, ends - time.monotonic()))):
                        await wake.wait()
                except TimeoutError:
                    yield _event("ping", {"now": times.to_text(self._clock())})
        finally:
            self.clients -= 1


def _or_none(make: Callable[[Any], Any], part: object) -> Any:
    return None if part is None else make(part)


def _event(name: str, content: Mapping[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(content) + b"\n\n"
