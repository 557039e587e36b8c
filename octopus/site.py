"""`octopus site check | apply FILE`: another station is another file, not other code."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from octopus import settings
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Engine

EXIT_REFUSED = 65


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=["check", "apply"], help="check: compare file and database; apply: bring the database in line"
    )
    parser.add_argument("file", type=Path, nargs="?", help="site file (default: the one in the settings)")
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    parser.add_argument("--dry-run", action="store_true", help="show what apply would do, and do nothing")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    try:
        site = read_site(arguments.file or chosen.site)
    except SiteError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    cells = sum(len(unit.cells) for unit in site.units)
    sys.stdout.write(f"{site.name}: {len(site.units)} units, {cells} cells, {len(site.parameters)} parameters\n")
    # A file can be checked where no database is, and where no library for one is installed, as on a unit's PC.
    failed = 0 if arguments.action == "check" else EXIT_UNAVAILABLE
    try:
        return _with_database(chosen, site, arguments, failed)
    except ModuleNotFoundError as error:
        return _not_compared(f"{error.name} is not installed", failed)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS


def _with_database(chosen: settings.CommandSettings, site: Site, arguments: argparse.Namespace, failed: int) -> int:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - see `run`

    from storage.database import connect  # noqa: PLC0415
    from storage.revisions import WrongVersion, check_version  # noqa: PLC0415
    from storage.sites import SiteRefusedError  # noqa: PLC0415

    engine = connect(chosen.database)
    try:
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return _not_compared(f"there is no database {engine.url.database} yet: run `octopus db upgrade`", failed)
        check_version(engine)
        return _compare(engine, site, arguments)
    except SiteRefusedError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    except WrongVersion as error:
        return _not_compared(str(error), failed)
    except SQLAlchemyError as error:
        where = engine.url.render_as_string()
        return _not_compared(f"database {where}: {getattr(error, 'orig', None) or error}", failed)
    finally:
        engine.dispose()


def _not_compared(reason: str, code: int) -> int:
    sys.stderr.write(f"not compared with the database: {reason}\n" if code == 0 else f"{reason}\n")
    return code


def _compare(engine: "Engine", site: Site, arguments: argparse.Namespace) -> int:
    """Show what differs; apply it where that was asked and somebody agrees."""
    from storage.database import read_sessions, write_sessions  # noqa: PLC0415 - see `run`
    from storage.sites import apply_site, compare_site  # noqa: PLC0415

    with read_sessions(engine).reading() as reading:
        changes = compare_site(reading, site)
    sys.stdout.write("".join(f"{change.text}\n" for change in changes) or "nothing to change\n")
    if arguments.action == "check" or arguments.dry_run or not changes:
        return 0
    if not arguments.yes and not _agreed(len(changes), arguments.file):
        return EXIT_REFUSED
    with write_sessions(engine)() as session, session.begin():
        done = apply_site(session, site)
    sys.stdout.write(f"{len(done)} changes applied; restart the web server and the bot, which read the file\n")
    return 0


def _agreed(number: int, file: Path | None) -> bool:
    """Ask the person at the terminal; say what to do where there is none."""
    if not sys.stdin.isatty():
        name = "" if file is None else f" {file}"
        sys.stderr.write(f"nothing is applied: nobody can be asked here; run `octopus site apply{name} --yes`\n")
        return False
    sys.stdout.write(f"Apply these {number} changes? [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() in {"y", "yes", "o", "oui"}:
        return True
    sys.stderr.write("nothing is applied\n")
    return False
