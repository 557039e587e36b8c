"""`python -m broker`: a private broker for one machine, until SIGTERM or Ctrl-C."""

import logging
import sys

from broker import private
from broker.settings import PrivateBrokerSettings
from service import logs
from service.settings import EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, from_command_line


def main() -> int:
    settings = from_command_line(PrivateBrokerSettings, "A private broker on loopback, for one machine.")
    logs.configure(settings.log_level)
    port = settings.broker.port
    try:
        kind = private.choose(settings.private_broker)
    except private.NoBrokerError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    if not private.is_free(port):
        sys.stderr.write(f"port {port} is taken: stop what listens there, or set OCTOPUS_BROKER__PORT\n")
        return EXIT_UNAVAILABLE
    if kind == "amqtt":
        private.run_amqtt(port)
        return 0
    directory = settings.private_broker.directory
    logging.getLogger("broker").info("Mosquitto on %s:%d, its files in %s", private.HOST, port, directory)
    try:
        private.become_mosquitto(directory, port)
    except OSError as error:
        sys.stderr.write(f"setting private_broker.directory: {error.filename}: {error.strerror}\n")
        return EXIT_BAD_SETTINGS


if __name__ == "__main__":
    sys.exit(main())
