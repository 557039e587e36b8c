"""Files that grow, are renamed, cut, replaced or written anew: which file is which, and what each has that is new.

A file is known by its inode, a fingerprint of its first bytes and its last kept lines, never by its name alone.
"""

import logging
import os
import re
import time
from collections.abc import Iterator
from glob import glob
from pathlib import Path
from typing import Any

from publisher.sources.csv.known import FINGERPRINT, FoundFile, KnownFile, fingerprint
from publisher.sources.csv.settings import File

log = logging.getLogger(__name__)

# The unfinished last line of a file that a newer one has followed is whole once nothing moved for so long.
SETTLED = 5.0
# Programs write in pieces of a disk's blocks: a file that ends with one may go on in mid-line, much later.
BLOCK = 512
HOUR = 3600.0
# Of files that are gone, so many are remembered, should they come back.
MISSING = 16


class Follower:
    """The files of one `[[source.files]]`, in the order in which they were met."""

    def __init__(self, file: File, saved: list[list[Any]]) -> None:
        self.file = file
        self.files: list[KnownFile] = []
        self._seen: dict[str, tuple[tuple[int, int, int], KnownFile]] = {}
        self.rewind(saved)

    def rewind(self, saved: list[list[Any]]) -> None:
        """Go (back) to this place in all files."""
        self.files = [KnownFile.from_json(entry) for entry in saved]
        self._seen.clear()

    def saved(self) -> list[list[Any]]:
        """Return the files' places as JSON, for a position."""
        return [known.to_json() for known in self.files]

    def scan(self) -> list[str]:
        """Match the files found with the known ones; return messages about lost lines. Raise OSError."""
        found = self._find()
        taken: set[KnownFile] = set()
        fresh = self._recognize(found, taken)
        self._adopt(fresh, taken)
        complaints = self._miss([k for k in self.files if k not in taken], found, {item.path for item in fresh})
        for item in fresh:
            new = KnownFile(item.path, item.inode, fingerprint(item.head), len(item.head))
            self.files.append(self._meet(new, item))
        missing = [known for known in self.files if not known.present][:-MISSING]
        self.files = [known for known in self.files if known not in missing]
        return complaints

    def _recognize(self, found: list[FoundFile], taken: set[KnownFile]) -> list[FoundFile]:
        """Meet the files that go on where they were, renamed and copied ones too; return the others."""
        rest: list[FoundFile] = []
        for item in found:
            known = next((k for k in self.files if k.inode == item.inode and item.continues(k)), None)
            if known is None or known in taken or self._emptied(known, item):
                rest.append(item)
            else:
                taken.add(self._meet(known, item))
        fresh: list[FoundFile] = []
        for item in rest:
            match = next((k for k in self.files if k.telling and item.continues(k)), None)
            if match is None:
                fresh.append(item)
            elif match not in taken:
                taken.add(self._meet(match, item))
            # else: a copy of a file that is read under its own name
        return fresh

    def _adopt(self, fresh: list[FoundFile], taken: set[KnownFile]) -> None:
        """Meet the files that were written anew with known lines in them, and those that were empty until now."""
        for item in [*fresh]:
            empty = next((k for k in self.files if k not in taken and not k.tail and k.inode == item.inode), None)
            known = self._written_anew(item, taken)
            if known is not None and empty is not None:
                self.files.remove(empty)
            known = known or (empty if empty is not None and item.continues(empty) else None)
            if known is not None:
                fresh.remove(item)
                taken.add(self._meet(known, item))

    def unread(self) -> Iterator[KnownFile]:
        """Yield the files that have more bytes than were read and are not refused, oldest first."""
        for known in self.files:
            if not known.present or known.size == known.refused_size:
                continue
            if known.newest_first and known.read.offset <= known.read.body and known.size > known.end:
                with Path(known.path).open("rb") as stream:
                    known.turn(stream)
            up, on = known.read.offset > known.read.body, known.size > known.read.offset
            more = known.moved or (up if known.newest_first else on)
            if more:
                yield known

    def finished(self, known: KnownFile) -> bool:
        """Return whether the last line is as whole as it will be, though it has no end."""
        still = time.monotonic() - known.still_since
        if self.file.final_line_after > 0:
            patience = self.file.final_line_after
            if known.size % BLOCK == 0 and "final_line_after" not in self.file.model_fields_set:
                patience = max(patience, HOUR)
            if still >= patience or time.time() - known.modified / 1e9 >= max(patience, HOUR):
                return True
        return still >= SETTLED and any(other.present and other.modified > known.modified for other in self.files)

    def _find(self) -> list[FoundFile]:
        paths = [self.file.path]
        if any(mark in self.file.path for mark in "*?"):
            # A bracket is a character like any other: many a folder is called log[1].
            paths = glob(self.file.path.replace("[", "[[]"), recursive=True)  # noqa: PTH207 - takes absolute patterns
        found = [one for path in paths if (one := self._examine(path)) is not None]
        if self.file.order == "modified":
            return sorted(found, key=lambda item: (item.modified, _natural(item.path)))
        return sorted(found, key=lambda item: _natural(item.path))

    def _emptied(self, known: KnownFile, file: FoundFile) -> bool:
        """Return whether nothing is known of a file yet, while there was one before it at the same place."""
        return not known.tail and file.known is None and any(self._former(file, other) for other in self.files)

    def _former(self, file: FoundFile, known: KnownFile) -> bool:
        return bool(known.tail) and (known.inode == file.inode or known.path == file.path)

    def _written_anew(self, file: FoundFile, taken: set[KnownFile]) -> KnownFile | None:
        """Return the known file whose last lines stand somewhere in this one, which has taken its place."""
        for known in reversed(self.files):
            if known not in taken and self._former(file, known):
                with Path(file.path).open("rb") as stream:
                    if known.step_back(stream, file.head) or known.find_again(stream, file.size):
                        known.head, known.length = fingerprint(file.head), len(file.head)
                        return known
        return None

    def _examine(self, path: str) -> FoundFile | None:
        if not Path(path).is_file():
            return None
        with Path(path).open("rb") as stream:
            status = os.fstat(stream.fileno())
            signature = (status.st_ino, status.st_size, status.st_mtime_ns)
            before, known = self._seen.get(path, (None, None))
            if before == signature and known in self.files:
                return FoundFile(path, *signature, b"", known)
            return FoundFile(path, *signature, stream.read(FINGERPRINT))

    def _meet(self, known: KnownFile, found: FoundFile) -> KnownFile:
        if (known.size, known.modified) != (found.size, found.modified):
            known.still_since = time.monotonic()
        known.path, known.inode, known.present = found.path, found.inode, True
        known.size, known.modified = found.size, found.modified
        if known.length < len(found.head):
            known.head, known.length = fingerprint(found.head), len(found.head)
        if found.known is None and not known.moved:
            with Path(found.path).open("rb") as stream:
                known.remember(stream)
        self._seen[found.path] = ((found.inode, found.size, found.modified), known)
        return known

    def _miss(self, missed: list[KnownFile], found: list[FoundFile], fresh: set[str]) -> list[str]:
        """Look for files that are no longer where they were; say what is lost with those that are gone."""
        complaints = []
        paths = {item.path for item in found}
        for known in missed:
            replaced = known.path in fresh
            if not known.present and not replaced:
                continue
            if (moved := self._search(known, paths)) is not None:
                self._meet(known, moved)
                continue
            known.present = False
            if not known.all_kept:
                complaints.append(
                    f"{known.path} was {'replaced' if replaced else 'removed'} and had been read up to line"
                    f" {known.kept.line} only; what was written after that is lost unless the file comes back"
                )
                known.size = known.written = known.kept.offset
        return complaints

    def _search(self, known: KnownFile, paths: set[str]) -> FoundFile | None:
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


def _natural(path: str) -> list[tuple[int, str]]:
    """Order log_2 before log_10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", path)]
