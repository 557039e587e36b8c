"""Threads of one purpose: bounded, waited for no longer than is worth it, and closed by their owner."""

import asyncio
from contextvars import ContextVar
from threading import Event

import pytest

from service.threads import Busy, Threads, close
from tests.services.process import wait_for

NAME: ContextVar[str] = ContextVar("NAME")


async def test_work_is_done_with_the_callers_context_and_its_error_comes_back() -> None:
    threads = Threads("test", 1)
    NAME.set("Ada")
    assert await threads.run(NAME.get) == "Ada"
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 / 0)
    assert close(threads)


async def test_more_than_a_crowd_is_refused_until_its_work_is_done() -> None:
    threads, opened = Threads("test", 1, most=2), Event()
    waiting = [asyncio.create_task(threads.run(opened.wait, 20.0)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await threads.run(int)
    waiting[1].cancel()
    await asyncio.wait(waiting[1:])
    with pytest.raises(Busy):  # its work is still to be done
        await threads.run(int)
    opened.set()
    assert await waiting[0]
    await asyncio.to_thread(wait_for, lambda: not threads.works, "the work is done")
    assert await threads.run(int) == 0
    assert close(threads)


async def test_nobody_waits_longer_than_said_for_what_hangs() -> None:
    threads, opened = Threads("test", 2), Event()
    with pytest.raises(TimeoutError):
        await threads.within(0.05, opened.wait, 20.0)
    assert await threads.within(5, int) == 0, "the other thread is free"
    assert not close(threads, seconds=0.05)
    opened.set()
    assert close(threads)
