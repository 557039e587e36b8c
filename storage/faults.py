"""Outage, conflict, bad data or bug: the one place that decides what an error of the database means."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import pymysql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.threads import Busy
from storage.revisions import WrongVersion


class Kind(Enum):
    """Kinds of database errors by their remedy: waiting, an administrator, other data, or a change of our code."""

    PASSES = "passes"
    NEEDS_A_PERSON = "needs a person"
    NOT_PREPARED = "not prepared"  # a table or column is missing: an upgrade, or a fault of ours
    CONFLICT = "conflict"  # a unique key holds this already
    BAD_DATA = "bad data"  # a value that no column takes
    RULE = "rule of the tables"  # what they refuse by another rule: something is missing, or does not belong together
    BUG = "bug"


AWAY = frozenset({Kind.PASSES, Kind.NEEDS_A_PERSON})


class DatabaseAway(Exception):  # noqa: N818 - it says what happened
    """The database cannot be used now, or does not answer in time; the message has the cause and no data values."""


# Codes of MySQL and MariaDB, and of their client library (2000 and up).
_LOST = {
    1040, 1042, 1043, 1047, 1053, 1077, 1079, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927,
    2002, 2003, 2005, 2006, 2013, 2014, 2027, 2045, 2055, 4031,
}  # fmt: skip
_BUSY = {1020, 1180, 1205, 1213, 1317, 1412, 1615, 1637, 1969, 3024, 3572}
_FULL = {3, 20, 28, 1021, 1026, 1030, 1114}
_READ_ONLY = {1036, 1209, 1290, 1792, 1836, 1874}
_NO_PARTITION = {1526, 1735, 1748}
_REFUSED = {
    1044, 1045, 1049, 1130, 1142, 1143, 1227, 1251, 1370, 1524, 1698, 1820, 1862, 2059, 2061, 3118, 4151,
}  # fmt: skip
_NOT_PREPARED = {1054, 1146}
_CONFLICT = {1022, 1062, 1169, 1586, 1859}
_DATA = {1153, 1264, 1265, 1292, 1365, 1366, 1367, 1406, 1411, 1525, 1644, 1690, 3854}
_RULE = {1048, 1364, 1216, 1217, 1451, 1452, 3819, 4025}
# Another server may answer at this address by now, so the connection is given up: one that went read-only after a
# failover, left its cluster, or is being shut down.
_GIVE_UP = (_LOST | _READ_ONLY) - {1040, 1203, 1226}

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_INTERRUPT}
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_SQLITE_REFUSED = {
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
}  # fmt: skip
_SQLITE_DATA = {sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE}
_SQLITE_CONFLICT = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}


def classify(error: BaseException) -> tuple[Kind, str]:
    """Return what an error means, and what a person should read: no statement, no parameters."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    match cause:
        case sqlite3.Error():
            return _classify_sqlite(cause)
        case pymysql.Error():
            return _classify_mysql(cause, lost=isinstance(error, DBAPIError) and error.connection_invalidated)
        case WrongVersion():
            return Kind.NEEDS_A_PERSON, str(cause)
    waiting = {PoolTimeout: "no database connection is free", Busy: "too many wait for the database already",
               TimeoutError: "the database does not answer in time"}  # fmt: skip
    reason = next((text for kind, text in waiting.items() if isinstance(cause, kind)), None)
    return (Kind.BUG, f"{type(cause).__name__}: {cause}") if reason is None else (Kind.PASSES, reason)


@contextmanager
def away_as_one() -> Iterator[None]:
    """Raise DatabaseAway for whatever means that the database cannot be used now; let everything else through."""
    try:
        yield
    except Exception as error:
        kind, text = classify(error)
        if kind in AWAY:
            raise DatabaseAway(text) from error
        raise


def is_given_up(error: BaseException | None) -> bool:
    """Return whether a connection that gives this error must not be used again, by its driver's error."""
    if not isinstance(error, pymysql.Error):
        return False
    return mysql_code(error) in _GIVE_UP or "packet sequence" in str(error).lower()


def mysql_code(error: pymysql.Error) -> int:
    """Return the server's or the client library's number of an error, 0 where it has none."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0


def _classify_mysql(cause: pymysql.Error, *, lost: bool) -> tuple[Kind, str]:
    code = mysql_code(cause)
    text = f"{cause.args[1] if len(cause.args) > 1 else cause} ({code})"
    meanings = (
        (_LOST, Kind.PASSES, f"the database does not answer: {text}"),
        (_BUSY, Kind.PASSES, f"the database is busy: {text}"),
        (_FULL, Kind.PASSES, f"the database's disk is full or failing: {text}: make room"),
        (_READ_ONLY, Kind.PASSES, f"the database is read-only: {text}"),
        (
            _REFUSED,
            Kind.NEEDS_A_PERSON,
            f"the database refuses us: {text}: check database.url, its password and the grants",
        ),
        (
            _NO_PARTITION,
            Kind.NEEDS_A_PERSON,
            f"the history has no partition for what arrives: {text}: run `octopus db upgrade`",
        ),
        (_NOT_PREPARED, Kind.NOT_PREPARED, f"the database is not prepared: {text}: run `octopus db upgrade`"),
        (_CONFLICT, Kind.CONFLICT, text),
        (_DATA, Kind.BAD_DATA, text),
        (_RULE, Kind.RULE, text),
    )
    for codes, kind, description in meanings:
        if code in codes:
            return kind, description
    if lost or isinstance(cause, pymysql.err.InterfaceError) or is_given_up(cause):
        return Kind.PASSES, f"the database does not answer: {text}"
    return (Kind.BAD_DATA if isinstance(cause, pymysql.err.DataError) else Kind.BUG), text


def _classify_sqlite(cause: sqlite3.Error) -> tuple[Kind, str]:
    extended = getattr(cause, "sqlite_errorcode", 0)
    code, text = extended & 0xFF, str(cause)
    missing = text.startswith(("no such table", "no such column")) or "has no column named" in text
    meanings = (
        (code in _SQLITE_BUSY, Kind.PASSES, f"another process holds the database file: {text}"),
        (code in _SQLITE_FULL, Kind.PASSES, f"the database's disk is full or failing: {text}: make room"),
        (
            code in _SQLITE_REFUSED,
            Kind.NEEDS_A_PERSON,
            f"the database file cannot be used: {text}: check database.url and its rights",
        ),
        (missing, Kind.NOT_PREPARED, f"the database is not prepared: {text}: run `octopus db upgrade`"),
        (extended in _SQLITE_CONFLICT, Kind.CONFLICT, text),
        (code == sqlite3.SQLITE_CONSTRAINT, Kind.RULE, text),
        (code in _SQLITE_DATA or isinstance(cause, sqlite3.DataError), Kind.BAD_DATA, text),
    )
    return next(((kind, description) for applies, kind, description in meanings if applies), (Kind.BUG, text))
