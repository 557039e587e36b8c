"""`octopus secrets DIRECTORY`: passwords of broker accounts and of the database, generated, a file each."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from secrets import token_urlsafe

from broker import accounts
from octopus import settings
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS

# What makes the database and its accounts, run by its administrator: passwords stand in it.
DATABASE_SCRIPT = "accounts.sql"
# The administrator's name and password for the `mysql` command, where an image makes that account.
ADMINISTRATOR = "root.cnf"
# The administrator (where an image makes it), the account of migrations, and each service's own.
MIGRATOR = "octopus"
SERVICES = ("ingestor", "web", "watchdog", "bot")
DATABASE_ACCOUNTS = ("root", MIGRATOR, *SERVICES)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="where they lie; what is there already stays as it is")
    parser.add_argument("--owner", type=int, metavar="UID", help="give them to this account (as root)")
    parser.add_argument(
        "--database-clients", default="127.0.0.1", metavar="HOST", help="where the database's accounts log in from"
    )
    parser.add_argument("--also", action="append", default=[], metavar="NAME", help="another broker account")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    directory: Path = arguments.directory
    try:
        made = make(directory, read_site(chosen.site), arguments.also, arguments.database_clients)
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


def make(directory: Path, site: Site, also: Sequence[str] = (), clients: str = "127.0.0.1") -> list[str]:
    """Make the passwords that are missing, the broker's files and the database's script; return what was made."""
    made = accounts.make(directory / "broker", [*(unit.code for unit in site.units), *accounts.SERVICES, *also])
    accounts.write_rules(directory / "broker", site)
    made += [f"database {name}" for name in DATABASE_ACCOUNTS if _make(directory / "database" / name)]
    database = directory / "database"
    _write(database / DATABASE_SCRIPT, database_script(database, clients))
    password = (database / "root").read_text(encoding="ascii").strip()
    # So that the password stands on no command line.
    _write(database / ADMINISTRATOR, f"[client]\nuser = root\npassword = {password}\n")
    return made


def database_script(passwords: Path, clients: str) -> str:
    """Return SQL that makes database and accounts, or gives those that are there their passwords.

    What a service may do with which table is granted by `octopus db upgrade`, which makes the tables.
    """
    lines = [
        "-- Written by `octopus secrets`. As the database's administrator; again after each change of a password.",
        f"CREATE DATABASE IF NOT EXISTS {MIGRATOR} CHARACTER SET utf8mb4;",
    ]
    for name in (MIGRATOR, *(f"{MIGRATOR}_{service}" for service in SERVICES)):
        password = (passwords / name.removeprefix(f"{MIGRATOR}_")).read_text(encoding="ascii").strip()
        account = f"'{name}'@'{_quoted(clients)}'"
        lines += [
            f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{_quoted(password)}';",
            f"ALTER USER {account} IDENTIFIED BY '{_quoted(password)}';",
        ]
    lines.append(f"GRANT ALL ON {MIGRATOR}.* TO '{MIGRATOR}'@'{_quoted(clients)}' WITH GRANT OPTION;")
    return "".join(f"{line}\n" for line in lines)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


def _make(file: Path) -> bool:
    """Write a new password unless there is one; tell whether it did."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if file.exists():
        return False
    _write(file, f"{token_urlsafe(24)}\n")
    return True


def _write(file: Path, text: str) -> None:
    """Write anew, readable by nobody else at any moment, where the text is another."""
    if file.exists() and file.read_text(encoding="ascii") == text:
        return
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, encoding="ascii")


def _give(directory: Path, owner: int) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, owner, owner)
