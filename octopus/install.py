"""`octopus install server | publisher`: accounts, settings and units, with the right owners and modes."""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from octopus import settings
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS

if TYPE_CHECKING:
    from octopus.installing.places import Places

EXIT_NO_PERMISSION = 77  # sysexits.h
EXIT_FAILED = 73  # sysexits.h: a file cannot be made

_SERVER_NEXT = """Next (docs/install.md):
  certificates of the broker, then: systemctl restart mosquitto
  systemctl restart mariadb && mariadb < {secrets}/database/accounts.sql
  systemctl daemon-reload && systemctl start octopus-database
  systemctl enable --now octopus-{{ingestor,watchdog,web}}.service octopus-{{database,backup}}.timer octopus.target
"""
_PUBLISHER_NEXT = """Next (docs/install.md):
  {etc}/password: the unit's, from the server's /etc/octopus/secrets/broker/{unit}
  {etc}/ca.crt: the broker's certificate authority
  {etc}/octopus.toml: [source]
  octopus install publisher ... once more, which gives them their modes
  octopus doctor --config {etc}/octopus.toml, as the account octopus
  systemctl daemon-reload && systemctl enable --now octopus-publisher
"""


def configure(parser: argparse.ArgumentParser) -> None:
    machines = parser.add_subparsers(dest="machine", required=True)
    server = machines.add_parser("server", help="broker's and database's settings, all services")
    publisher = machines.add_parser("publisher", help="a unit's PC")
    publisher.add_argument("--unit", required=True, help="the unit that this PC speaks for, as in ecolab-1")
    publisher.add_argument("--broker", required=True, metavar="HOST", help="the server's name in the network")
    for machine in (server, publisher):
        machine.add_argument("--prefix", type=Path, default=Path("/"), help="below which all files go (default: /)")
        machine.add_argument("--site", type=Path, help="the site file of this station, if it is not the Ecotron's own")
        machine.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    if sys.platform == "win32":
        return _windows(arguments.machine)
    from octopus.installing.places import Places  # noqa: PLC0415 - Windows has no accounts like these

    places = Places(arguments.prefix.absolute())
    if not places.ours and os.geteuid() != 0 and not arguments.dry_run:
        sys.stderr.write("octopus install makes accounts and writes below /etc: run it as root, or with --prefix\n")
        return EXIT_NO_PERMISSION
    try:
        site = read_site(arguments.site)
        if arguments.machine == "publisher" and arguments.unit not in site.unit_by_code:
            raise SiteError(f"no unit {arguments.unit} on this site: {', '.join(site.unit_by_code)}")  # noqa: TRY301
    except SiteError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    try:
        if arguments.machine == "publisher":
            _publisher(places, arguments)
        else:
            _server(places, arguments, site)
    except LookupError as error:
        sys.stderr.write(f"{error}: install its package first: apt-get install mosquitto mariadb-server\n")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"{error}\n")
    else:
        return 0
    return EXIT_FAILED


def _server(places: "Places", arguments: argparse.Namespace, site: Site) -> None:
    from octopus.installing import server  # noqa: PLC0415 - as above
    from octopus.installing.plan import carry_out  # noqa: PLC0415

    dry: bool = arguments.dry_run
    done = [*carry_out(server.before_secrets(places), dry=dry)]
    if not dry:
        done += [f"make: password of {name}" for name in server.make_secrets(places, site)]
    done += carry_out(server.after_secrets(places, arguments.site), dry=dry)
    _say(done, _SERVER_NEXT.format(secrets=places.at("/etc/octopus/secrets")))


def _publisher(places: "Places", arguments: argparse.Namespace) -> None:
    from octopus.installing import unit_pc  # noqa: PLC0415 - as above
    from octopus.installing.plan import carry_out  # noqa: PLC0415

    parts = unit_pc.parts(places, arguments.unit, arguments.broker, arguments.site)
    done = list(carry_out(parts, dry=arguments.dry_run))
    _say(done, _PUBLISHER_NEXT.format(etc=places.at("/etc/octopus"), unit=arguments.unit))


def _say(done: list[str], following: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in done) + following if done else "nothing to do, all is there\n")


def _windows(machine: str) -> int:
    if machine == "server":
        sys.stderr.write("the server of Octopus runs on Linux\n")
        return EXIT_BAD_SETTINGS
    from octopus.installing.unit_pc import windows_steps  # noqa: PLC0415

    sys.stdout.write(f"In PowerShell as administrator:\n\n{windows_steps()}")
    return 0
