"""What a source of readings is: something that yields batches and remembers its place between them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, Protocol

# Plain JSON: the outbox keeps it and hands it back after a restart.
Position = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell's values at one aware instant; None is a sensor that gave no value.

    `suspect` names parameters whose values the source itself doubts.
    """

    cell: str
    observed_at: datetime
    values: Mapping[str, float | None]
    suspect: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadFault:
    """Something that a source could not read: where and why in a person's words, and the raw text."""

    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Samples, oldest first, and the place after them: both enter the outbox in one transaction.

    `position` None leaves the remembered place as it was.
    """

    samples: list[Sample]
    position: Position | None = None
    faults: list[ReadFault] = field(default_factory=list)


class Source(Protocol):
    """A source runs in a thread of its own and may block, but returns soon after `stop` is set.

    It says what it cannot read (in `Batch.faults`) and goes on with the rest; it raises only for what
    no waiting can mend. `position` is what the last kept batch carried, None the first time.
    """

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]: ...
