"""`octopus db upgrade | check`: the only one that changes tables."""

import argparse
import sys

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from octopus import settings
from schemas import times
from schemas.site import Site, SiteError, read_site
from service import logs
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError
from storage import migrating, revisions
from storage.database import connect, write_sessions
from storage.sites import SiteRefusedError, apply_site, compare_site


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["upgrade", "check"], help="upgrade: bring tables and site up to date")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    logs.configure(chosen.log_level)
    try:
        engine, site = connect(chosen.database, patient=True), read_site(chosen.site)
    except (SettingsError, SiteError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    try:
        return upgrade(engine, site) if arguments.action == "upgrade" else check(engine)
    except (revisions.WrongVersion, TimeoutError) as error:
        sys.stderr.write(f"{error}\n")
    except SQLAlchemyError as error:
        sys.stderr.write(f"database {engine.url.render_as_string()}: {getattr(error, 'orig', None) or error}\n")
    finally:
        engine.dispose()
    return EXIT_UNAVAILABLE


def upgrade(engine: Engine, site: Site) -> int:
    """Bring the tables up to date, and the site where nothing of it would be retired: people are asked about that."""
    applied = migrating.upgrade(engine, times.now())
    sys.stdout.write(f"database at version {revisions.newest()}: {', '.join(applied) or 'nothing'} applied\n")
    with write_sessions(engine)() as session, session.begin():
        try:
            changes = compare_site(session, site)
        except SiteRefusedError as error:
            sys.stderr.write(f"site {site.name}: nothing of it is applied: {error}\n")
            return 0
        retired = [f"{change.kind} {change.code}" for change in changes if change.action == "retire"]
        if not retired:
            apply_site(session, site)
    if retired:
        sys.stderr.write(
            f"site {site.name}: nothing of it is applied: the file no longer has {', '.join(retired)}."
            " If they were renamed, say so in the file (`formerly`); then run `octopus site apply`\n"
        )
    else:
        sys.stdout.write(f"site {site.name}: {len(changes) or 'no'} changes\n")
    return 0


def check(engine: Engine) -> int:
    revisions.check_version(engine)
    differing = migrating.differences(engine)
    for line in differing:
        sys.stderr.write(f"{line}\n")
    if not differing:
        sys.stdout.write(f"database at version {revisions.newest()}, tables as they should be\n")
    return EXIT_UNAVAILABLE if differing else 0
