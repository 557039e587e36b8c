"""Half-open intervals of time [start, end): overlap, union and difference."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to `end`. Instants are UTC, so a night with 25 hours is no special case."""

    start: datetime
    end: datetime

    def overlap(self, other: "Span") -> "Span | None":
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in the fewest spans, in order."""
    result: list[Span] = []
    for span in sorted(span for span in spans if span.start < span.end):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def without(whole: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return what is left of `whole` when `taken` is cut out."""
    cuts = merged(taken)
    left: list[Span] = []
    for span in merged(whole):
        start = span.start
        for cut in cuts:
            if cut.end <= start or cut.start >= span.end:
                continue
            if start < cut.start:
                left.append(Span(start, cut.start))
            start = max(start, cut.end)
        if start < span.end:
            left.append(Span(start, span.end))
    return left
