"""Simulated cells: readings on a fixed grid of instants, the newest at once, the wanted past behind them."""

import time
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from threading import Event
from typing import Literal

from pydantic import Field

from publisher.simulation.cell import SimulatedCell
from publisher.simulation.faults import Duration, FaultSettings, SimulatedFault, faults_of
from publisher.sources.source import Position, Sample, SampleBatch
from schemas import times
from schemas.site import Site, Unit
from service.settings import Block, SettingsError

_HISTORY_BATCH = 600


class Settings(Block):
    """`[source] kind = "simulated"`."""

    kind: Literal["simulated"]
    seed: int = 0
    period: Duration | None = Field(default=None, description="between two readings; the site's without it")
    history: Duration = Field(default=timedelta(0), description='past to fill in at the start, as in "1d"')
    history_period: Duration | None = Field(default=None, description="between two readings of that past; `period`")
    faults: tuple[FaultSettings, ...] = ()


def open_source(settings: Settings, site: Site, unit: Unit) -> "Simulated":
    """Make the unit's cells; raise SettingsError for periods or faults that do not fit the site."""
    for name in ("period", "history_period"):
        value = getattr(settings, name)
        if value is not None and value < timedelta(milliseconds=100):
            raise SettingsError(f"setting source.{name}: at least 0.1 s")
    for fault in settings.faults:
        if fault.cell is not None and fault.cell not in site.unit_of_cell:
            raise SettingsError(f"setting source.faults: no cell is called {fault.cell}")
        if fault.parameter is not None and fault.parameter not in site.parameter_by_code:
            raise SettingsError(f"setting source.faults: no parameter is called {fault.parameter}")
    return Simulated(settings, site, unit)


class Simulated:
    """A source that makes its readings up."""

    def __init__(self, settings: Settings, site: Site, unit: Unit) -> None:
        self._settings, self._site, self._unit = settings, site, unit
        self._period = settings.period or timedelta(seconds=site.period_of(unit.cells[0]))

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield the present on time and, in between, what is missing of the past."""
        tick = times.floor(times.now(), self._period)
        faults = {cell: faults_of(self._settings.faults, cell, tick) for cell in self._unit.cells}
        present, past = self._cells(faults), self._cells(faults)
        if position is not None and position["at"] == times.to_text(tick):
            tick += self._period
        gaps = self._gaps(position, tick)
        history = self._history(gaps, past)
        delayed: deque[Sample] = deque()
        while not stop.is_set():
            samples = [Sample(cell, tick, model.read(tick.timestamp())) for cell, model in present.items()]
            samples = list(_delivered(samples, faults, tick.timestamp(), delayed))
            yield SampleBatch(samples, _position(gaps, tick))
            tick += self._period
            while (wait := tick.timestamp() - time.time()) > 0:
                if (chunk := next(history, None)) is not None:
                    gaps, samples = chunk
                    yield SampleBatch(samples, _position(gaps, tick - self._period))
                elif stop.wait(wait):
                    return
            # A PC that slept does not make up what it did not see, unless history was asked for.
            if -wait > 10 * self._period.total_seconds():
                gaps = [*gaps, (tick, times.floor(times.now(), self._period))] if self._settings.history else gaps
                history = self._history(gaps, past)
                tick = times.floor(times.now(), self._period)

    def _cells(self, faults: dict[str, list[SimulatedFault]]) -> dict[str, SimulatedCell]:
        return {cell: SimulatedCell(self._site, cell, self._settings.seed, faults[cell]) for cell in self._unit.cells}

    def _gaps(self, position: Position | None, start: datetime) -> "list[tuple[datetime, datetime]]":
        """Return what is missing of the past: from an instant until before another."""
        if not self._settings.history:
            return []
        oldest = start - self._settings.history
        if position is None:
            return [(times.floor(oldest, self._step), start)]
        known = [(times.from_text(a), times.from_text(b)) for a, b in position["gaps"]]
        known.append((times.from_text(position["at"]) + self._step, start))
        return [(max(a, times.floor(oldest, self._step)), b) for a, b in known if b > oldest and a < b]

    @property
    def _step(self) -> timedelta:
        return self._settings.history_period or self._period

    def _history(
        self, gaps: "list[tuple[datetime, datetime]]", cells: dict[str, SimulatedCell]
    ) -> "Iterator[tuple[list[tuple[datetime, datetime]], list[Sample]]]":
        """Yield what is still missing afterwards, and samples."""
        for number, (first, end) in enumerate(gaps):
            instants = _grid(first, end, self._step)
            while part := list(islice(instants, max(1, _HISTORY_BATCH // len(cells)))):
                samples = [
                    Sample(cell, instant, model.read(instant.timestamp()))
                    for instant in part
                    for cell, model in cells.items()
                ]
                left = part[-1] + self._step
                yield [*([(left, end)] if left < end else []), *gaps[number + 1 :]], samples


def _grid(first: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    while first < end:
        yield first
        first += step


def _position(gaps: list[tuple[datetime, datetime]], at: datetime) -> Position:
    return {"gaps": [[times.to_text(a), times.to_text(b)] for a, b in gaps], "at": times.to_text(at)}


def _delivered(
    samples: list[Sample], faults: dict[str, list[SimulatedFault]], instant: float, delayed: deque[Sample]
) -> Iterator[Sample]:
    """Play the faults between sensor and outbox: a unit's PC that is off line, a wrong clock, a repeated export."""
    for sample in samples:
        on = {fault.kind: fault for fault in faults[sample.cell] if fault.on(instant)}
        if "clock_wrong" in on:
            sample = Sample(sample.cell, sample.observed_at + on["clock_wrong"].shift, sample.values)  # noqa: PLW2901 - same
        if "offline" in on:
            delayed.append(sample)
            continue
        late = [earlier for earlier in delayed if earlier.cell == sample.cell]
        for earlier in late:
            delayed.remove(earlier)
        yield from late
        yield sample
        if "duplicate" in on:
            yield sample
