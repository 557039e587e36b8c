"""`octopus site check | apply FILE`: another station is another file, not other code."""

import argparse
import sys
from pathlib import Path

from octopus import settings
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["check", "apply"], help="apply: bring the database in line with the file")
    parser.add_argument("file", type=Path, nargs="?", help="site file (default: the one in the settings)")
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
    return apply(chosen, site) if arguments.action == "apply" else 0


def apply(chosen: settings.CommandSettings, site: Site) -> int:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - a file can be checked where no database is

    from storage.database import connect, write_sessions  # noqa: PLC0415
    from storage.sites import apply_site  # noqa: PLC0415

    try:
        engine = connect(chosen.database)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    try:
        with write_sessions(engine)() as session, session.begin():
            changes = apply_site(session, site)
    except SQLAlchemyError as error:
        sys.stderr.write(f"database {engine.url.render_as_string()}: {getattr(error, 'orig', None) or error}\n")
        return EXIT_UNAVAILABLE
    finally:
        engine.dispose()
    sys.stdout.write("".join(f"{line}\n" for line in changes) or "nothing to change\n")
    return 0
