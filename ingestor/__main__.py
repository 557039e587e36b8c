"""`python -m ingestor`: MQTT to tables, until SIGTERM or Ctrl-C."""

import logging
import os
import signal
import sys
import threading

from sqlalchemy import Engine

from ingestor.guarding import Guard
from ingestor.inbox import Inbox
from ingestor.presence import Presence, Watch
from ingestor.reading_store import ReadingStore
from ingestor.retrying import Retrying, Stopped
from ingestor.series_index import SeriesIndex, load_series_index
from ingestor.settings import IngestorSettings
from ingestor.subscriber import Subscriber
from ingestor.troubles import Troubles
from ingestor.writer import Writer
from service import logs
from service.settings import EXIT_BAD_SETTINGS, SettingsError, from_command_line
from service.version import octopus_version
from storage import revisions
from storage.database import connect, write_sessions

log = logging.getLogger("ingestor")


def main() -> int:
    """Run the ingestor until a signal; return the exit status (78: settings, 1: a fault of ours)."""
    settings = from_command_line(IngestorSettings, "Store what the broker delivers, losing nothing.")
    logs.configure(settings.log_level)
    threading.excepthook = _end_process
    inbox = Inbox(settings.ingestor.receive_maximum, settings.ingestor.backlog_receive_maximum)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: inbox.close())
    presence = Presence()
    try:
        engine = connect(settings.database)
        subscriber = Subscriber(settings.broker, settings.ingestor, inbox, octopus_version(), presence)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"setting broker: {error.filename}: {error.strerror}\n")
        return EXIT_BAD_SETTINGS

    def pause(seconds: float) -> bool:
        # Also while the database is away: this service is there, and says so.
        subscriber.maintain()
        return inbox.pause(seconds)

    retrying = Retrying(pause)
    troubles = Troubles(subscriber.report_trouble)
    watch = Watch(presence, engine, troubles)
    subscriber.guard = guard = Guard(write_sessions(engine), subscriber.publish_alarm)
    writer = Writer(
        inbox,
        ReadingStore(write_sessions(engine)),
        lambda: _load(engine),
        retrying,
        batch=settings.ingestor.batch,
        linger=settings.ingestor.linger,
        troubles=troubles,
    )

    def maintain() -> None:
        subscriber.maintain()
        watch.check()
        guard.look()

    try:
        retrying.run(lambda: revisions.check_version(engine))
        with subscriber:
            writer.run(subscriber.confirm, maintain)
    except Stopped:
        pass
    except Exception as error:
        log.critical("the ingestor ends: %s: %s", type(error).__name__, error, exc_info=settings.log_level == "DEBUG")
        return 1
    finally:
        engine.dispose()
    log.info("stopped")
    return 0


def _load(engine: Engine) -> SeriesIndex:
    with engine.connect() as connection:
        return load_series_index(connection)


def _end_process(arguments: threading.ExceptHookArgs) -> None:
    """End a process that lost a thread: it would look alive and store nothing."""
    thread = arguments.thread.name if arguments.thread is not None else "?"
    log.critical("the ingestor ends: thread %s failed", thread, exc_info=arguments.exc_value)
    logging.shutdown()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
