"""What passes is tried again with back-off, what is bad is rejected, what is unknown ends the process."""

import logging
import sqlite3
from collections.abc import Callable
from enum import Enum
from time import monotonic
from typing import TypeVar

import pymysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from storage.revisions import WrongVersion

log = logging.getLogger("ingestor.database")

T = TypeVar("T")

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0


class Kind(Enum):
    PASSES = "passes"
    NEEDS_A_PERSON = "needs a person"
    BAD_DATA = "bad data"
    UNKNOWN = "unknown"


class Stopped(Exception):  # noqa: N818 - not an error: the process was asked to end
    """The process is to end while it waits."""


# Codes of MySQL and MariaDB, and of the client library (2000 and up).
_BUSY = {
    1020, 1040, 1047, 1053, 1062, 1077, 1079, 1129, 1158, 1159, 1160, 1161, 1180, 1203, 1205, 1213, 1226, 1317, 1412,
    1615, 1637, 1836, 1927, 1969, 2002, 2003, 2005, 2006, 2013, 2014, 2027, 2055, 3024, 3572, 4031,
}  # fmt: skip
_FULL = {3, 20, 28, 1021, 1026, 1030, 1114}
_READ_ONLY = {1290, 1792, 1209}
_REFUSED = {1044, 1045, 1130, 1142, 1143, 1227, 1251, 1370, 1524, 1698, 1820, 1862, 2059, 2061, 3118, 4151}
_NOT_PREPARED = {1049, 1054, 1146}
_NO_PARTITION = {1526, 1735, 1748}
_DATA = {1048, 1153, 1216, 1264, 1265, 1292, 1365, 1366, 1367, 1406, 1452, 1644, 1690, 3819, 4025}

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT}
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_SQLITE_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_SQLITE_DATA = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE}


def classify(error: Exception) -> tuple[Kind, str]:
    """Return the kind of a database error, and what a person should read."""
    if isinstance(error, WrongVersion):
        return Kind.NEEDS_A_PERSON, str(error)
    if isinstance(error, PoolTimeoutError):
        return Kind.PASSES, "no database connection is free"
    if not isinstance(error, DBAPIError):
        return Kind.UNKNOWN, f"{type(error).__name__}: {error}"
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _classify_sqlite(cause)
    if isinstance(cause, pymysql.Error):
        return _classify_mysql(cause, lost=error.connection_invalidated)
    return Kind.UNKNOWN, f"{type(cause).__name__}: {cause}"


def _classify_mysql(cause: pymysql.Error, *, lost: bool) -> tuple[Kind, str]:
    code = cause.args[0] if cause.args and isinstance(cause.args[0], int) else 0
    text = f"{cause.args[1] if len(cause.args) > 1 else cause} ({code})"
    told = (
        (
            _REFUSED,
            Kind.NEEDS_A_PERSON,
            f"the database refuses us: {text}: check database.url, its password and the grants",
        ),
        (_NOT_PREPARED, Kind.NEEDS_A_PERSON, f"the database is not prepared: {text}: run `octopus db upgrade`"),
        (
            _NO_PARTITION,
            Kind.NEEDS_A_PERSON,
            f"the history has no partition for what arrives: {text}: run `octopus db upgrade`",
        ),
        (_FULL, Kind.PASSES, f"the database's disk is full or failing: {text}: make room"),
        (_READ_ONLY, Kind.PASSES, f"the database is read-only: {text}"),
        (_DATA, Kind.BAD_DATA, text),
        (_BUSY, Kind.PASSES, f"the database does not answer: {text}"),
    )
    for codes, kind, words in told:
        if code in codes:
            return kind, words
    if lost or isinstance(cause, pymysql.err.InterfaceError):
        return Kind.PASSES, f"the database does not answer: {text}"
    return Kind.UNKNOWN, text


def _classify_sqlite(cause: sqlite3.Error) -> tuple[Kind, str]:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    text = str(cause)
    if code in _SQLITE_BUSY:
        return Kind.PASSES, f"another process holds the database file: {text}"
    if code in _SQLITE_FULL:
        return Kind.PASSES, f"the database's disk is full or failing: {text}: make room"
    if code in _SQLITE_REFUSED:
        return Kind.NEEDS_A_PERSON, f"the database file cannot be written: {text}: check database.url and its rights"
    if code in _SQLITE_DATA or isinstance(cause, sqlite3.DataError):
        return Kind.BAD_DATA, text
    if text.startswith("no such table"):
        return Kind.NEEDS_A_PERSON, f"the database is not prepared: {text}: run `octopus db upgrade`"
    return Kind.UNKNOWN, text


class Retrying:
    """Runs what needs the database until it succeeds; speaks once per change, not each time.

    `pause` sleeps and returns True when the process is to end.
    """

    def __init__(self, pause: Callable[[float], bool]) -> None:
        self._pause = pause
        self._said: str | None = None
        self._since = 0.0

    def run(self, attempt: Callable[[], T]) -> T:
        """Return the attempt's result; raise Stopped, or the error that no waiting mends."""
        pause = _FIRST_PAUSE
        while True:
            try:
                result = attempt()
            except Exception as error:
                kind, text = classify(error)
                if kind in {Kind.BAD_DATA, Kind.UNKNOWN}:
                    raise
                self._say(text)
            else:
                self._say_well()
                return result
            if self._pause(pause):
                raise Stopped
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _say(self, text: str) -> None:
        if self._said is None:
            self._since = monotonic()
        if text != self._said:
            log.warning("%s; nothing is acknowledged meanwhile, trying again", text)
            self._said = text

    def _say_well(self) -> None:
        if self._said is not None:
            log.info("the database takes readings again after %.0f s", monotonic() - self._since)
            self._said = None
