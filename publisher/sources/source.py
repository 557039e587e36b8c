"""The interface of a source of readings: it yields batches, and a position to continue from after each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Any, Protocol

# Where a source goes on reading: a JSON object whose members only that kind of source knows. The outbox stores it in
# the transaction of the samples before it, and passes it to `batches` after a restart.
Position = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """A cell's values by parameter code, in the parameters' units, at one aware instant; None where a sensor gave none.

    `suspect` names parameters whose values the source itself doubts.
    """

    cell: str
    observed_at: datetime
    values: Mapping[str, float | None]
    suspect: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ReadFault:
    """Something that a source could not read: `reason` names the place and the cause, `raw` is the original text."""

    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class SampleBatch:
    """Samples, oldest first, and the position after them: both enter the outbox in one transaction.

    `position` None leaves the stored position as it was.
    """

    samples: list[Sample]
    position: Position | None = None
    faults: list[ReadFault] = field(default_factory=list)


class Source(Protocol):
    """A source runs in a thread of its own and may block, but returns soon after `stop` is set.

    It reports what it cannot read in `SampleBatch.faults` and continues; it raises only for what no waiting can mend.
    `position` is that of the last batch in the outbox, None the first time.
    """

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield batches from `position` on until `stop` is set."""
