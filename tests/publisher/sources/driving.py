"""Drive a source by hand: whenever it would wait, the next step runs, and after the last one it stops."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any

import orjson

from publisher.sources.source import Position, ReadFault, Sample, Source

Step = Callable[[], object]


@dataclass
class Result:
    samples: list[Sample] = field(default_factory=list)
    faults: list[ReadFault] = field(default_factory=list)
    position: Position | None = None
    batches: int = 0

    @property
    def reasons(self) -> list[str]:
        return [fault.reason for fault in self.faults]

    def values(self, parameter: str, cell: str | None = None) -> list[tuple[datetime, float | None]]:
        return [
            (sample.observed_at, sample.values[parameter])
            for sample in self.samples
            if parameter in sample.values and cell in {None, sample.cell}
        ]


class _Steps(Event):
    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self._steps = list(steps)

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        if self._steps:
            self._steps.pop(0)()
        else:
            self.set()
        return self.is_set()


def drive(source: Source, position: Position | None = None, *steps: Step, most: int | None = None) -> Result:
    """Read until the source has nothing more after the last step, or has given `most` batches."""
    result = Result()
    stop = _Steps(steps)
    for batch in source.batches(position, stop):
        result.batches += 1
        result.samples += batch.samples
        result.faults += batch.faults
        if batch.position is not None:
            # The outbox keeps it as JSON; the tests must not be kinder.
            result.position = as_kept(batch.position)
        if result.batches == most:
            break
    return result


def as_kept(position: Position) -> Position:
    kept: dict[str, Any] = orjson.loads(orjson.dumps(position))
    return kept
