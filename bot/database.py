"""The database from an event loop: asked in threads of its own, and waited for no longer than a person would.

The loop's own threads draw, look names up and connect to the broker: a database that hangs must not occupy them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.database import read_sessions, write_sessions

# Seconds that somebody in front of the screen waits before being told that it does not answer.
PATIENCE = 5.0
# Seconds that the end of the process waits for what is being written.
LEAVING = 2.0

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseAway(Exception):  # noqa: N818 - it says what happened
    """The database does not answer, or not in time; the text is the error's name."""


class Database:
    """Sessions, and the threads to use them in."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.read, self.write = read_sessions(engine), write_sessions(engine)
        self._threads = ThreadPoolExecutor(threads, "database")
        self._works: set[Future[Any]] = set()

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it, however long it takes; raise DatabaseAway."""
        future = self._threads.submit(work, *args, **kwargs)
        self._works.add(future)
        future.add_done_callback(self._works.discard)
        try:
            return await asyncio.wrap_future(future)
        except SQLAlchemyError as error:
            raise DatabaseAway(type(error).__name__) from error

    async def ask(self, look: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do what only reads; raise DatabaseAway also where the answer would come too late for the person."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.run(look, *args, **kwargs)
        except TimeoutError:
            raise DatabaseAway("no answer in time") from None

    def close(self) -> bool:
        """Take no more work; tell whether all threads have ended, which they do not while the database hangs."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        return not wait(set(self._works), timeout=LEAVING).not_done
