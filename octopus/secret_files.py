"""`octopus secrets DIRECTORY`: passwords of broker accounts and of the database, generated, a file each."""

import argparse
import os
import sys
from pathlib import Path
from secrets import token_urlsafe

from broker import accounts
from octopus import settings
from schemas.site import SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS

# MySQL's own administrator, the account of migrations, and that of services where they have one of their own.
DATABASE_ACCOUNTS = ("root", "octopus", "service")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="where they lie; what is there already stays as it is")
    parser.add_argument("--owner", type=int, metavar="UID", help="give them to this account (as root)")
    parser.add_argument("--also", action="append", default=[], metavar="NAME", help="another broker account")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    directory: Path = arguments.directory
    try:
        site = read_site(chosen.site)
        units = [unit.code for unit in site.units]
        made = accounts.make(directory / "broker", [*units, *accounts.SERVICES, *arguments.also])
        accounts.write_rules(directory / "broker", site)
        made += [f"database {name}" for name in DATABASE_ACCOUNTS if _make(directory / "database" / name)]
        if arguments.owner is not None:
            _give(directory, arguments.owner)
    except (SiteError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return EXIT_BAD_SETTINGS
    sys.stdout.write(f"made: {', '.join(made) or 'nothing, all are there'}\n")
    return 0


def _make(file: Path) -> bool:
    """Write a new password unless there is one; tell whether it did."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists():
        return False
    file.touch(mode=0o600)
    file.write_text(f"{token_urlsafe(24)}\n", encoding="ascii")
    return True


def _give(directory: Path, owner: int) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner, owner)
