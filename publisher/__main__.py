"""`python -m publisher`: one process a unit, until SIGTERM or Ctrl-C."""

import logging
import signal
import sys
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from publisher.feeding import Feeder
from publisher.outbox import Outbox
from publisher.outbox_file import OutboxFullError, OutboxUnusableError
from publisher.publishing import Publishing, Stop
from publisher.settings import PublisherSettings
from publisher.sources.opening import open_source
from schemas.site import SiteError, read_site
from service import logs
from service.backoff import BackOff
from service.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line
from service.version import octopus_version

_FEEDER_ENDS_WITHIN = 5.0
log = logging.getLogger("publisher")


def main() -> int:
    """Run the publisher until a signal; return the exit status (78: settings, 1: a fault of ours)."""
    settings = from_command_line(PublisherSettings, "Send a unit's readings to the broker, losing none.")
    logs.configure(settings.log_level)
    code = settings.publisher.unit
    events: SimpleQueue[Any] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: events.put(Stop()))
    try:
        site = read_site(settings.site)
        unit = site.unit_by_code.get(code)
        if unit is None:
            sys.stderr.write(f"setting publisher.unit: no unit {code} on this site: {', '.join(site.unit_by_code)}\n")
            return EXIT_BAD_SETTINGS
        settings.broker.secret()
        source = open_source(settings.source, site, unit)
        outbox = _open_outbox(settings.publisher.path, events)
    except (SettingsError, SiteError, OutboxUnusableError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"setting broker.password_file: {error}\n")
        return EXIT_BAD_SETTINGS
    if outbox is None:
        return 0
    kind = str(settings.source["kind"])
    log.info(
        "unit %s, source %s, outbox %s (publisher %s), %d readings wait",
        code, kind, settings.publisher.path, outbox.publisher, outbox.waiting,
    )  # fmt: skip
    feeder = Feeder(source, kind, frozenset(unit.cells), outbox, events)
    feeder.start()
    try:
        Publishing(settings.broker, code, outbox, octopus_version(), events).run()
    except Exception as error:
        log.critical("the publisher ends: %s: %s", type(error).__name__, error, exc_info=settings.log_level == "DEBUG")
        return 1
    finally:
        feeder.stop()
        feeder.join(_FEEDER_ENDS_WITHIN)
        outbox.close()
    log.info("stopped; %d readings wait in the outbox", outbox.waiting)
    return 0


def _open_outbox(path: Path, events: "SimpleQueue[Any]") -> Outbox | None:
    """Open the outbox, waiting while its disk is full; return None when stopped before."""
    tries = BackOff()
    while True:
        try:
            outbox = Outbox(path)
        except OutboxFullError as error:
            if tries.is_new(str(error)):
                log.error("%s; nothing is read from the source until it can be written, trying again", error)  # noqa: TRY400 - for an operator
        else:
            if tries.succeed():
                log.info("outbox %s can be written again", path)
            return outbox
        with suppress(Empty):
            events.get(timeout=tries.next())  # only a signal can be in it yet
            return None


if __name__ == "__main__":
    sys.exit(main())
