"""Threads of their own for whoever comes in: hashing a password is slow on purpose, and a directory may hang.

In the threads of the pages, a few dozen logins at once, or six while the directory hangs, would hold up every page.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from facility.acting.refusals import TooManyAttempts

P = ParamSpec("P")
R = TypeVar("R")

THREADS = 8
# Who comes when so many are being let in is asked to come back: a class that logs in together is fewer.
MOST_WAITING = 60
SECONDS = 10


class LoginThreads:
    """A few threads, and who waits for them."""

    def __init__(self, threads: int = THREADS, most: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, "entrance")
        self._most = most
        self._inside = 0

    def __call__(self, handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
        """Make an asynchronous handler of one that blocks."""

        @wraps(handler)
        async def waiting(*args: P.args, **kwargs: P.kwargs) -> R:
            if self._inside >= self._most:
                raise TooManyAttempts(SECONDS)
            self._inside += 1
            work = partial(copy_context().run, handler, *args, **kwargs)
            running = asyncio.get_running_loop().run_in_executor(self._threads, work)
            # Counted until the thread is done: who goes away while waiting does not free it.
            running.add_done_callback(self._done)
            return await asyncio.shield(running)

        return waiting

    def _done(self, running: "asyncio.Future[R]") -> None:
        self._inside -= 1
        if not running.cancelled():
            running.exception()  # seen: whoever asked may be gone


in_login_threads = LoginThreads()
