"""Database access from the event loop: in threads of its own, with a timeout.

The loop's own threads draw, look names up and connect to the broker: a database that hangs must not occupy them.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine

from service.threads import Threads, close
from storage.database import read_sessions, write_sessions
from storage.faults import DatabaseAway, away_as_one

__all__ = ["Database", "DatabaseAway"]

# Seconds that somebody in front of the screen waits before being told that it does not answer.
PATIENCE = 5.0

P = ParamSpec("P")
T = TypeVar("T")


class Database:
    """Sessions, and the threads to use them in."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.read, self.write = read_sessions(engine), write_sessions(engine)
        self._threads = Threads("database", threads)

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it, however long it takes; raise DatabaseAway."""
        with away_as_one():
            return await self._threads.run(work, *args, **kwargs)

    async def ask(self, look: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what only reads; raise DatabaseAway also where the answer would come too late for the person."""
        with away_as_one():
            return await self._threads.within(PATIENCE, look, *args, **kwargs)

    def close(self) -> bool:
        """Accept no more work; return whether all threads have ended, which they do not while the database hangs."""
        return close(self._threads)
