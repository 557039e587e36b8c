"""A known file: how it is recognized, how far its lines are in the outbox, and whether those are still in it."""

from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from publisher.sources.csv import blocks, tails
from publisher.sources.csv.tails import Tail

FINGERPRINT = 4096
# Enough to see at each look whether the last kept lines still stand before the place.
_GLANCE = 16 * 1024
# So many last lines may be written over by a program that corrects them.
_CORRECTED = 4


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read, in bytes and lines; where the header in force begins (-1: none yet) and ends.

    `unended` is where a last line begins that counted as whole without an end, -1 if there is none.
    """

    offset: int = 0
    line: int = 0
    header: int = -1
    body: int = 0
    unended: int = -1


@dataclass(slots=True, eq=False)
class KnownFile:
    """A file, its fingerprint, and the place after its last kept line.

    Of a file with the newest line first, reading goes up: `end` is the byte from the place to which all is known.
    """

    path: str
    inode: int
    head: str
    length: int
    kept: Place = field(default_factory=Place)
    tail: Tail = field(default_factory=Tail)
    end: int = -1
    # Not remembered over a restart: how far it was read ahead, and what the last look saw.
    read: Place = field(default_factory=Place)
    size: int = -1
    modified: int = 0
    still_since: float = 0
    present: bool = False
    refused_size: int = -1
    # The size without zeros reserved at the end, once that is known.
    written: int = -1
    # Its lines were found elsewhere than before: the header has to be looked up again.
    moved: bool = False
    # Then: how many lines that are not blank stand above the place.
    passed: int = 0

    def to_json(self) -> list[Any]:
        """Return the file's state as a JSON array, part of a position."""
        kept = self.kept
        place = [kept.offset, kept.line, kept.header, kept.body]
        return [self.path, self.inode, self.head, self.length, *place, kept.unended, self.end, self.tail.to_json()]

    @classmethod
    def from_json(cls, saved: list[Any]) -> "KnownFile":
        """Return the file's state from a position; arrays of earlier versions are shorter."""
        path, inode, head, length, offset, line, header, body, *more = saved
        # An earlier version knew a file by its beginning alone.
        unended, end, tail = more or (-1, -1, [0])
        count, digests = tail[0], [str(digest) for digest in tail[1:]]
        place = Place(offset, line, header, body, unended)
        return cls(path, inode, head, length, place, Tail(count, digests), end, place)

    @property
    def newest_first(self) -> bool:
        """Whether the newest line stands first and reading goes up."""
        return self.end >= 0

    @property
    def telling(self) -> bool:
        """The fingerprint of a header alone would be that of every file of its kind."""
        return bool(self.tail) or (self.kept.offset > self.kept.body and self.length > self.kept.body)

    @property
    def all_kept(self) -> bool:
        """Whether nothing of what the last look saw is still to be read; before any look, nobody knows."""
        if self.size < 0:
            return False
        if self.newest_first:
            return self.kept.offset <= self.kept.body
        return self.kept.offset >= (self.size if self.written < 0 else self.written)

    def stands_in(self, stream: BinaryIO, size: int, head: bytes) -> bool:
        """Return whether the content is the known one, up to the place at least."""
        if size < self.kept.offset or len(head) < self.length or fingerprint(head[: self.length]) != self.head:
            return False
        return not self.tail or self.tail.agrees(self._marks(stream, _GLANCE))

    def remember(self, stream: BinaryIO) -> None:
        """After a restart, or the first time with this version: take the last kept lines from the file."""
        if not self.tail and self.kept.offset > self.kept.body and self.kept.header >= 0:
            self.tail.count = self.kept.line  # at most so many
        if not self.tail.remembered:
            self.tail.fill(self._marks(stream, blocks.CHUNK))

    def refill(self, stream: BinaryIO) -> None:
        """Take the last kept lines from the file, of which there may be fewer now."""
        marks = self._marks(stream, blocks.CHUNK)
        self.tail.fill(marks)
        if not self.newest_first:
            self.tail.count = max(len(marks), self.passed)

    def turn(self, stream: BinaryIO) -> None:
        """Go on at the end of a file whose newest lines stood first, but to which lines are added at the end."""
        line = sum(1 for line in blocks.from_start(stream) if line.end <= self.end)
        self.kept = self.read = Place(self.end, line, self.kept.header, self.kept.body)
        self.end = -1
        self.tail.fill(self._marks(stream, blocks.CHUNK))

    def step_back(self, stream: BinaryIO, head: bytes) -> bool:
        """Where only the last lines were written over, as programs do that correct them, go back before those."""
        same_header = self.kept.body <= self.length <= len(head) and fingerprint(head[: self.length]) == self.head
        if self.newest_first or not same_header:
            return False
        lines = blocks.before(stream, self.kept.offset, self.kept.body, _GLANCE)
        for removed in range(1, min(_CORRECTED, len(lines) - 1) + 1):
            place = lines[-1 - removed].end
            if self.tail.ends_before(tails.marks_above(stream, place, self.kept.body, _GLANCE), removed):
                self.tail.forget(removed)
                self.kept = self.read = replace(self.kept, offset=place, line=self.kept.line - removed, unended=-1)
                return True
        return False

    def find_again(self, stream: BinaryIO, size: int) -> bool:
        """Look for the kept lines anywhere in a file that was written anew; return whether they were found."""
        spot = self.tail.find(stream, newest_first=self.newest_first)
        if spot is None:
            return False
        self.kept = self.read = Place(spot.offset, spot.line)
        self.passed = spot.passed
        self.end = size if self.newest_first else -1
        self.moved, self.refused_size = True, -1
        return True

    def begin_again(self) -> None:
        """Forget what is known of the content: it is read from its start."""
        self.kept = self.read = Place()
        self.tail.clear()
        self.end, self.moved = -1, False

    def _marks(self, stream: BinaryIO, most: int) -> list[int]:
        if self.newest_first:
            return tails.marks_below(stream, self.kept.offset, most)
        return tails.marks_above(stream, self.kept.offset, self.kept.body, most)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file found by a scan; `known` where it is unchanged since the previous scan."""

    path: str
    inode: int
    size: int
    modified: int
    head: bytes
    known: KnownFile | None = None

    def continues(self, known: KnownFile) -> bool:
        """Return whether the content goes on where the known file's was. Raise OSError."""
        if self.known is not None:
            return self.known is known
        if self.size < known.kept.offset:
            return False
        with Path(self.path).open("rb") as stream:
            return known.stands_in(stream, self.size, self.head)


def fingerprint(head: bytes) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of a file's first bytes."""
    return sha256(head).hexdigest()[:16]
