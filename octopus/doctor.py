"""`octopus doctor`: checks once what services wait for, a line a check; exit 69 where one fails."""

import argparse
import importlib.util
import sys
from collections.abc import Iterator
from itertools import chain

from octopus import checking_broker, checking_machine, checking_source, settings
from octopus.findings import Finding
from octopus.settings import CommandSettings
from service.settings import EXIT_UNAVAILABLE


def configure(parser: argparse.ArgumentParser) -> None:
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    failed = False
    findings = chain(
        checking_machine.check(chosen),
        checking_source.check(chosen, settings.config_file(arguments)),
        checking_broker.check(chosen),
        _database(chosen),
    )
    for finding in findings:
        sys.stdout.write(f"{finding.state:<4} {finding.subject}: {finding.text}\n")
        sys.stdout.flush()
        failed = failed or finding.state == "FAIL"
    return EXIT_UNAVAILABLE if failed else 0


def _database(chosen: CommandSettings) -> Iterator[Finding]:
    bare = importlib.util.find_spec("sqlalchemy") is None
    if bare or (chosen.publisher and "database" not in chosen.model_fields_set):
        yield Finding("ok", "database", "none is used here: this machine has the publisher alone")
        return
    from octopus import checking_database  # noqa: PLC0415 - a unit's PC has no database libraries

    yield from checking_database.check(chosen)
