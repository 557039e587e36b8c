"""`octopus source try`: what a source would give, before a publisher is started with it."""

import argparse
import subprocess
import sys

from octopus import settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    trial = actions.add_parser(
        "try", help="print the first readings as a table, with faults; nothing is stored and no place remembered"
    )
    settings.add_config(trial)
    trial.add_argument("--readings", type=int, default=3, help="of each cell (default: 3)")
    trial.add_argument("--seconds", type=float, default=30, help="to wait for them at most (default: 30)")


def run(arguments: argparse.Namespace) -> int:
    words = ["--readings", str(arguments.readings), "--seconds", str(arguments.seconds)]
    if arguments.config is not None:
        words += ["--config", str(arguments.config)]
    # Not in place of this process: Windows would give the prompt back before the table is there.
    return subprocess.run([sys.executable, "-m", "publisher.trying", *words], check=False).returncode  # noqa: S603 - our own module
