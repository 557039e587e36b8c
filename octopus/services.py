"""`octopus ingestor` and its like: this process becomes `python -m ingestor`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")


def run(arguments: argparse.Namespace) -> NoReturn:
    options = [] if arguments.config is None else ["--config", str(arguments.config)]
    os.execv(sys.executable, [sys.executable, "-m", arguments.command, *options])  # noqa: S606 - our own module
