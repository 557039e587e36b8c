"""Asking a server again and again: on time, with a deadline, with back-off, saying what is wrong once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from threading import Event
from time import monotonic
from typing import Any

from publisher.sources.source import Batch, Fault, Position, Sample

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
# How soon a request is given up when the publisher ends.
_NOTICE = 0.1


class Unavailable(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """The server could not be asked, or its answer makes no sense; `raw` is a piece of that."""

    def __init__(self, reason: str, raw: str = "") -> None:
        super().__init__(reason)
        self.raw = raw


@dataclass(slots=True)
class Answer:
    """What one question gave. `position` None leaves the remembered place as it was."""

    samples: list[Sample] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    position: Position | None = None


class Stopped(Exception):  # noqa: N818 - not an error
    """The publisher ends while a question is open."""


def poll(
    name: str,
    ask: Callable[[], Awaitable[Answer]],
    close: Callable[[], Awaitable[None]],
    *,
    interval: float,
    deadline: float,
    stop: Event,
) -> Iterator[Batch]:
    """Yield an answer every `interval` seconds; a question takes `deadline` seconds at most.

    A fault is given once and again only after it has passed; a server that does not answer is asked ever
    less often, up to once a minute.
    """
    said: set[str] = set()
    failures = 0
    due = monotonic()
    with asyncio.Runner() as runner:
        try:
            while not stop.is_set():
                try:
                    answer = runner.run(_in_time(ask(), deadline, stop))
                except Stopped:
                    break
                except Unavailable as error:
                    failures += 1
                    runner.run(_quietly(close(), deadline))
                    answer = Answer(faults=[Fault(f"{name}: {error}", error.raw)])
                else:
                    if failures:
                        log.info("%s answers again", name)
                    failures = 0
                news = [fault for fault in answer.faults if fault.reason not in said]
                said = {fault.reason for fault in answer.faults}
                if answer.samples or news or answer.position is not None:
                    yield Batch(answer.samples, answer.position, news)
                pause = (
                    min(interval * 2 ** min(failures - 1, 10), max(LONGEST_PAUSE, interval)) if failures else interval
                )
                # On a grid, so that slow answers do not shift the readings; what was missed is not made up for.
                due = max(due + pause, monotonic()) if not failures else monotonic() + pause
                stop.wait(due - monotonic())
        finally:
            runner.run(_quietly(close(), deadline))


def gathered(values: Iterable[tuple[str, str, Any, float | None]]) -> list[Sample]:
    """Make samples of (cell, parameter, observed_at, value): one for each cell and time."""
    samples: dict[tuple[Any, str], dict[str, float | None]] = {}
    for cell, parameter, observed_at, value in values:
        samples.setdefault((observed_at, cell), {})[parameter] = value
    return [Sample(cell, observed_at, found) for (observed_at, cell), found in sorted(samples.items())]


async def _in_time(question: Awaitable[Answer], deadline: float, stop: Event) -> Answer:
    task = asyncio.ensure_future(question)
    end = monotonic() + deadline
    while not task.done():
        await asyncio.wait({task}, timeout=_NOTICE)
        if not task.done() and (stop.is_set() or monotonic() > end):
            task.cancel()
            await asyncio.wait({task}, timeout=1)
            if stop.is_set():
                raise Stopped
            raise Unavailable(f"no whole answer within {deadline:g} s")
    return task.result()


async def _quietly(closing: Awaitable[None], deadline: float) -> None:
    """Close what may be broken already; that it cannot be closed properly is no news."""
    try:
        async with asyncio.timeout(min(deadline, 2)):
            await closing
    except Exception as error:  # noqa: BLE001 - libraries raise anything here, and nothing depends on it
        log.debug("closing: %r", error)
    await asyncio.sleep(0)  # transports end in the loop's next turn
