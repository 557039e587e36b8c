"""The one door to the database: an engine from its settings, sessions for reading and for writing."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

import pymysql
from pymysql.constants import ER
from sqlalchemy import Connection, Dialect, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from service.settings import DatabaseSettings, SecretFileError, SettingsError, read_secret
from storage.faults import is_given_up

_PASSWORD_FILE = "database.password_file"  # noqa: S105 - the name of a setting

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
}


def connect(settings: DatabaseSettings, *, patient: bool = False) -> Engine:
    """Make the engine; nothing is opened yet. Raise SettingsError for a URL of no use.

    `patient` waits for an answer however long it takes: a migration may copy a table for hours.
    """
    url = database_url(settings)
    if url.get_backend_name() == "sqlite":
        # The ingestor's statements are long and never the same: kept prepared, they would take 100 MB.
        engine = create_engine(url, connect_args={"timeout": settings.timeout, "cached_statements": 0})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",  # no gap locks: several ingestors insert side by side
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        # Where another server took over the address, an old one that still answers is left after so many seconds.
        pool_recycle=300,
        pool_timeout=settings.timeout,
        connect_args={
            "charset": "utf8mb4",
            "connect_timeout": max(1, round(settings.timeout)),
            # A server that hangs must end in an error that is tried again, not in silence.
            "read_timeout": None if patient else max(30, round(settings.timeout * 6)),
            "write_timeout": None if patient else max(30, round(settings.timeout * 6)),
            "init_command": "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 20",
        },
    )
    event.listen(engine, "handle_error", _give_up)
    event.listen(engine, "begin", _begin_mysql)
    if settings.password_file is not None:
        event.listen(engine, "do_connect", partial(_read_password, settings.password_file))
    return engine


def database_url(settings: DatabaseSettings) -> URL:
    """Return the URL with its password; raise SettingsError without repeating it."""
    try:
        url = make_url(settings.url.get_secret_value())
    except ArgumentError:
        raise SettingsError(
            "setting database.url: not a database URL, as in mysql+pymysql://user@host/octopus"
        ) from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise SettingsError(
            f"setting database.url: no driver for {url.drivername}: use mysql+pymysql://… or sqlite:///…"
        )
    if settings.password_file is not None:
        url = url.set(password=read_secret(_PASSWORD_FILE, settings.password_file))
    return url.set(drivername=driver)


def _read_password(
    path: Path, dialect: Dialect, record: ConnectionPoolEntry, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Take the password anew for each connection: one that was changed in its file needs no restart."""
    del dialect, record, arguments
    try:
        options["password"] = read_secret(_PASSWORD_FILE, path)
    except SecretFileError as error:
        raise pymysql.err.OperationalError(ER.ACCESS_DENIED_ERROR, str(error)) from error


class ReadSession(Session):
    """A session that reads one snapshot and cannot write; it never waits for who writes."""

    def flush(self, objects: Any = None) -> None:
        """Refuse what would be written; there is never anything to write otherwise."""
        del objects
        if self.new or self.dirty or self.deleted:
            raise TypeError("a session for reading was given something to write")


class Reads(Protocol):
    """What functions that only read take: a request's own transaction, or a factory of sessions."""

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Give a session for the block."""


class ReadSessions(sessionmaker[ReadSession]):
    """Sessions that read, each a snapshot of its own."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.execution_options(reads=True), class_=ReadSession, expire_on_commit=False)

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Give a new session, closed after the block."""
        return self()


class WriteSessions(sessionmaker[Session]):
    """Sessions that write. What only reads gets one that cannot, so that it never takes the write lock."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine.execution_options(writes=True), expire_on_commit=False)
        self._reads = ReadSessions(engine)

    def reading(self) -> AbstractContextManager[ReadSession]:
        """Give a new session for reading what is committed by now, closed after the block."""
        return self._reads()


Sessions = WriteSessions


class ReadTransaction:
    """All that one request reads: one connection and one snapshot, taken at the first read, until `close`.

    After `close`, which any thread may call, each block has a session of its own: a file is still being sent.
    """

    def __init__(self, sessions: ReadSessions) -> None:
        self._sessions = sessions
        self._session: ReadSession | None = None
        self._lock = RLock()
        self._blocks = 0
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        """Give the request's session. One that failed is given up: the next block takes another.

        A thread that was left behind, because the database hangs, keeps it; others get one of their own.
        """
        if not self._lock.acquire(blocking=False):
            with self._sessions() as own:
                yield own
            return
        try:
            yield from self._shared()
        finally:
            self._lock.release()

    def _shared(self) -> Iterator[ReadSession]:
        if self._closed and self._blocks == 0:
            with self._sessions() as own:
                yield own
            return
        self._session = self._session or self._sessions()
        self._blocks += 1
        try:
            yield self._session
        except SQLAlchemyError:
            self._give_back()
            raise
        finally:
            self._blocks -= 1
            if self._closed and self._blocks == 0:
                self._give_back()

    def close(self) -> None:
        """Give the connection back; where a thread still reads, it does so when it has ended."""
        self._closed = True
        if self._lock.acquire(blocking=False):
            try:
                self._give_back()
            finally:
                self._lock.release()

    @property
    def is_open(self) -> bool:
        """Whether the transaction has begun: it does with the first statement."""
        return self._session is not None

    def _give_back(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()


def read_sessions(engine: Engine) -> ReadSessions:
    """Return the factory of sessions that only read."""
    return ReadSessions(engine)


def write_sessions(engine: Engine) -> WriteSessions:
    """Return the factory of sessions that write: SQLite takes its write lock at once, so none fails half-way."""
    return WriteSessions(engine)


def _give_up(context: ExceptionContext) -> None:
    """Drop the pooled connections after an error that the server at this address would repeat for ever."""
    if is_given_up(context.original_exception):
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    del record
    _close_to_others(connection)
    connection.isolation_level = None  # the `begin` listener below says BEGIN, not the driver
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _close_to_others(connection: sqlite3.Connection) -> None:
    """Let nobody but its owner read the file: it holds people and the hashes of their passwords."""
    name = connection.execute("PRAGMA database_list").fetchone()[2]
    # The journals take the mode of the database file when they are made.
    for file in (Path(name), Path(f"{name}-wal"), Path(f"{name}-shm")) if name else ():
        with suppress(FileNotFoundError):
            found = file.stat()
            if found.st_mode & 0o077 and found.st_uid == os.geteuid():
                file.chmod(0o600)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_mysql(connection: Connection) -> None:
    """Have a transaction that reads see one snapshot, and the server refuse it any write."""
    if connection.get_execution_options().get("reads", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
