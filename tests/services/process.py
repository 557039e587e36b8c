"""A child process that a test starts, kills and starts again, and waiting for conditions with a deadline."""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def free_port() -> int:
    """Return a port that nobody listens on and that the system gives to no outgoing connection.

    A port of the system's own choice may be somebody's outgoing one before the server that is to have it has started.
    """
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = random.SystemRandom().randrange(first_outgoing // 2, first_outgoing)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(condition: Callable[[], T], what: str, seconds: float = 30) -> T:
    """Return the condition's first true value; fail the test with `what` when the deadline passes."""
    deadline = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def program(*names: str) -> str:
    """Return the first of these programs that is installed; fail, never skip, where none is."""
    for name in names:
        if found := shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin"):
            return found
    raise AssertionError(f"{names[0]} is not installed: run `make test`, which installs what the tests need")


class Process:
    """A server with its log in a file. `kill` is -9, `stop` is SIGTERM, `freeze`/`thaw` are SIGSTOP/SIGCONT."""

    def __init__(self, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.command, self.log, self.env = list(command), log, env
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        assert not self.running, "already running"
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self._environment()
            )

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self, seconds: float = 20) -> int:
        return self._end(signal.SIGTERM, seconds)

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _environment(self) -> dict[str, str]:
        # Settings of the person who runs the tests must not leak into the services under test.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
        return inherited | dict(self.env or {})

    def _end(self, with_signal: signal.Signals, seconds: float = 20) -> int:
        if self._child is None:
            return 0
        if self._child.poll() is None:
            os.kill(self._child.pid, with_signal)
            os.kill(self._child.pid, signal.SIGCONT)
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            raise AssertionError(f"{self.command[0]} did not end within {seconds} s; log:\n{self.text()}") from None
