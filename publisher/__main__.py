"""`python -m publisher`: one process a unit, until SIGTERM or Ctrl-C."""

import logging
import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from queue import SimpleQueue
from typing import Any

from publisher.feeding import Feeder
from publisher.outbox import Outbox, OutboxFullError, OutboxUnusableError
from publisher.publishing import Publishing, Stop
from publisher.settings import PublisherSettings
from publisher.sources.opening import open_source
from schemas.site import SiteError, read_site
from service import logs
from service.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line

_FEEDER_ENDS_WITHIN = 5.0


def main() -> int:
    settings = from_command_line(PublisherSettings, "Send a unit's readings to the broker, losing none.")
    logs.configure(settings.log_level)
    log = logging.getLogger("publisher")
    code = settings.publisher.unit
    try:
        site = read_site(settings.site)
        unit = site.unit_by_code.get(code)
        if unit is None:
            sys.stderr.write(f"setting publisher.unit: no unit {code} on this site: {', '.join(site.unit_by_code)}\n")
            return EXIT_BAD_SETTINGS
        settings.broker.secret()
        source = open_source(settings.source, site, unit)
        outbox = Outbox(settings.publisher.path)
    except (SettingsError, SiteError, OutboxUnusableError, OutboxFullError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"setting broker.password_file: {error}\n")
        return EXIT_BAD_SETTINGS

    events: SimpleQueue[Any] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put(Stop()))
    kind = str(settings.source["kind"])
    log.info(
        "unit %s, source %s, outbox %s (publisher %s), %d readings wait",
        code, kind, settings.publisher.path, outbox.publisher, outbox.waiting,
    )  # fmt: skip
    feeder = Feeder(source, kind, frozenset(unit.cells), outbox, events)
    feeder.start()
    try:
        Publishing(settings.broker, code, outbox, _version(), events).run()
    except Exception as error:
        log.critical("the publisher ends: %s: %s", type(error).__name__, error, exc_info=settings.log_level == "DEBUG")
        return 1
    finally:
        feeder.stop()
        feeder.join(_FEEDER_ENDS_WITHIN)
        outbox.close()
    log.info("stopped; %d readings wait in the outbox", outbox.waiting)
    return 0


def _version() -> str:
    try:
        return version("octopus-ecotron")
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
