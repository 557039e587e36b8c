"""`octopus ingestor` and its like: this process becomes `python -m ingestor`."""

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from octopus.up import exists
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE

# A library that only this extra of the package brings.
_NEEDS = {"ingestor": "sqlalchemy", "watchdog": "aiomqtt", "web": "litestar", "bot": "discord"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")
    parser.add_argument(
        "--hold",
        action="store_true",
        help="with settings of no use, say so once and wait to be stopped (Docker starts again whatever ends)",
    )


def run(arguments: argparse.Namespace) -> int:
    name: str = arguments.command
    if (lack := _lack(name)) is None:
        options = [] if arguments.config is None else ["--config", str(arguments.config)]
        command = [sys.executable, "-m", name, *options]
        if arguments.hold:
            return _held(command)
        os.execv(sys.executable, command)  # noqa: S606 - our own module
    sys.stderr.write(f"octopus {name}: {lack}\n")
    return EXIT_UNAVAILABLE


def _held(command: list[str]) -> int:
    """Run the service; where its settings need a person (78), keep this process until it is told to stop."""
    stopped = threading.Event()
    with subprocess.Popen(command) as child:  # noqa: S603 - our own module

        def stop(number: int, _frame: object) -> None:
            stopped.set()
            with suppress(ProcessLookupError):
                child.send_signal(number)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        code = child.wait()
    if code == EXIT_BAD_SETTINGS and not stopped.is_set():
        sys.stderr.write("mend the settings and start this service again; until then it waits\n")
        sys.stderr.flush()
        while not stopped.wait(3600):
            continue
    return code


def _lack(name: str) -> str | None:
    """Say what keeps the service from running here, or None."""
    if not exists(name):
        return "this version has none"
    library = _NEEDS.get(name)
    if library is None or importlib.util.find_spec(library) is not None:
        return None
    return f"needs {library}, which is not installed: pip install -r requirements/all.txt, from the checkout"
