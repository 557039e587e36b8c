"""Threads for one purpose, with an owner that closes them: what hangs in one pool holds up no other."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import partial
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# Seconds that the end of the process waits for what is still being done.
LEAVING = 2.0


class Busy(Exception):  # noqa: N818 - it says what happened
    """So many wait for these threads already that another one would wait in vain."""


class Threads(ThreadPoolExecutor):
    """At most `count` threads; at most `most` works that are done or wait for it, where that is given.

    An executor as well: for libraries that want one.
    """

    def __init__(self, name: str, count: int, most: int | None = None) -> None:
        super().__init__(count, name)
        self._most = most
        # What is being done or waits for its turn.
        self.works: set[Future[Any]] = set()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """As any executor's; raise Busy where too many wait."""
        if self._most is not None and len(self.works) >= self._most:
            raise Busy
        future = super().submit(fn, *args, **kwargs)
        # Counted until the thread is done: who goes away while waiting does not free it.
        self.works.add(future)
        future.add_done_callback(self.works.discard)
        return future

    async def run(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the work returns, however long it takes; raise Busy, or what the work raises."""
        future = self.submit(partial(copy_context().run, work, *args, **kwargs))
        waiting = asyncio.wrap_future(future)
        # Whoever asked may be gone when it fails.
        waiting.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(waiting)

    async def within(self, seconds: float, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, but raise TimeoutError after so many seconds; the thread goes on with what nobody waits for."""
        async with asyncio.timeout(seconds):
            return await self.run(work, *args, **kwargs)


def close(*pools: Threads, seconds: float = LEAVING) -> bool:
    """Accept no more work; return whether all threads have ended, which they do not while something hangs."""
    for pool in pools:
        pool.shutdown(wait=False, cancel_futures=True)
    return not wait({work for pool in pools for work in pool.works}, timeout=seconds).not_done
