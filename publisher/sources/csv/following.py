"""Files that grow, are renamed, cut or replaced: which file is which, and what each has that is new.

A file is known by its inode and by a fingerprint of its first bytes, never by its name alone.
"""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from glob import glob, has_magic
from hashlib import sha256
from pathlib import Path
from typing import Any

from publisher.sources.csv.settings import File

FINGERPRINT = 4096
CHUNK = 256 * 1024
LONGEST_LINE = 1024 * 1024
# The unfinished last line of a file that a newer one has followed is whole once nothing moved for so long.
SETTLED = 5.0
# Of files that are gone, so many are remembered, should they come back.
GONE = 16


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read, in bytes and lines; where the header in force begins (-1: none yet) and ends."""

    offset: int = 0
    line: int = 0
    header: int = -1
    body: int = 0


@dataclass(slots=True, eq=False)
class Known:
    """A file that was met: what tells it from others, and how far its lines are kept."""

    path: str
    inode: int
    head: str
    length: int
    kept: Place = field(default_factory=Place)
    # Not remembered over a restart: how far it was read ahead, and what the last look saw.
    read: Place = field(default_factory=Place)
    size: int = -1
    modified: int = 0
    still_since: float = 0
    present: bool = False
    refused_size: int = -1

    def to_json(self) -> list[Any]:
        kept = self.kept
        return [self.path, self.inode, self.head, self.length, kept.offset, kept.line, kept.header, kept.body]

    @classmethod
    def from_json(cls, saved: list[Any]) -> "Known":
        path, inode, head, length, *place = saved
        return cls(path, inode, head, length, Place(*place), Place(*place))

    @property
    def telling(self) -> bool:
        """The fingerprint of a header alone would be that of every file of its kind."""
        return self.kept.header >= 0 and self.kept.offset > self.kept.body and self.length > self.kept.body


@dataclass(frozen=True, slots=True)
class Found:
    """A file as a look finds it; `known` where it is to the byte as at the look before."""

    path: str
    inode: int
    size: int
    modified: int
    head: bytes
    known: Known | None = None

    def continues(self, known: Known) -> bool:
        """Tell whether the content goes on where the known file's was."""
        if self.known is not None:
            return self.known is known
        if self.size < known.kept.offset or len(self.head) < known.length:
            return False
        return fingerprint(self.head[: known.length]) == known.head


class Follower:
    """The files of one `[[source.files]]`, in the order in which they were met."""

    def __init__(self, file: File, saved: list[list[Any]]) -> None:
        self.file = file
        self.files: list[Known] = []
        self._seen: dict[str, tuple[tuple[int, int, int], Known]] = {}
        self.rewind(saved)

    def rewind(self, saved: list[list[Any]]) -> None:
        """Go (back) to this place in all files."""
        self.files = [Known.from_json(entry) for entry in saved]
        self._seen.clear()

    def saved(self) -> list[list[Any]]:
        return [known.to_json() for known in self.files]

    def look(self) -> list[str]:
        """Find out which file is which; return what went wrong since the last look. Raise OSError."""
        found = self._find()
        taken: set[Known] = set()
        rest: list[Found] = []
        for one in found:
            known = next((k for k in self.files if k.inode == one.inode and one.continues(k)), None)
            if known is None or known in taken:
                rest.append(one)
            else:
                taken.add(self._meet(known, one))
        fresh: list[Found] = []
        for one in rest:
            twin = next((k for k in self.files if k.telling and one.continues(k)), None)
            if twin is None:
                fresh.append(one)
            elif twin not in taken:
                taken.add(self._meet(twin, one))
            # else: a copy of a file that is read under its own name
        complaints = self._miss([k for k in self.files if k not in taken], found, {one.path for one in fresh})
        for one in fresh:
            new = Known(one.path, one.inode, fingerprint(one.head), len(one.head))
            self.files.append(self._meet(new, one))
        gone = [known for known in self.files if not known.present][:-GONE]
        self.files = [known for known in self.files if known not in gone]
        return complaints

    def unread(self) -> Iterator[Known]:
        """Yield the files that have more bytes than were read and are not refused, oldest first."""
        for known in self.files:
            if known.present and known.size > known.read.offset and known.size != known.refused_size:
                yield known

    def lines(self, known: Known) -> list[tuple[Place, bytes]]:
        """Return the next whole lines, each with the place after it, and move the place of reading on."""
        try:
            stream = Path(known.path).open("rb")  # noqa: SIM115 - closed below; only its absence is caught here
        except FileNotFoundError:
            return []  # renamed since the look: the next look finds out
        with stream:
            if os.fstat(stream.fileno()).st_ino != known.inode:
                return []
            stream.seek(known.read.offset)
            chunk = stream.read(CHUNK)
            end = chunk.rfind(b"\n") + 1
            if not end and len(chunk) == CHUNK:
                chunk += stream.read(LONGEST_LINE - CHUNK)
                end = chunk.rfind(b"\n") + 1 or (len(chunk) if len(chunk) == LONGEST_LINE else 0)
        if not end and self._finished(known):
            end = len(chunk)
        lines, place = [], known.read
        for raw in chunk[:end].split(b"\n"):
            offset = min(place.offset + len(raw) + 1, known.read.offset + end)
            if offset == place.offset:
                break  # what follows the last line feed
            place = replace(place, offset=offset, line=place.line + 1)
            lines.append((place, raw))
        known.read = place
        return lines

    def header(self, known: Known) -> bytes:
        """Return the header in force again, after a restart."""
        with Path(known.path).open("rb") as stream:
            stream.seek(known.read.header)
            return stream.readline(LONGEST_LINE).removesuffix(b"\n")

    def _find(self) -> list[Found]:
        paths = [self.file.path]
        if has_magic(self.file.path):
            paths = glob(self.file.path, recursive=True)  # noqa: PTH207 - pathlib's takes no absolute patterns
        found = [one for path in paths if (one := self._examine(path)) is not None]
        if self.file.order == "modified":
            return sorted(found, key=lambda one: (one.modified, _natural(one.path)))
        return sorted(found, key=lambda one: _natural(one.path))

    def _examine(self, path: str) -> Found | None:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as stream:
            status = os.fstat(stream.fileno())
            signature = (status.st_ino, status.st_size, status.st_mtime_ns)
            before, known = self._seen.get(path, (None, None))
            if before == signature and known in self.files:
                return Found(path, *signature, b"", known)
            return Found(path, *signature, stream.read(FINGERPRINT))

    def _meet(self, known: Known, found: Found) -> Known:
        if (known.size, known.modified) != (found.size, found.modified):
            known.still_since = time.monotonic()
        known.path, known.inode, known.present = found.path, found.inode, True
        known.size, known.modified = found.size, found.modified
        if known.length < len(found.head):
            known.head, known.length = fingerprint(found.head), len(found.head)
        self._seen[found.path] = ((found.inode, found.size, found.modified), known)
        return known

    def _miss(self, missed: list[Known], found: list[Found], fresh: set[str]) -> list[str]:
        """Look for files that are no longer where they were; say what is lost with those that are gone."""
        complaints = []
        paths = {one.path for one in found}
        for known in missed:
            replaced = known.path in fresh
            if not known.present and not replaced:
                continue
            if (moved := self._search(known, paths)) is not None:
                self._meet(known, moved)
                continue
            known.present = False
            if known.size != known.kept.offset:
                complaints.append(
                    f"{known.path} was {'replaced' if replaced else 'removed'} and had been read up to line"
                    f" {known.kept.line} only; what was written after that is lost unless the file comes back"
                )
                known.size = known.kept.offset
        return complaints

    def _search(self, known: Known, paths: set[str]) -> Found | None:
        """Find a file that was renamed to something that the pattern does not cover, or copied and then cut."""
        taken = paths | {other.path for other in self.files if other is not known and other.present}
        try:
            entries = [entry for entry in os.scandir(Path(known.path).parent) if entry.path not in taken]
        except FileNotFoundError:
            return None
        entries.sort(key=lambda entry: entry.inode() != known.inode)
        for entry in entries:
            if (entry.inode() == known.inode or known.telling) and entry.is_file():
                found = self._examine(entry.path)
                if found is not None and found.continues(known):
                    return found
        return None

    def _finished(self, known: Known) -> bool:
        still = time.monotonic() - known.still_since
        if 0 < self.file.final_line_after <= still:
            return True
        return still >= SETTLED and any(other.present and other.modified > known.modified for other in self.files)


def fingerprint(head: bytes) -> str:
    return sha256(head).hexdigest()[:16]


def _natural(path: str) -> list[tuple[int, str]]:
    """Order log_2 before log_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path)]
