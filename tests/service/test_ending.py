"""A task that lost a cancellation is ended all the same."""

import asyncio

from service.ending import end


async def test_a_swallowed_cancellation_is_said_again() -> None:
    heard = 0

    async def deaf() -> None:
        nonlocal heard
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                heard += 1
                if heard == 3:
                    raise

    async def fails() -> None:
        raise LookupError

    tasks = [asyncio.create_task(deaf()), asyncio.create_task(fails())]
    await asyncio.sleep(0)
    await end(*tasks, again=0.01)
    assert heard == 3
    assert [task.cancelled() for task in tasks] == [True, False]
