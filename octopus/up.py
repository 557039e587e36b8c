"""`octopus up`: the services that have their settings on this machine, one terminal or one systemd unit for all."""

import argparse
import importlib.util
from pathlib import Path

from octopus import settings
from octopus.children import Service
from octopus.settings import CommandSettings
from octopus.supervising import Supervisor
from octopus.terminal import prefixed

# Started in this order, stopped in the reverse one.
ORDER = ("broker", "ingestor", "watchdog", "web", "bot", "publisher")

# They wait until `octopus db upgrade` has succeeded; a publisher keeps readings in its outbox meanwhile.
NEED_DATABASE = frozenset({"ingestor", "watchdog", "web", "bot"})


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("service", nargs="*", choices=[*ORDER, []], metavar="SERVICE", help=f"of: {', '.join(ORDER)}")
    settings.add_config(parser)


def run(arguments: argparse.Namespace) -> int:
    chosen = settings.read(arguments)
    wanted: list[str] = arguments.service or list(ORDER)
    reasons = {name: reason for name in wanted if (reason := missing(name, chosen)) is not None}
    names = [name for name in ORDER if name in wanted and name not in reasons]
    file = settings.config_file(arguments)
    config = () if file is None else ("--config", str(file))
    services = [
        Service(
            name,
            name,
            config,
            port=chosen.broker.port if name == "broker" else None,
            after="database" if name in NEED_DATABASE else None,
        )
        for name in names
    ]
    if NEED_DATABASE & set(names):
        services.append(Service("database", "octopus", ("db", "upgrade", *config), once=True))
    say = prefixed(service.name for service in services)
    for name, reason in reasons.items():
        say("octopus", f"{name} is left out: {reason}")
    if not services:
        say("octopus", "nothing to start")
        return 78
    return Supervisor(services, say).run()


def missing(name: str, chosen: CommandSettings) -> str | None:
    """Say why a service cannot run here, or None."""
    if not exists(name):
        return "this version has none"
    if name == "publisher" and not (chosen.publisher and chosen.source):
        return "no [publisher] and [source] settings"
    if name == "broker" and chosen.private_broker is None:
        return "no [private_broker] settings, so the broker is another's"
    if name == "bot" and not (chosen.bot.get("token") or chosen.bot.get("token_file")):
        return "no token (OCTOPUS_BOT__TOKEN_FILE)"
    return None


def exists(name: str) -> bool:
    """Tell whether a service is part of this version; another project's package of that name does not count."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        return False
    beside = Path(__file__).resolve().parent.parent
    return Path(found.origin).resolve().parent.parent == beside and (beside / name / "__main__.py").is_file()
