"""Threads of their own for whoever logs in: hashing a password is slow on purpose, and a directory may hang.

In the threads of the pages, a few dozen logins at once, or six while the directory hangs, would hold up every page.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from litestar import Request

from facility.acting.refusals import TooManyAttempts
from service.threads import Busy
from web.threads import WebThreads

P = ParamSpec("P")
R = TypeVar("R")

# Who comes when so many are logging in is asked to come back after so many seconds.
SECONDS = 10


def in_login_threads(handler: Callable[P, R]) -> Callable[P, Awaitable[R]]:
    """Make an asynchronous handler of one that blocks and takes the request."""

    @wraps(handler)
    async def waiting(*args: P.args, **kwargs: P.kwargs) -> R:
        request = kwargs["request"]
        assert isinstance(request, Request)  # noqa: S101 - each of these handlers takes it
        threads: WebThreads = request.app.state.threads
        try:
            return await threads.login.run(handler, *args, **kwargs)
        except Busy:
            raise TooManyAttempts(SECONDS) from None

    return waiting
