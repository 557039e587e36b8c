"""`octopus doctor`: checks once what services wait for, a line a check; exit 69 where one fails."""

import argparse
import sys

from octopus import checking_broker, checking_database, checking_machine, settings
from schemas.settings import EXIT_UNAVAILABLE


def configure(parser: argparse.ArgumentParser) -> None:
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    failed = False
    for check in (checking_machine.check, checking_broker.check, checking_database.check):
        for finding in check(chosen):
            sys.stdout.write(f"{finding.state:<4} {finding.subject}: {finding.text}\n")
            sys.stdout.flush()
            failed = failed or finding.state == "FAIL"
    return EXIT_UNAVAILABLE if failed else 0
