"""Services as child processes: what can start is started, what dies is started again, publishers are stopped first.

What needs a step (`octopus db upgrade`) waits until the step has succeeded; the step is tried again with back-off.
"""

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from octopus import children
from octopus.children import Say, Service
from service.backoff import BackOff
from service.settings import EXIT_BAD_SETTINGS

# Publishers stop first so that the ingestor gets what they sent; the broker last.
_STOPS = ("octopus", "publisher", "bot", "web", "watchdog", "ingestor", "broker")
_PORT_SECONDS = 20.0
_STOP_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
# A child that ran so long was well: its next death starts with the shortest pause again.
_WELL_SECONDS = 60.0


# A step that ended with one of these needs a person; waiting would not mend it.
_HOPELESS = frozenset({EXIT_BAD_SETTINGS, 65})


class Supervisor:
    """Runs services until SIGTERM, Ctrl-C or the end of the terminal; a second signal kills what still runs."""

    def __init__(self, services: Sequence[Service], say: Say) -> None:
        self._services, self._say = list(services), say
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._running: dict[str, asyncio.subprocess.Process] = {}
        # Whether a step succeeded, once that is known.
        self._steps: dict[str, asyncio.Future[bool]] = {}
        self._stopping: asyncio.Event
        self._failed = 0

    def run(self) -> int:
        """Return 0 after a clean stop, 78 (or 65) when something here needs a person before it can be started."""
        return asyncio.run(self._run())

    async def _run(self) -> int:
        self._stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        self._steps = {service.name: loop.create_future() for service in self._services if service.once}
        await self._start()
        stopping = asyncio.create_task(self._stopping.wait())
        ended = asyncio.create_task(self._all_ended())
        await asyncio.wait((stopping, ended), return_when=asyncio.FIRST_COMPLETED)
        self._stopping.set()
        await self._end()
        await asyncio.gather(stopping, ended)
        return self._failed

    async def _all_ended(self) -> None:
        """Wait until nothing is left that would be started again."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    def _stop(self) -> None:
        if self._stopping.is_set():
            for child in self._running.values():
                if child.returncode is None:
                    child.kill()
        else:
            self._say("octopus", "stopping: publishers first, the broker last")
        self._stopping.set()

    async def _start(self) -> None:
        for service in self._services:
            if self._stopping.is_set():
                return
            run = self._step(service) if service.once else self._keep(service)
            self._tasks[service.name] = asyncio.create_task(run, name=service.name)
            if service.port is not None:
                await self._listens(service, service.port)

    async def _may_start(self, service: Service) -> bool:
        """Wait for the step that the service needs; False when it failed for good or all is stopped."""
        if service.after is not None:
            stopping = asyncio.ensure_future(self._stopping.wait())
            await asyncio.wait((self._steps[service.after], stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            step = self._steps[service.after]
            return step.done() and step.result()
        return True

    async def _step(self, service: Service) -> None:
        """Run something that must succeed before what needs it starts, again and again until it does."""
        if not await self._may_start(service):
            return
        tries = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        code = -1
        waiting = ", ".join(item.name for item in self._services if item.after == service.name)
        while not self._stopping.is_set():
            child = await self._spawn(service)
            await children.relay(child, service.name, self._say)
            code = await child.wait()
            self._running.pop(service.name, None)
            if self._stopping.is_set() or code == 0:
                break
            if code in _HOPELESS:
                self._failed = code
                self._say("octopus", f"{service.name} needs a person: {waiting or 'nothing else'} is not started")
                break
            until = f"; until it succeeds {waiting} cannot be started" if waiting else ""
            pause = tries.next()
            self._say("octopus", f"{service.name} did not succeed ({_ending(code)}): tried again in {pause:g} s{until}")
            await self._pause(pause)
        self._steps[service.name].set_result(code == 0)

    async def _pause(self, seconds: float) -> None:
        """Wait so many seconds, less when everything is stopped meanwhile."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    async def _keep(self, service: Service) -> None:
        """Run a service and start it again with growing pauses, until all is stopped."""
        if not await self._may_start(service):
            return
        tries = BackOff(_FIRST_PAUSE, _LONGEST_PAUSE)
        while not self._stopping.is_set():
            began = time.monotonic()
            child = await self._spawn(service)
            await children.relay(child, service.name, self._say)
            code = await child.wait()
            self._running.pop(service.name, None)
            if self._stopping.is_set():
                return
            if code == EXIT_BAD_SETTINGS:
                self._failed = code
                self._say("octopus", f"{service.name} needs other settings: it is not started again")
                return
            if time.monotonic() - began > _WELL_SECONDS:
                tries.succeed()
            pause = tries.next()
            self._say("octopus", f"{service.name} ended ({_ending(code)}): started again in {pause:g} s")
            await self._pause(pause)

    async def _spawn(self, service: Service) -> asyncio.subprocess.Process:
        child = await children.spawn(service, os.environ)
        self._running[service.name] = child
        if self._stopping.is_set():  # told to stop while it was being started
            child.terminate()
        return child

    async def _listens(self, service: Service, port: int) -> None:
        deadline = time.monotonic() + _PORT_SECONDS
        while not self._stopping.is_set():
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if self._tasks[service.name].done() or time.monotonic() > deadline:
                self._say("octopus", f"{service.name} does not listen on port {port}: the others start without it")
                return
            await asyncio.sleep(0.05)

    async def _end(self) -> None:
        """Stop the services of one module together, each group before the next."""
        for module in _STOPS:
            names = [service.name for service in self._services if service.module == module]
            tasks = [self._tasks[name] for name in names if name in self._tasks]
            self._signal(tasks, signal.SIGTERM)
            if not tasks:
                continue
            _, late = await asyncio.wait(tasks, timeout=_STOP_SECONDS)
            for task in late:
                self._say("octopus", f"{task.get_name()} did not stop within {_STOP_SECONDS:g} s: killed")
            self._signal(late, signal.SIGKILL)
            await asyncio.gather(*tasks)

    def _signal(self, tasks: Iterable[asyncio.Task[None]], number: signal.Signals) -> None:
        for task in tasks:
            if (child := self._running.get(task.get_name())) is not None and child.returncode is None:
                child.send_signal(number)


def _ending(code: int) -> str:
    return f"exit {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
