"""The last lines that were kept, as digests: they say whether a place is still the place, and find it again."""

from array import array
from collections import deque
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, BinaryIO, NamedTuple

from publisher.sources.csv import blocks

# A few lines may come again in the night when the clocks are put back; many do not.
SIZES = (1, 8, 64, 512)


class Spot(NamedTuple):
    """Where kept lines were found: the byte and line of the place, and how many lines above it are not blank."""

    offset: int
    line: int
    passed: int


class Tail:
    """Digests of the last 1, 8, 64 and 512 lines in the order in which they were kept; blank ones do not count."""

    def __init__(self, count: int = 0, digests: Iterable[str] = ()) -> None:
        self.count = count
        self._digests = tuple(digests)
        self._recent: deque[int] = deque(maxlen=SIZES[-1])
        self._stale = False

    def __bool__(self) -> bool:
        return self.count > 0

    def to_json(self) -> list[Any]:
        """Return the tail as a JSON array: the count, then the digests."""
        return [self.count, *self.digests]

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of the last kept lines as text, oldest first."""
        if self._stale:
            marks = list(self._recent)
            self._digests = tuple(_digest(marks[-size:]) for size in SIZES if size <= len(marks))
            self._stale = False
        return self._digests

    @property
    def remembered(self) -> bool:
        """Whether the lines themselves are known; after a restart only their digests are."""
        return not self.count or bool(self._recent)

    def add(self, raw: bytes) -> None:
        """Add the digest of a kept line."""
        if bare := _bare(raw):
            self._recent.append(_mark(bare))
            self.count += 1
            self._stale = True

    def clear(self) -> None:
        """Forget all lines."""
        self.__init__()  # type: ignore[misc]  # as new

    def fill(self, marks: list[int]) -> None:
        """Take the lines that stand at the place, the last kept one last."""
        self._recent.clear()
        self._recent.extend(marks)
        self.count = max(self.count, len(marks))
        self._stale = True

    def agrees(self, marks: list[int]) -> bool:
        """Return whether lines, the last kept one last, are those that were kept, as far as they reach."""
        testable = sum(size <= len(marks) for size, _ in zip(SIZES, self.digests, strict=False))
        return 0 < testable == self._score(marks)

    def ends_before(self, marks: list[int], removed: int) -> bool:
        """Return whether lines are those that were kept before the last `gone`."""
        before = list(self._recent)[:-removed][-len(marks) :]
        return bool(before) and before == marks[-len(before) :]

    def forget(self, lines: int) -> None:
        """Take back the last kept lines."""
        for _ in range(lines):
            self._recent.pop()
        self.count -= lines
        self._stale = True

    def find(self, stream: BinaryIO, *, newest_first: bool) -> Spot | None:
        """Search a file for the kept lines; the best match wins, the first of several."""
        if not self.digests:
            return None
        ends, numbers, marks = array("Q"), array("Q"), array("Q")
        for number, line in enumerate(blocks.from_start(stream), 1):
            if bare := _bare(line.raw):
                ends.append(line.end)
                numbers.append(number)
                marks.append(_mark(bare))
        best, found = 0, -1
        for index, mark in enumerate(marks):
            if f"{mark:016x}" == self.digests[0]:
                around = marks[index : index + SIZES[-1]][::-1] if newest_first else marks[: index + 1][-SIZES[-1] :]
                if (score := self._score(list(around))) > best:
                    best, found = score, index
        if found < 0:
            return None
        if newest_first:
            return Spot(ends[found - 1] if found else 0, numbers[found], found)
        return Spot(ends[found], numbers[found], found + 1)

    def _score(self, marks: list[int]) -> int:
        for score, (size, digest) in enumerate(zip(SIZES, self.digests, strict=False)):
            if size > len(marks) or _digest(marks[-size:]) != digest:
                return score
        return len(self.digests)


def marks_above(stream: BinaryIO, offset: int, start: int, most: int = blocks.CHUNK) -> list[int]:
    """Return marks of the lines that end at `offset`, the nearest last; none from before `start`."""
    lines = blocks.before(stream, offset, start, most) or blocks.before(stream, offset, start, blocks.LONGEST_LINE)
    return [_mark(bare) for line in lines if (bare := _bare(line.raw))][-SIZES[-1] :]


def marks_below(stream: BinaryIO, offset: int, most: int = blocks.CHUNK) -> list[int]:
    """Return marks of the lines from `offset` on, the nearest last."""
    stream.seek(offset)
    data = stream.read(most)
    lines = blocks.whole_lines(data, 0)
    if len(data) < most:
        rest = lines[-1].end if lines else 0
        lines += blocks.last_line(data[rest:], rest)
    return [_mark(bare) for line in lines if (bare := _bare(line.raw))][: SIZES[-1]][::-1]


def _bare(raw: bytes) -> bytes:
    """Return a line without its end, blanks and the zeros around it."""
    return raw.strip(b"\r\n\0 \t")


def _mark(bare: bytes) -> int:
    return int.from_bytes(blake2b(bare, digest_size=8).digest())


def _digest(marks: list[int]) -> str:
    if len(marks) == 1:
        return f"{marks[0]:016x}"
    return blake2b(array("Q", marks).tobytes(), digest_size=6).hexdigest()
