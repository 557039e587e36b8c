"""Polling a server: at fixed times, with a deadline and back-off, each fault reported once."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import CancelledError, wait
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from typing import Any, NamedTuple, Self

from publisher.sources.source import Position, ReadFault, Sample, SampleBatch

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
# A server that asks for more patience than this is asked all the same.
_LONGEST_SERVER_WAIT = 3600.0
# How soon a request is given up when the publisher ends.
_NOTICE = 0.1
# A look-up of a host's name cannot be called off; nobody waits for it to the end.
_ENDS_WITHIN = 5.0


class Unavailable(Exception):  # noqa: N818 - it says what is wrong, not that something is
    """The server could not be asked, or its answer makes no sense.

    `raw` is a piece of that; `wait` is for how many seconds it wants to be left alone.
    """

    def __init__(self, reason: str, raw: str = "", wait: float = 0) -> None:
        super().__init__(reason)
        self.raw, self.wait = raw, wait


class Closed(Unavailable):
    """The connection that was kept since the last question is gone: a fresh one may serve, and is tried at once."""


@dataclass(slots=True)
class PollResult:
    """The result of one poll. `position` None leaves the stored position as it was."""

    samples: list[Sample] = field(default_factory=list)
    faults: list[ReadFault] = field(default_factory=list)
    position: Position | None = None


class Stopped(Exception):  # noqa: N818 - not an error
    """The publisher ends while a request is pending."""


def poll(
    name: str,
    poll_once: Callable[[], Coroutine[Any, Any, PollResult]],
    close: Callable[[], Coroutine[Any, Any, None]],
    *,
    interval: float,
    deadline: float,
    stop: Event,
) -> Iterator[SampleBatch]:
    """Yield an answer every `interval` seconds; a question takes `deadline` seconds at most.

    A fault is given once and again only after it has passed; a server that does not answer is asked ever
    less often, up to once a minute. Both functions run in an event loop that goes on between two questions.
    """
    reported: set[str] = set()
    failures = 0
    due = monotonic()
    with _Loop(deadline, stop) as loop:
        try:
            while not stop.is_set():
                server_wait = 0.0
                try:
                    try:
                        answer = loop.run(poll_once())
                    except Closed as error:
                        log.debug("%s: %s; asking again on a new connection", name, error)
                        loop.end(close())
                        answer = loop.run(poll_once())
                except Stopped:
                    break
                except Unavailable as error:
                    failures += 1
                    server_wait = min(error.wait, _LONGEST_SERVER_WAIT)
                    loop.end(close())
                    answer = PollResult(faults=[ReadFault(f"{name}: {error}", error.raw)])
                    # What was wrong with its answers has not passed only because there are none.
                    passed = set[str]()
                else:
                    if failures:
                        log.info("%s answers again", name)
                    failures = 0
                    passed = reported - {fault.reason for fault in answer.faults}
                news = {fault.reason: fault for fault in answer.faults if fault.reason not in reported}
                reported = reported - passed | news.keys()
                if answer.samples or news or answer.position is not None:
                    yield SampleBatch(answer.samples, answer.position, list(news.values()))
                pause = (
                    min(interval * 2 ** min(failures - 1, 10), max(LONGEST_PAUSE, interval)) if failures else interval
                )
                # On a grid, so that slow answers do not shift the readings; what was missed is not made up for.
                due = max(due + pause, monotonic()) if not failures else monotonic() + max(pause, server_wait)
                stop.wait(due - monotonic())
        finally:
            loop.end(close())


class Measured(NamedTuple):
    """A parameter's value at one time; `suspect` where the source itself doubts it."""

    cell: str
    parameter: str
    observed_at: datetime
    value: float | None
    suspect: bool = False


def gathered(values: Iterable[Measured]) -> list[Sample]:
    """Make samples: one for each cell and time, the oldest first."""
    together: dict[tuple[datetime, str], list[Measured]] = {}
    for value in values:
        together.setdefault((value.observed_at, value.cell), []).append(value)
    return [
        Sample(
            cell,
            observed_at,
            {value.parameter: value.value for value in found},
            frozenset(value.parameter for value in found if value.suspect),
        )
        for (observed_at, cell), found in sorted(together.items())
    ]


class _Loop:
    """An event loop in a thread of its own: between two questions the libraries keep their sessions alive."""

    def __init__(self, deadline: float, stop: Event) -> None:
        self._deadline, self._stop = deadline, stop
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        # What a library's own tasks and parsers raise ends their connection, and that is said by who asks.
        self._loop.set_exception_handler(lambda _, context: log.debug("%s", context))
        self._thread = Thread(target=self._serve, name="asking", daemon=True)
        self._over = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(_ENDS_WITHIN)

    def run(self, question: Coroutine[Any, Any, PollResult]) -> PollResult:
        """Return the answer; raise Unavailable after the deadline and Stopped when the publisher ends."""
        future = asyncio.run_coroutine_threadsafe(question, self._loop)
        end = monotonic() + self._deadline
        while not wait({future}, _NOTICE).done:
            if self._stop.is_set() or monotonic() > end:
                future.cancel()
                if self._stop.is_set():
                    raise Stopped
                raise Unavailable(f"no whole answer within {self._deadline:g} s")
        try:
            return future.result()
        except CancelledError:  # by a library whose connection has gone
            raise Unavailable("the question was broken off") from None

    def end(self, closing: Coroutine[Any, Any, None]) -> None:
        """Close what may be broken already; that it cannot be closed properly is no news."""
        wait({asyncio.run_coroutine_threadsafe(self._quietly(closing), self._loop)}, _ENDS_WITHIN)

    def _serve(self) -> None:
        with self._runner:
            self._runner.run(self._until_over())

    async def _until_over(self) -> None:
        await self._over.wait()

    async def _quietly(self, closing: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(min(self._deadline, 2)):
                await closing
        except Exception as error:  # noqa: BLE001 - libraries raise anything here, and nothing depends on it
            log.debug("closing: %r", error)
        await asyncio.sleep(0)  # transports end in the loop's next turn
