"""A broker for one machine: loopback only, no accounts. Mosquitto where it is installed, else amqtt."""

import asyncio
import getpass
import importlib.util
import logging
import os
import shutil
import signal
import socket
from pathlib import Path
from typing import Literal, NoReturn

from broker.settings import PrivateBlock

HOST = "127.0.0.1"

log = logging.getLogger("broker")

Kind = Literal["mosquitto", "amqtt"]


class NoBrokerError(Exception):
    """No program on this machine can be the broker; its text says what to install."""


def choose(block: PrivateBlock) -> Kind:
    """Return the broker that will run; raise NoBrokerError where none is installed."""
    if block.kind != "amqtt" and mosquitto() is not None:
        return "mosquitto"
    if block.kind != "mosquitto" and importlib.util.find_spec("amqtt") is not None:
        return "amqtt"
    wanted = {
        "auto": "neither Mosquitto nor amqtt is installed: install the package mosquitto, or octopus-ecotron[amqtt]",
        "mosquitto": "Mosquitto is not installed: install the package mosquitto",
        "amqtt": "amqtt is not installed: pip install 'octopus-ecotron[amqtt]'",
    }
    raise NoBrokerError(wanted[block.kind])


def mosquitto() -> str | None:
    """Return Mosquitto's path; Debian keeps it where an ordinary account's PATH does not look."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/local/sbin:/usr/sbin:/opt/homebrew/sbin")


def is_free(port: int) -> bool:
    """Tell whether the port can be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def become_mosquitto(directory: Path, port: int) -> NoReturn:
    """Write its configuration and turn this process into Mosquitto, so that signals reach it straight."""
    program = mosquitto()
    if program is None:
        raise NoBrokerError("Mosquitto is not installed: install the package mosquitto")
    directory.mkdir(parents=True, exist_ok=True)
    file = directory.resolve() / "mosquitto.conf"
    file.write_text(configuration(directory.resolve(), port), encoding="utf-8")
    os.execv(program, [program, "-c", str(file)])  # noqa: S606 - a program found on this machine, our own arguments


def configuration(directory: Path, port: int) -> str:
    """Return the private broker's mosquitto.conf: the limits of the real one, loopback in place of accounts."""
    return f"""# Written at each start by `python -m broker`.
listener {port} {HOST}
allow_anonymous true
user {getpass.getuser()}
persistence true
persistence_location {directory}/
autosave_on_changes true
autosave_interval 1
max_queued_messages 200000
max_queued_bytes 268435456
memory_limit 2147483648
persistent_client_expiration 14d
max_packet_size 524288
set_tcp_nodelay true
log_dest stdout
log_timestamp_format %Y-%m-%d %H:%M:%S
log_type error
log_type warning
"""


def run_amqtt(port: int) -> None:
    """Serve until SIGTERM or Ctrl-C. It keeps nothing over a restart; the outboxes do."""
    asyncio.run(_serve_amqtt(port))


async def _serve_amqtt(port: int) -> None:
    from amqtt.broker import Broker  # noqa: PLC0415 - only machines without Mosquitto have it
    from amqtt.contexts import BrokerConfig, ListenerConfig  # noqa: PLC0415

    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.ERROR)
    # A connection that only looks whether somebody listens is no error.
    logging.getLogger("amqtt.broker").addFilter(lambda record: not record.getMessage().startswith("No data from"))
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = Broker(
        BrokerConfig(
            listeners={"default": ListenerConfig(bind=f"{HOST}:{port}")},
            plugins={"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        )
    )
    await server.start()
    log.info("amqtt listens on %s:%d (MQTT 3.1.1)", HOST, port)
    await stopped.wait()
    await server.shutdown()
