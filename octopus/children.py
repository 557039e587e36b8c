"""One child process: `python -m NAME` with its output prefixed, which cannot outlive its parent."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Say = Callable[[str, str], None]

_PR_SET_PDEATHSIG = 1
_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Service:
    """What to run and under which name it speaks.

    `port` is one that it should listen on before others start. With `once` it is a step that is run until it succeeds;
    `after` names the step without which this one is not started.
    """

    name: str
    module: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    once: bool = False
    after: str | None = None


def command(service: Service) -> list[str]:
    return [sys.executable, "-m", service.module, *service.arguments]


async def spawn(service: Service, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a child; `relay` passes its lines on."""
    return await asyncio.create_subprocess_exec(
        *command(service),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**environment, "PYTHONUNBUFFERED": "1", **service.environment},
        limit=_LINE,
        # Its own session: Ctrl-C in a terminal reaches the supervisor alone, which then stops children in order.
        start_new_session=True,
        preexec_fn=_die_with_parent(),
    )


async def relay(child: asyncio.subprocess.Process, name: str, say: Say) -> None:
    """Pass the child's lines on until it closes its output."""
    assert child.stdout is not None  # noqa: S101 - asked for above, the type does not know
    while True:
        try:
            line = await child.stdout.readuntil(b"\n")
        except asyncio.IncompleteReadError as error:
            line = error.partial
        except asyncio.LimitOverrunError as error:
            line = await child.stdout.read(max(error.consumed, 1))
        if not line:
            return
        say(name, line.decode("utf-8", "replace").rstrip("\r\n"))


def _die_with_parent() -> Callable[[], None] | None:
    """Return what a child does first so that the kernel kills it when its parent dies, even of kill -9.

    SIGKILL, because it cannot fail: every service stands that by design, and a supervisor that died cannot follow up.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return prepare
