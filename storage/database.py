"""The one door to the database: an engine from its settings, sessions for reading and for writing."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from service.settings import DatabaseSettings, SettingsError
from storage.faults import is_given_up

Sessions = sessionmaker[Session]

_DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "sqlite": "sqlite",
}


def connect(settings: DatabaseSettings) -> Engine:
    """Make the engine; nothing is opened yet. Raise SettingsError for a URL of no use."""
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
            "read_timeout": max(30, round(settings.timeout * 6)),
            "write_timeout": max(30, round(settings.timeout * 6)),
            "init_command": "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 20",
        },
    )
    event.listen(engine, "handle_error", _give_up)
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
        try:
            url = url.set(password=settings.password_file.read_text(encoding="utf-8").strip())
        except OSError as error:
            raise SettingsError(f"setting database.password_file: {error.filename}: {error.strerror}") from error
    return url.set(drivername=driver)


def read_sessions(engine: Engine) -> Sessions:
    """Return the factory of sessions that only read."""
    return sessionmaker(engine, expire_on_commit=False)


def write_sessions(engine: Engine) -> Sessions:
    """Return the factory of sessions that write: SQLite takes its write lock at once, so none fails half-way."""
    return sessionmaker(engine.execution_options(writes=True), expire_on_commit=False)


def _give_up(context: ExceptionContext) -> None:
    """Drop the pooled connections after an error that the server at this address would repeat for ever."""
    if is_given_up(context.original_exception):
        context.is_disconnect = True


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    del record
    connection.isolation_level = None  # the `begin` listener below says BEGIN, not the driver
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
