"""`octopus ingestor` and its like: this process becomes `python -m ingestor`."""

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from octopus.up import exists
from service.settings import EXIT_UNAVAILABLE

# A library that only this extra of the package brings.
_NEEDS = {"ingestor": "sqlalchemy", "watchdog": "aiomqtt", "web": "litestar", "bot": "discord"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")


def run(arguments: argparse.Namespace) -> int:
    name: str = arguments.command
    if (lack := _lack(name)) is None:
        options = [] if arguments.config is None else ["--config", str(arguments.config)]
        os.execv(sys.executable, [sys.executable, "-m", name, *options])  # noqa: S606 - our own module
    sys.stderr.write(f"octopus {name}: {lack}\n")
    return EXIT_UNAVAILABLE


def _lack(name: str) -> str | None:
    """Say what keeps the service from running here, or None."""
    if not exists(name):
        return "this version has none"
    library = _NEEDS.get(name)
    if library is None or importlib.util.find_spec(library) is not None:
        return None
    return f"needs {library}, which is not installed: pip install 'octopus-ecotron[{name}]'"
