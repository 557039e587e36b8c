"""Lines of several files for one cell become one sample where their times are the same."""

from collections.abc import Iterator
from datetime import datetime
from threading import Event
from time import monotonic
from typing import Any

from publisher.sources.csv.interpreting import ParsedLine
from publisher.sources.csv.reading import Reader
from publisher.sources.csv.settings import Settings
from publisher.sources.source import Position, ReadFault, Sample, SampleBatch
from schemas.site import Site, Unit

BATCH = 2000


class CsvSource:
    """Follows its files by looking at them; remembers per file how far the lines were handed over."""

    def __init__(self, settings: Settings, site: Site, unit: Unit) -> None:
        self._settings, self._site, self._unit = settings, site, unit

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield what is there and then what comes; the place moves past a line only with what it gave."""
        # Another source may have left its own place in the same outbox: that one says nothing here.
        saved: dict[str, Any] = dict(position["files"]) if position and position.get("kind") == "csv" else {}
        readers = {
            name: Reader(file, self._site.zone, self._unit.cells, saved.get(name, {}), self._site.unit_of_cell)
            for name, file in self._settings.named.items()
        }
        names = {reader: name for name, reader in readers.items()}
        groups = _groups([*readers.values()])
        while not stop.is_set():
            idle = True
            for group in groups:
                samples, faults, moved = _take(group, self._settings.join_wait)
                if moved:
                    saved |= {names[reader]: reader.saved() for reader in group}
                    yield SampleBatch(samples, {"kind": "csv", "files": dict(saved)}, faults)
                elif faults:
                    yield SampleBatch([], None, faults)
                idle = idle and not moved
            if idle:
                stop.wait(self._settings.interval)


def _groups(readers: list[Reader]) -> list[list[Reader]]:
    """Put readers together that write to the same cells: only those have anything to wait for."""
    groups: list[list[Reader]] = []
    for reader in readers:
        same = [group for group in groups if any(reader.cells & other.cells for other in group)]
        groups = [group for group in groups if group not in same]
        groups.append([other for group in same for other in group] + [reader])
    return groups


def _take(group: list[Reader], wait: float) -> tuple[list[Sample], list[ReadFault], bool]:
    """Return the next samples, the faults, and whether any line was dealt with."""
    samples: list[Sample] = []
    faults: list[ReadFault] = []
    moved = False
    dry: set[Reader] = set()
    while len(samples) < BATCH and len(faults) < BATCH:
        for reader in group:
            while not (reader.items or reader in dry):
                faults += reader.fill()
                if not reader.items:
                    dry.add(reader)
            while reader.items and reader.items[0].observed_at is None:
                moved = True
                faults += _pop(reader).faults
        heads = [(head, reader) for reader in group if reader.items and (head := reader.items[0].observed_at)]
        if not heads:
            if len(dry) == len(group):
                break
            continue
        if len(heads) + len(dry) < len(group):
            continue  # a chunk of nothing but faults: its reader has to be filled again
        first = min(head for head, _ in heads)
        due = [reader for head, reader in heads if head == first]
        if len(heads) < len(group) and monotonic() - max(reader.items[0].since for reader in due) < wait:
            break
        moved = True
        items = [item for reader in due for item in _same_time(reader, first)]
        faults += [fault for item in items for fault in item.faults]
        samples += _merge(items)
    return samples, faults, moved


def _pop(reader: Reader) -> ParsedLine:
    item = reader.items.popleft()
    reader.keep(item)
    return item


def _same_time(reader: Reader, first: datetime) -> list[ParsedLine]:
    """Return the next line; of a file with one row a tag, the next lines as long as their time is the same."""
    items = [_pop(reader)]
    while reader.file.parameter_column and reader.items and reader.items[0].observed_at in {first, None}:
        items.append(_pop(reader))
    return items


def _merge(items: list[ParsedLine]) -> list[Sample]:
    """Make one sample a cell; a value that contradicts another of the same time stays a sample of its own."""
    samples: list[Sample] = []
    merged: dict[str, dict[str, float | None]] = {}
    for item in items:
        instant = item.observed_at
        if instant is None:
            continue
        for cell, values in item.cells.items():
            kept = merged.get(cell)
            if kept is None:
                merged[cell] = kept = dict(values)
                samples.append(Sample(cell, instant, kept))
                continue
            other = {name: value for name, value in values.items() if name in kept and kept[name] != value}
            kept |= {name: value for name, value in values.items() if name not in kept}
            if other:
                samples.append(Sample(cell, instant, other))
    return samples
