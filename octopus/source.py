"""`octopus source try` and `guess`: what a source would give, and settings for a log file that nobody knows yet."""

import argparse
import subprocess
import sys
from pathlib import Path

from octopus import settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    trial = actions.add_parser(
        "try", help="print the first readings as a table, with faults; nothing is stored and no place remembered"
    )
    settings.add_config(trial)
    trial.add_argument("--readings", type=int, default=3, help="of each cell (default: 3)")
    trial.add_argument("--seconds", type=float, default=30, help="to wait for them at most (default: 30)")

    proposal = actions.add_parser("guess", help="propose the settings for a log file from what is in it, to be edited")
    proposal.add_argument("file", type=Path, metavar="FILE", help="what the program has written, or a part of it")


def run(arguments: argparse.Namespace) -> int:
    if arguments.action == "guess":
        return _publisher("guessing", str(arguments.file))
    words = ["--readings", str(arguments.readings), "--seconds", str(arguments.seconds)]
    if arguments.config is not None:
        words += ["--config", str(arguments.config)]
    return _publisher("trying", *words)


def _publisher(module: str, *words: str) -> int:
    # Not in place of this process: Windows would give the prompt back before the table is there.
    return subprocess.run([sys.executable, "-m", f"publisher.{module}", *words], check=False).returncode  # noqa: S603 - our own module
