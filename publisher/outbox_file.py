"""The outbox's file: opened, locked against a second publisher, and recognised when it is a copy."""

import errno
import os
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import orjson

from publisher.encoding import digest_of

# Says whose file it is, so that a mistyped path cannot turn another program's database into an outbox.
APPLICATION_ID = 0x0C70B0C5
VERSION = 1

_TABLES = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reading (sequence INTEGER PRIMARY KEY AUTOINCREMENT, cell TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE newest (cell TEXT PRIMARY KEY, sequence INTEGER NOT NULL, observed_at TEXT NOT NULL,
                     payload BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE fault (id INTEGER PRIMARY KEY, noticed_at TEXT NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL);
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
"""
# Another path is needed. What is full, read-only, away or held (on Windows: access denied) is waited for.
_WRONG_PATH = {errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ENAMETOOLONG}
# File systems without such locks; SQLite's own lock still keeps a second publisher out.
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP}
_MACHINE_ID = Path("/etc/machine-id")


class OutboxUnusableError(Exception):
    """An outbox file that cannot be used, whatever one waits; the message has the remedy."""


class OutboxFullError(Exception):
    """The disk is full, unwritable or the file held just now: nothing was kept, the same call may succeed later."""


def open_file(path: Path) -> sqlite3.Connection:
    """Open the outbox, making it where there is none; raise OutboxUnusableError or OutboxFullError (wait)."""
    _touch(path)
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
        connection.create_function("digest_of", 1, digest_of, deterministic=True)
        # The lock is held as long as the file is open, and the system frees it however the process ends.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _prepare(connection, path)
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        raise meaning(path, error) from error
    except OutboxUnusableError:
        if connection is not None:
            connection.close()
        raise
    return connection


def meaning(path: Path, error: sqlite3.DatabaseError) -> OutboxUnusableError | OutboxFullError:
    """Return an error of SQLite as an exception with a message for the operator."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}:
        return OutboxFullError(f"outbox {path}: {error}")
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return OutboxFullError(f"outbox {path}: another program (a backup?) holds the file")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return OutboxUnusableError(
            f"outbox {path}: {error}; keep the file (readings may be saved from it), but move it away:"
            " the next start makes a new one"
        )
    return OutboxUnusableError(f"outbox {path}: {error}")


@contextmanager
def errors_explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into the outbox's own."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise meaning(path, error) from error


def lock(path: Path) -> int:
    """Keep other publishers out until the returned descriptor is closed.

    A lock of its own, for SQLite's says only that *somebody* reads the file: a backup program is waited for, another
    publisher is a mistake in the settings.
    """
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return descriptor
        os.close(descriptor)
        raise OutboxUnusableError(
            f"outbox {path}: another publisher is using it; stop that one, or give this one its own publisher.outbox"
        ) from error
    return descriptor


def place(path: Path) -> dict[str, str]:
    """Say where the file lies: machine and number on its disk tell a copy, host and path tell people."""
    return {
        "machine": _machine(), "file": str(path.stat().st_ino), "host": socket.gethostname(),
        "path": str(path.absolute()),
    }  # fmt: skip


def is_copy(before: str, now: dict[str, str]) -> bool:
    """Return whether an outbox that was used at `before` (JSON of `place`) has been copied or moved since."""
    then = orjson.loads(before)
    return any(then.get(name) and now[name] and then[name] != now[name] for name in ("machine", "file"))


def _machine() -> str:
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - Windows alone has it

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    try:
        return _MACHINE_ID.read_text(encoding="ascii").strip()
    except OSError:  # a container
        return ""


def _touch(path: Path) -> None:
    """Open and close the file: the system says precisely why it cannot be written, SQLite does not."""
    with _disk_errors(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o644))


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = OutboxUnusableError if error.errno in _WRONG_PATH else OutboxFullError
        raise kind(f"outbox {path}: {error.strerror or error}") from error


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
