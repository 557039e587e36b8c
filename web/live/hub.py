"""One hub a process: the newest state, changes encoded once, the same bytes for every stream.

`event: snapshot` holds everything, `event: delta` the same shape with only what changed; a changed cell is
given whole. A cell's `observed_at` is its newest; `times` lists the parameters whose own is another.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any

import orjson

from schemas import times
from schemas.messages import Alarm, CellExperiment, Status
from schemas.picture import Latest
from web.live.state import CellState

RETRY = b"retry: 3000\n\n"
PING = b": ping\n\n"
PING_SECONDS = 15.0
# Rights are looked at again when the browser comes back.
LIFETIME_SECONDS = 15 * 60.0
# Writes to clients cost 33 to 80 microseconds of a core each: this many a second leave most of it free.
WRITES_A_SECOND = 5000
SHORTEST_TICK, LONGEST_TICK = 0.02, 0.5


class Hub:
    """Written in the event loop alone. Worker threads may read: what they get is never changed afterwards."""

    def __init__(self, clock: Callable[[], datetime] = times.now) -> None:
        self._clock = clock
        self._cells: dict[str, CellState] = {}
        self.units: dict[str, Status] = {}
        self.services: dict[str, Status] = {}
        self._alarms: dict[tuple[str, str], Alarm] = {}
        self.experiments: dict[str, CellExperiment] = {}
        # What the broker holds of it, by the feed alone; `experiments` follows the database as well.
        self.retained: dict[str, CellExperiment] = {}
        self.ask_database: Callable[[], None] | None = None
        self.broker_connected = False
        self.last_message_at: datetime | None = None
        self.filled = False
        self.clients = 0
        self._dirty: dict[str, set[str]] = {}
        self._alarms_changed = False
        self._sequence = 0
        self._frame = b""
        self._snapshot: tuple[int, int, bytes] = (-1, 0, b"")
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    # What others read

    def cell(self, cell: str) -> dict[str, Latest]:
        """Return the newest values of a cell, by parameter."""
        state = self._cells.get(cell)
        return {} if state is None else dict(state.values)

    @property
    def alarms(self) -> list[Alarm]:
        return list(self._alarms.values())

    # What the feed writes

    def put_reading(self, cell: str, values: Mapping[str, Latest]) -> None:
        """Take a reading: what is newer than what is held."""
        state = self._cells.get(cell) or CellState()
        if state.put(values, self._clock()):
            self._cells[cell] = state
            self._touch("cells", cell)

    def put_unit(self, unit: str, status: Status | None) -> None:
        self._put("units", self.units, unit, status)

    def put_service(self, service: str, status: Status | None) -> None:
        self._put("services", self.services, service, status)

    def put_experiment(self, cell: str, experiment: CellExperiment | None) -> None:
        self._put("experiments", self.experiments, cell, experiment)

    def put_retained(self, cell: str, experiment: CellExperiment | None) -> None:
        """Take what the broker says of a cell's experiment.

        It may be late, or another web process may have been first: once the database has spoken, it is asked.
        """
        if experiment is None:
            self.retained.pop(cell, None)
        else:
            self.retained[cell] = experiment
        if self.ask_database is None:
            self.put_experiment(cell, experiment)
        elif self.experiments.get(cell) != experiment:
            self.ask_database()

    def put_alarm(self, place: str, code: str, alarm: Alarm | None) -> None:
        """Take an alarm, or its end; nobody waits for a tick."""
        if self._alarms.get((place, code)) == alarm:
            return
        if alarm is None:
            del self._alarms[place, code]
        else:
            self._alarms[place, code] = alarm
        self._alarms_changed = True
        self.flush()

    def _put(self, what: str, held: dict[str, Any], key: str, value: object) -> None:
        if held.get(key) == value:
            return
        if value is None:
            del held[key]
        else:
            held[key] = value
        self._touch(what, key)

    def _touch(self, what: str, key: str) -> None:
        self._dirty.setdefault(what, set()).add(key)
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
        if not self._dirty and not self._alarms_changed:
            return
        content: dict[str, Any] = {"now": times.to_text(self._clock())}
        if cells := self._dirty.get("cells"):
            content["cells"] = {cell: self._cell(cell) for cell in sorted(cells)}
        for what, held in (("units", self.units), ("services", self.services), ("experiments", self.experiments)):
            if keys := self._dirty.get(what):
                content[what] = {key: _dump(held.get(key)) for key in sorted(keys)}
        if self._alarms_changed:
            content["alarms"] = [_dump(alarm) for alarm in self.alarms]
        self._dirty, self._alarms_changed = {}, False
        self._sequence += 1
        self._frame = _event("delta", content)
        self._wake_all()

    def close(self) -> None:
        """End every stream: the server stops."""
        self._closed = True
        self._wake_all()

    def _wake_all(self) -> None:
        wake, self._wake = self._wake, asyncio.Event()
        wake.set()

    # What clients get

    def snapshot(self) -> bytes:
        """Return the whole state; made once for all who ask within a second."""
        second = int(time.monotonic())
        if self._snapshot[:2] != (self._sequence, second):
            self._snapshot = (self._sequence, second, _event("snapshot", self.whole()))
        return self._snapshot[2]

    def whole(self) -> dict[str, Any]:
        """Return what a snapshot says; pages are rendered from it."""
        return {
            "now": times.to_text(self._clock()),
            "cells": {cell: self._cell(cell) for cell in sorted(self._cells)},
            "units": {unit: _dump(status) for unit, status in self.units.items()},
            "services": {service: _dump(status) for service, status in self.services.items()},
            "alarms": [_dump(alarm) for alarm in self.alarms],
            "experiments": {cell: _dump(experiment) for cell, experiment in self.experiments.items()},
        }

    def _cell(self, cell: str) -> dict[str, Any]:
        state = self._cells[cell]
        newest = state.observed_at
        content: dict[str, Any] = {
            "observed_at": times.to_text(newest),
            "values": {parameter: value.value for parameter, value in state.values.items()},
            "quality": {parameter: value.quality for parameter, value in state.values.items() if value.quality},
        }
        others = {p: times.to_text(v.observed_at) for p, v in state.values.items() if v.observed_at != newest}
        return content | {"times": others} if others else content

    async def stream(self, ping: float = PING_SECONDS, lifetime: float = LIFETIME_SECONDS) -> AsyncIterator[bytes]:
        """Yield a snapshot, then each change; who was too slow for one gets the whole state instead."""
        self.clients += 1
        try:
            ends = time.monotonic() + lifetime
            last = self._sequence
            yield RETRY + self.snapshot()
            while not self._closed and time.monotonic() < ends:
                if last != self._sequence:
                    out = self._frame if self._sequence == last + 1 else self.snapshot()
                    last = self._sequence
                    yield out
                    continue
                wake = self._wake
                try:
                    async with asyncio.timeout(min(ping, max(0.0, ends - time.monotonic()))):
                        await wake.wait()
                except TimeoutError:
                    yield PING
        finally:
            self.clients -= 1


def _dump(message: Status | Alarm | CellExperiment | None) -> dict[str, Any] | None:
    return None if message is None else message.model_dump(mode="python", exclude_none=True)


def _event(name: str, content: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + orjson.dumps(content) + b"\n\n"
