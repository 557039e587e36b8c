"""The outbox: a SQLite file on the unit's PC that keeps every reading until the database has it."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import uuid4

import orjson

from publisher.encoding import Encoder
from publisher.reserve import Reserve
from publisher.sources.source import Batch, Fault, Position, Sample
from schemas import times

log = logging.getLogger("publisher")

# Says whose file it is, so that a mistyped path cannot turn another program's database into an outbox.
APPLICATION_ID = 0x0C70B0C5
VERSION = 1
FAULTS_KEPT = 10_000
# Readings deleted at a time where the disk is full.
PIECE = 500

_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reading (sequence INTEGER PRIMARY KEY AUTOINCREMENT, cell TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE newest (cell TEXT PRIMARY KEY, sequence INTEGER NOT NULL, observed_at TEXT NOT NULL,
                     payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE fault (id INTEGER PRIMARY KEY, noticed_at TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""


class OutboxUnusableError(Exception):
    """An outbox file that no waiting can mend; its text says what to do."""


class OutboxFullError(Exception):
    """The disk is full or unwritable just now: nothing was kept, the same call may succeed later."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A reading as the outbox keeps it; `observed_at` is its text on the wire."""

    cell: str
    sequence: int
    observed_at: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What entered: each cell's newest reading of the batch, if it is the newest of all, and the last number."""

    newest: Mapping[str, Entry]
    last: int
    refused: list[Fault]


class Outbox:
    """Used by two threads: one appends, one reads and deletes. The file belongs to one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._connection = _open(path)
        self._reserve = Reserve(path.with_suffix(".reserve"))
        with self._unusable_is_said():
            self.publisher = self._meta("publisher") or ""
            rows = self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchall()
            self.sequence: int = rows[0][0] if rows else 0
            self.waiting: int = self._connection.execute("SELECT COUNT(*) FROM reading").fetchone()[0]
            newest = self._connection.execute("SELECT cell, sequence, observed_at, payload FROM newest")
            self._newest = {row[0]: Entry(*row) for row in newest}
        self._encoder = Encoder(self.publisher)

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

    def append(self, source: str, batch: Batch) -> Appended:
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
            return Appended(newest, self.sequence, refused)

    def after(self, sequence: int, count: int) -> list[tuple[int, str, bytes]]:
        """Return up to `count` kept readings with a higher number, in order: number, cell, payload."""
        with self._lock, self._unusable_is_said():
            return self._connection.execute(
                "SELECT sequence, cell, payload FROM reading WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (sequence, count),
            ).fetchall()

    def holds(self, sequence: int) -> bool:
        with self._lock, self._unusable_is_said():
            found = self._connection.execute("SELECT 1 FROM reading WHERE sequence = ?", (sequence,))
            return found.fetchone() is not None

    def delete(self, ranges: Iterable[tuple[int, int]]) -> int:
        """Forget readings that the database has; return how many were still here."""
        found = list(ranges)
        with self._lock:
            try:
                deleted = self._delete(found)
            except OutboxFullError:
                if not self._reserve.held:
                    raise
                self._reserve.give_up()
                self._empty_log()
                deleted = sum(self._delete([piece]) for piece in self._pieces(found))
            if not self._reserve.held:
                self._make_room()
            self.waiting -= deleted
            return deleted

    def _delete(self, ranges: list[tuple[int, int]]) -> int:
        # A deletion that a power cut undoes costs a repeat, never a reading: no need to wait for the disk.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        try:
            with self._transaction():
                return self._connection.executemany(
                    "DELETE FROM reading WHERE sequence BETWEEN ? AND ?", ranges
                ).rowcount
        finally:
            self._connection.execute("PRAGMA synchronous = FULL")

    def _pieces(self, ranges: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Cut ranges into what can be deleted in memory: a large deletion writes every page that it empties."""
        for first, last in ranges:
            end = min(last, self.sequence)
            yield from ((start, min(end, start + PIECE - 1)) for start in range(first, end + 1, PIECE))

    def _make_room(self) -> bool:
        """Empty the log and take the reserve again; tell whether that is done."""
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
        with self._lock:
            self._connection.close()

    def _encode(self, samples: list[Sample]) -> tuple[list[tuple[int, str, bytes]], dict[str, Entry], list[Fault]]:
        rows: list[tuple[int, str, bytes]] = []
        refused: list[Fault] = []
        best: dict[str, Entry] = {}
        # A newest reading further ahead came from a wrong clock: the next one may replace it.
        horizon = times.to_text(times.now() + times.CLOCK_SKEW)
        sequence, encode = self.sequence, self._encoder.encode
        for sample in samples:
            try:
                payload = encode(sequence + 1, sample)
                at = times.to_text(sample.observed_at)
            except (TypeError, ValueError) as error:
                refused.append(Fault(f"cell {sample.cell}: cannot be sent: {error}", repr(sample)))
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
        with self._unusable_is_said():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _unusable_is_said(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _meaning(self.path, error) from error


def _row(entry: Entry) -> tuple[str, int, str, bytes]:
    return entry.cell, entry.sequence, entry.observed_at, entry.payload


def _meaning(path: Path, error: sqlite3.DatabaseError) -> OutboxUnusableError | OutboxFullError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return OutboxFullError(f"outbox {path}: {error}")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return OutboxUnusableError(
            f"outbox {path}: another publisher is using it; stop that one, or give this one its own publisher.outbox"
        )
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return OutboxUnusableError(
            f"outbox {path}: {error}; keep the file (readings may be saved from it), but move it away:"
            " the next start makes a new one"
        )
    return OutboxUnusableError(f"outbox {path}: {error}")


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutboxUnusableError(f"outbox {path}: {error.strerror or error}") from error
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        # The lock is held as long as the file is open, and the system frees it however the process ends.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        meaning = _meaning(path, error)
        raise OutboxUnusableError(str(meaning)) from error
    except OutboxUnusableError:
        if connection is not None:
            connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects,) = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or objects):
        raise OutboxUnusableError(f"outbox {path}: this file is another program's database; set publisher.outbox")
    if version > VERSION:
        raise OutboxUnusableError(f"outbox {path}: made by a newer Octopus (version {version}); update this one")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # Read and deleted from one end: more memory would serve nothing.
    connection.execute("PRAGMA cache_size = -512")
    if objects == 0:
        # One transaction: a PC that dies here leaves an empty file, not half an outbox.
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('publisher', ?)", (uuid4().hex,))
        connection.execute("COMMIT")
    # Take the lock now, not at the first reading.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
