"""Cancel asyncio tasks reliably, also where a cancellation gets lost.

Python 3.11's `wait_for`, which aiomqtt uses, may swallow one that comes just when it has its answer
(python/cpython#86296): asked once, a task would then run on for ever.
"""

import asyncio
from typing import Any

# Longer than a task needs to say good-bye, so that nobody is interrupted in it.
AGAIN = 3.0


async def end(*tasks: asyncio.Task[Any], again: float = AGAIN) -> None:
    """Cancel the tasks until each of them has ended; how they ended is their owner's business."""
    for task in tasks:
        task.add_done_callback(_consume_result)
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again)


def _consume_result(task: asyncio.Task[Any]) -> None:
    """Retrieve the task's exception, so that asyncio does not log it as never retrieved."""
    if not task.cancelled():
        task.exception()
