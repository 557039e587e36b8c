"""The outbox: a SQLite file on the unit's PC that keeps every reading until the database has it."""

import logging
import os
import sqlite3
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from uuid import uuid4

import orjson

from publisher.encoding import Encoder
from publisher.outbox_file import OutboxFullError, errors_explained, is_copy, lock, open_file, place
from publisher.reserve import Reserve
from publisher.sources.source import Position, ReadFault, Sample, SampleBatch
from schemas import times

log = logging.getLogger("publisher")

FAULTS_KEPT = 10_000
# Readings deleted at a time where the disk is full.
PIECE = 500

# A reading as a confirmation names it: number and digest, the latter None for one of an older version.
Confirmed = tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """A reading as the outbox keeps it; `observed_at` is its text on the wire."""

    cell: str
    sequence: int
    observed_at: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What entered: each cell's newest reading of the batch, if it is the newest of all, and the last number.

    `publisher` is what the outbox was called then: after a change of name these numbers mean nothing.
    """

    publisher: str
    newest: Mapping[str, Entry]
    last: int
    refused: list[ReadFault]


class Outbox:
    """Used by two threads: one appends, one reads and deletes. The file belongs to one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._reserve = Reserve(path.with_suffix(".reserve"))
        self._unlock = weakref.finalize(self, os.close, lock(path))
        try:
            self._connection = self._open()
            try:
                self._load()
                self._recognise_a_copy()
            except BaseException:
                self._connection.close()
                raise
        except BaseException:
            self._unlock()
            raise

    def _open(self) -> sqlite3.Connection:
        try:
            return open_file(self.path)
        except OutboxFullError:
            if not self._reserve.reserved:
                raise
            # Only an outbox that opens can be emptied.
            self._reserve.give_up()
            return open_file(self.path)

    def _load(self) -> None:
        with errors_explained(self.path):
            self.publisher = self._meta("publisher") or ""
            rows = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchall()
            self.sequence: int = rows[0][0] if rows else 0
            self.waiting: int = self._connection.execute("SELECT COUNT(*) FROM reading").fetchone()[0]
            newest = self._connection.execute("SELECT cell, sequence, observed_at, payload FROM newest")
            self._newest = {row[0]: Entry(*row) for row in newest}
        self._encoder = Encoder(self.publisher)

    def _recognise_a_copy(self) -> None:
        """Go on under a new name where the file was copied or moved: the original may still be in use."""
        here = place(self.path)
        text = orjson.dumps(here).decode()
        if (before := self._meta("place")) == text:
            return
        if before is not None and is_copy(before, here):
            then = orjson.loads(before)
            self.change_publisher(
                f"this outbox was last used on {then['host']} as {then['path']} and lies now on {here['host']} as"
                f" {here['path']}: it counts as a copy"
            )
        # On a full disk the next start notes it: an outbox that is not opened is never emptied.
        with suppress(OutboxFullError), self._transaction():
            self._connection.execute("REPLACE INTO meta VALUES ('place', ?)", (text,))

    def change_publisher(self, why: str) -> None:
        """Take a new name and number from 1 what waits; whatever was sent before stays with the old name's account.

        For an outbox whose numbers another one uses too. Content and digests of the readings stay, so what is stored
        already is stored once. Raises OutboxFullError and changes nothing when the disk refuses.
        """
        with self._lock:
            before, publisher = self.publisher, uuid4().hex
            encoder = Encoder(publisher)
            with self._transaction():
                numbers = self._renumber(encoder)
                newest = {cell: _renumbered(entry, encoder, numbers) for cell, entry in self._newest.items()}
                execute, many = self._connection.execute, self._connection.executemany
                many("REPLACE INTO newest VALUES (?, ?, ?, ?)", [_row(entry) for entry in newest.values()])
                execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'reading'", (self.waiting,))
                execute("REPLACE INTO meta VALUES ('publisher', ?)", (publisher,))
            self.publisher, self.sequence, self._newest, self._encoder = publisher, self.waiting, newest, encoder
        log.error(
            "%s. It was publisher %s and goes on as %s; %d readings that wait are sent under new numbers, none is lost."
            " If two machines run a copy of one disk, stop one of them",
            why, before, publisher, self.waiting,
        )  # fmt: skip

    def _renumber(self, encoder: Encoder) -> dict[int, int]:
        """Give what waits the numbers from 1, in order; return those of each cell's newest reading by the old ones."""
        newest_sequences = {entry.sequence for entry in self._newest.values()}
        found: dict[int, int] = {}
        number = done = 0
        while rows := self._connection.execute(
            "SELECT sequence, payload FROM reading WHERE sequence > ? ORDER BY sequence LIMIT ?", (done, PIECE)
        ).fetchall():
            changes = []
            for sequence, payload in rows:
                number += 1
                changes.append((number, encoder.renumber(number, payload), sequence))
                if sequence in newest_sequences:
                    found[sequence] = number
            # Never upwards and in order: no number is taken while it is wanted.
            self._connection.executemany("UPDATE reading SET sequence = ?, payload = ? WHERE sequence = ?", changes)
            done = rows[-1][0]
        return found

    @property
    def newest(self) -> dict[str, Entry]:
        """Each cell's newest reading, stored already or not."""
        with self._lock:
            return dict(self._newest)

    def position(self, source: str) -> Position | None:
        """Return the place that this source's last kept batch carried."""
        with self._lock:
            text = self._meta(f"position {source}")
        return None if text is None else orjson.loads(text)

    def append(self, source: str, batch: SampleBatch) -> Appended:
        """Keep a batch with the place after it, all or nothing; raise OutboxFullError when the disk refuses."""
        with self._lock:
            if not self._reserve.hold() and not self._make_room():
                raise OutboxFullError(
                    f"outbox {self.path}: its disk has less than {self._reserve.size // 2**20} MiB left"
                )
            rows, newest, refused = self._encode(batch.samples)
            faults = batch.faults + refused
            with self._transaction():
                execute, many = self._connection.execute, self._connection.executemany
                many("INSERT INTO reading VALUES (?, ?, ?)", rows)
                many("REPLACE INTO newest VALUES (?, ?, ?, ?)", [_row(entry) for entry in newest.values()])
                if batch.position is not None:
                    text = orjson.dumps(batch.position).decode()
                    execute("REPLACE INTO meta VALUES (?, ?)", (f"position {source}", text))
                if faults:
                    at = times.to_text(times.now())
                    many(
                        "INSERT INTO fault (noticed_at, reason, raw) VALUES (?, ?, ?)",
                        [(at, fault.reason[:2000], fault.raw[:2000]) for fault in faults],
                    )
                    execute("DELETE FROM fault WHERE id <= (SELECT MAX(id) FROM fault) - ?", (FAULTS_KEPT,))
            self.sequence += len(rows)
            self.waiting += len(rows)
            self._newest |= newest
            return Appended(self.publisher, newest, self.sequence, refused)

    def after(self, sequence: int, count: int) -> list[tuple[int, str, bytes]]:
        """Return up to `count` kept readings with a higher number, in order: number, cell, payload."""
        with self._lock, errors_explained(self.path):
            return self._connection.execute(
                "SELECT sequence, cell, payload FROM reading WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (sequence, count),
            ).fetchall()

    def holds(self, sequence: int) -> bool:
        """Return whether the reading of this number is still in the outbox."""
        with self._lock, errors_explained(self.path):
            found = self._connection.execute("SELECT 1 FROM reading WHERE sequence = ?", (sequence,))
            return found.fetchone() is not None

    def holds_any(self, readings: Iterable[Confirmed]) -> bool:
        """Return whether one of these readings, by number and digest, waits here."""
        with self._lock, errors_explained(self.path):
            find = "SELECT 1 FROM reading WHERE sequence = ? AND digest_of(payload) IS ?"
            return any(self._connection.execute(find, reading).fetchone() is not None for reading in readings)

    def delete(self, ranges: Iterable[tuple[int, int]], readings: Iterable[Confirmed] = ()) -> int:
        """Forget what the database has, by number alone or by number and digest; return how many were still here."""
        by_number, exact = list(ranges), list(readings)
        with self._lock:
            try:
                deleted = self._delete(by_number, exact)
            except OutboxFullError:
                if not self._reserve.reserved:
                    raise
                self._reserve.give_up()
                self._empty_log()
                deleted = sum(self._delete([piece], []) for piece in self._pieces(by_number))
                for start in range(0, len(exact), PIECE):
                    deleted += self._delete([], exact[start : start + PIECE])
            if not self._reserve.reserved:
                self._make_room()
            self.waiting -= deleted
            return deleted

    def _delete(self, ranges: list[tuple[int, int]], readings: list[Confirmed]) -> int:
        # A deletion that a power cut undoes costs a repeat, never a reading: no need to wait for the disk.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._transaction():
                many = self._connection.executemany
                deleted = 0
                if ranges:
                    deleted += many("DELETE FROM reading WHERE sequence BETWEEN ? AND ?", ranges).rowcount
                if readings:
                    delete = "DELETE FROM reading WHERE sequence = ? AND digest_of(payload) IS ?"
                    deleted += many(delete, readings).rowcount
                return deleted
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    def _pieces(self, ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Cut ranges into what can be deleted in memory: a large deletion writes every page that it empties."""
        for first, last in ranges:
            end = min(last, self.sequence)
            yield from ((start, min(end, start + PIECE - 1)) for start in range(first, end + 1, PIECE))

    def _make_room(self) -> bool:
        """Empty the log and take the reserve again; return whether that succeeded."""
        self._empty_log()
        return self._reserve.hold()

    def _empty_log(self) -> None:
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError as error:
            log.debug("outbox %s: %s", self.path, error)

    def give_back(self) -> None:
        """Shrink the file when a long outage has left it large and empty."""
        with self._lock:
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            if self.waiting < 1000 and free > 5000:
                try:
                    self._connection.execute("VACUUM")
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                except sqlite3.OperationalError as error:
                    log.info("outbox %s keeps its size for now: %s", self.path, error)

    def close(self) -> None:
        """Close the file and release its lock."""
        with self._lock:
            self._connection.close()
            self._unlock()

    def _encode(self, samples: list[Sample]) -> tuple[list[tuple[int, str, bytes]], dict[str, Entry], list[ReadFault]]:
        rows: list[tuple[int, str, bytes]] = []
        refused: list[ReadFault] = []
        best: dict[str, Entry] = {}
        # A newest reading further ahead came from a wrong clock: the next one may replace it.
        horizon = times.to_text(times.now() + times.CLOCK_SKEW)
        sequence, encode = self.sequence, self._encoder.encode
        for sample in samples:
            try:
                payload = encode(sequence + 1, sample)
                at = times.to_text(sample.observed_at)
            except (TypeError, ValueError) as error:
                refused.append(ReadFault(f"cell {sample.cell}: cannot be sent: {error}", repr(sample)))
                continue
            sequence += 1
            rows.append((sequence, sample.cell, payload))
            known = best.get(sample.cell) or self._newest.get(sample.cell)
            if known is None or at >= known.observed_at or (known.observed_at > horizon >= at):
                best[sample.cell] = Entry(sample.cell, sequence, at, payload)
        return rows, best, refused

    def _meta(self, name: str) -> str | None:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with errors_explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise


def _row(entry: Entry) -> tuple[str, int, str, bytes]:
    return entry.cell, entry.sequence, entry.observed_at, entry.payload


def _renumbered(entry: Entry, encoder: Encoder, numbers: Mapping[int, int]) -> Entry:
    """Return a newest reading as the outbox keeps it now; one that is stored already has no number here any more."""
    if (number := numbers.get(entry.sequence)) is None:
        return replace(entry, sequence=0)
    return replace(entry, sequence=number, payload=encoder.renumber(number, entry.payload))
