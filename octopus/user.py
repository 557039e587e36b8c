"""`octopus user add | reset-link`: the first admin, and the way back in for who forgot a password."""

import argparse
import getpass
import sys
from pathlib import Path
from secrets import token_urlsafe

from pydantic import ValidationError
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError

from facility.acting.acts import command
from facility.acting.permissions import Role
from facility.acting.refusals import Invalid, Refusal, invalid
from facility.acting.user_messages import message
from facility.people.account import issue_link
from facility.people.passwords import Passwords
from facility.people.people import PersonDraft, add_person, find_person
from octopus import settings
from schemas.tables import Person
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError
from storage import revisions
from storage.database import connect, write_sessions

EXIT_REFUSED = 65  # sysexits.h: what was typed cannot be used


def configure(parser: argparse.ArgumentParser) -> None:
    settings.add_config(parser)
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="add a person who can log in at once; the password is asked for")
    add.add_argument("login", metavar="NAME", help="the login name: letters, digits, . _ -")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.MEMBER.value)
    add.add_argument("--name", help="as people see it (default: the login name)")
    add.add_argument("--email")
    add.add_argument("--generate", action="store_true", help="make a password and print it, this once")
    add.add_argument("--first-admin", action="store_true", help="do nothing where there is an active admin already")
    link = actions.add_parser("reset-link", help="print a link with which a person sets a new password, once")
    link.add_argument("login", metavar="NAME")
    # Accepted on either side of the action, as people type it.
    for action in (add, link):
        action.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    try:
        engine = connect(chosen.database)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    try:
        revisions.check_version(engine)
        return (
            add(engine, arguments)
            if arguments.action == "add"
            else reset_link(engine, arguments.login, str(chosen.web.get("address") or ""))
        )
    except ValidationError as error:
        _complain(invalid(error))
        return EXIT_REFUSED
    except Refusal as refusal:
        _complain(refusal)
        return EXIT_REFUSED
    except revisions.WrongVersion as error:
        sys.stderr.write(f"{error}\n")
    except SQLAlchemyError as error:
        sys.stderr.write(f"database {engine.url.render_as_string()}: {getattr(error, 'orig', None) or error}\n")
    finally:
        engine.dispose()
    return EXIT_UNAVAILABLE


def add(engine: Engine, arguments: argparse.Namespace) -> int:
    if arguments.first_admin and _has_admin(engine):
        return 0
    draft = PersonDraft(
        login=arguments.login, name=arguments.name or arguments.login, email=arguments.email, role=arguments.role
    )
    password = token_urlsafe(12) if arguments.generate else _asked()
    person = add_person(write_sessions(engine), Passwords(), command("user add"), draft, password)
    sys.stdout.write(f"{person.login} is added as {person.role.value}\n")
    if arguments.generate:
        sys.stdout.write(f"password of {person.login}: {password}   (shown this once)\n")
    return 0


def reset_link(engine: Engine, login: str, address: str) -> int:
    with write_sessions(engine)() as session:
        person = find_person(session, login)
    if person is None:
        sys.stderr.write(f"nobody is called {login}\n")
        return EXIT_REFUSED
    secret = issue_link(write_sessions(engine), command("user reset-link"), person.id)
    before = "It" if address else "Put the address of the pages before it (or set web.address); it"
    sys.stdout.write(f"{address.rstrip('/')}/password/{secret}\n{before} works once, for two days.\n")
    return 0


def _has_admin(engine: Engine) -> bool:
    wanted = select(Person.id).where(Person.role == Role.ADMIN.value, Person.state == "active").limit(1)
    with write_sessions(engine)() as session:
        return session.scalar(wanted) is not None


def _asked() -> str:
    """Ask twice at a terminal; take a line where the input comes from a program."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise Invalid({"password": message("The two passwords differ.")})
    return password


def _complain(refusal: Refusal) -> None:
    if isinstance(refusal, Invalid):
        for field, words in refusal.faults.items():
            sys.stderr.write(f"{field}: {words}\n")
    else:
        sys.stderr.write(f"{refusal}\n")
