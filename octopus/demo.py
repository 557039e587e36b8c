"""`octopus demo`: the whole station on one machine, with simulated units. What it makes stays for the next start."""

import argparse
import json
import os
import socket
import sys
from pathlib import Path

from broker import private
from broker.settings import PrivateBlock
from octopus.children import Service
from octopus.supervising import Supervisor
from octopus.terminal import prefixed
from octopus.up import exists
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, PREFIX

_WEB_PORT, _BROKER_PORT = 8000, 1883
# Taken over from the environment; every other setting there is meant for a real installation, not for a demo.
_KEPT = {f"{PREFIX}SITE", f"{PREFIX}LOG_LEVEL"}

# What goes wrong after each start, one fault a cell: kind, from, until. The first alarm comes after a minute, and over
# a quarter of an hour others come, get worse, return and wait for somebody to take note of them.
_FAULTS = (
    ("offline", "20s", "20m"),
    ("offline", "20s", "80s"),
    ("door", "0s", "25m"),
    ("humidifier_saturation", "0s", "40m"),
)

_FIRST_ADMIN = ("--role", "admin", "--generate", "--first-admin")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--directory", type=Path, default=Path("var/demo"), help="where it keeps all (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address of the pages (%(default)s: this machine only)")
    parser.add_argument("--port", type=int, help=f"of the pages (default: {_WEB_PORT} or the next free one)")
    parser.add_argument("--broker-port", type=int, help=f"(default: {_BROKER_PORT} or the next free one)")
    parser.add_argument("--broker", choices=["auto", "mosquitto", "amqtt"], default="auto")
    parser.add_argument("--period", type=float, default=2, help="seconds between readings (%(default)g)")
    parser.add_argument("--history", default="1d", help="how much past to make up at the first start (%(default)s)")


def run(arguments: argparse.Namespace) -> int:
    for name in [name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in _KEPT]:
        del os.environ[name]
    directory: Path = arguments.directory.resolve()
    try:
        site = read_site(Path(os.environ[f"{PREFIX}SITE"]) if f"{PREFIX}SITE" in os.environ else None)
        kind = private.choose(PrivateBlock(kind=arguments.broker))
        web_port = _port(arguments.host, arguments.port, _WEB_PORT, "--port")
        broker_port = _port(private.HOST, arguments.broker_port, _BROKER_PORT, "--broker-port")
        directory.mkdir(parents=True, exist_ok=True)
        services = _services(arguments, directory, site, kind=kind, web_port=web_port, broker_port=broker_port)
    except (SiteError, private.NoBrokerError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except PortTakenError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_UNAVAILABLE
    except OSError as error:
        sys.stderr.write(f"{error.filename or directory}: {error.strerror or error}\n")
        return EXIT_BAD_SETTINGS
    say = prefixed(service.name for service in services)
    first = site.units[0]
    for line in (
        f"pages: http://{arguments.host}:{web_port}/   (plan: /plan, one cell: /cells/{first.cells[0]})",
        (
            "log in as admin: the password is printed below at the first start"
            f" (forgotten: octopus user reset-link admin --config {directory / 'octopus.toml'})"
        ),
        f"values: mosquitto_sub -h {private.HOST} -p {broker_port} -v -t 'octopus/v1/#'",
        f"all of it lies in {directory}; broker: {kind}; Ctrl-C stops it, the next start goes on with the same data",
    ):
        say("octopus", line)
    return Supervisor(services, say).run()


class PortTakenError(Exception):
    """A port that was asked for is taken."""


def _port(host: str, asked: int | None, usual: int, option: str) -> int:
    """Return the port that was asked for, else the usual one or the next that is free."""
    for port in [asked] if asked is not None else range(usual, usual + 100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except (PermissionError, OverflowError):
                break
            except OSError:
                continue
            return port
    raise PortTakenError(
        f"port {asked if asked is not None else usual} on {host} is taken or not allowed: give another with {option}"
    )


def _services(
    arguments: argparse.Namespace, directory: Path, site: Site, *, kind: private.Kind, web_port: int, broker_port: int
) -> list[Service]:
    """Write the settings of each service, as they would be written for a real installation, and name the services."""
    common = [
        "[broker]",
        f"port = {broker_port}",
        f"protocol = {_text('5' if kind == 'mosquitto' else '3.1.1')}",
        "[database]",
        f"url = {_text(f'sqlite:///{directory}/octopus.sqlite')}",
        "[private_broker]",
        f"kind = {_text(kind)}",
        f"directory = {_text(directory / 'broker')}",
        "[web]",
        f"host = {_text(arguments.host)}",
        f"port = {web_port}",
    ]
    server = _write(directory / "octopus.toml", common)
    publishers = []
    faults = _faults(site)
    for number, unit in enumerate(site.units):
        lines = [
            *common[:3],
            "[publisher]",
            f"unit = {_text(unit.code)}",
            f"outbox = {_text(directory / f'outbox-{unit.code}.sqlite')}",
            "[source]",
            'kind = "simulated"',
            f"seed = {number}",
            f"period = {_text(f'{arguments.period:g}s')}",
            f"history = {_text(arguments.history)}",
            'history_period = "1m"',
            *(line for cell in unit.cells for line in faults.get(cell, [])),
        ]
        file = _write(directory / f"publisher-{unit.code}.toml", lines)
        publishers.append(Service(unit.code, "publisher", ("--config", str(file))))
    config = ("--config", str(server))
    return [
        Service("broker", "broker", config, port=broker_port),
        Service("database", "octopus", ("db", "upgrade", *config), once=True),
        Service("web", "web", config, after="database"),
        Service("ingestor", "ingestor", config, after="database"),
        *([Service("watchdog", "watchdog", config, after="database")] if exists("watchdog") else []),
        *publishers,
        Service("admin", "octopus", ("user", "add", "admin", *_FIRST_ADMIN, *config), once=True, after="database"),
    ]


def _faults(site: Site) -> dict[str, list[str]]:
    """Return the lines of the fault of each cell that gets one: the last of each unit first, never the first cell."""
    first, *others = (cell for unit in site.units for cell in unit.cells)
    last = [unit.cells[-1] for unit in reversed(site.units) if unit.cells[-1] != first]
    cells = [*last, *(cell for cell in others if cell not in last)]
    return {
        cell: [
            "[[source.faults]]",
            f"kind = {_text(kind)}",
            f"cell = {_text(cell)}",
            f"from = {_text(start)}",
            f"until = {_text(end)}",
        ]
        for cell, (kind, start, end) in zip(cells, _FAULTS, strict=False)
    }


def _write(file: Path, lines: list[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in ("# Written by `octopus demo` at each start.", *lines)))
    return file


def _text(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
