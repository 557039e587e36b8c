"""Every service and server is killed with -9 in mid-traffic; afterwards each numbered reading is there once."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from schemas.site import Site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

UNIT, CELLS = "ecolab-1", ("E1C1", "E1C2", "E1C3")


class Station:
    """A unit's publisher, a broker, an ingestor and a database, as processes of their own."""

    def __init__(self, directory: Path, site: Site) -> None:
        for name in ("mariadb", "broker"):
            (directory / name).mkdir()
        self.directory = directory
        self.mariadb, self.broker = MariaDB(directory / "mariadb"), Mosquitto(directory / "broker")
        self.mariadb.start()
        self.broker.start()
        self.url = self.mariadb.make_database()
        prepare_database(self.url, site).dispose()
        common = {"OCTOPUS_BROKER__PORT": str(self.broker.port), "PYTHONPATH": str(Path.cwd())}
        self.outbox = directory / "outbox.sqlite"
        config = directory / "publisher.toml"
        config.write_text(
            f'[publisher]\nunit = "{UNIT}"\noutbox = "{self.outbox}"\n'
            '[source]\nkind = "simulated"\nperiod = "0.2s"\nhistory = "30m"\nhistory_period = "1s"\n'
        )
        self.ingestor = Process(
            [sys.executable, "-m", "ingestor"],
            directory / "ingestor.log",
            {**common, "OCTOPUS_DATABASE__URL": self.url},
        )
        self.publisher = Process(
            [sys.executable, "-m", "publisher", "--config", str(config)], directory / "publisher.log", common
        )

    def wipe_broker(self) -> None:
        self.broker.kill()
        for file in (self.directory / "broker").glob("mosquitto.db*"):
            file.unlink()
        self.broker.start()

    def rows(self, statement: str) -> list[tuple[int, ...]]:
        connection = self.mariadb.connect(self.url.rpartition("/")[2])
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def stored(self) -> int:
        """Return how many readings (a cell at a time) the history holds."""
        try:
            found = self.rows(
                "SELECT COUNT(*) FROM (SELECT DISTINCT s.cell_id, r.observed_at"
                " FROM reading r JOIN series s ON s.id = r.series_id) AS seen"
            )
        except pymysql.err.OperationalError:
            return 0
        return found[0][0]

    def behind(self) -> int:
        """Return how many numbers are known to be missing in the database."""
        return self.rows("SELECT last_sequence - publisher.stored - rejected FROM publisher")[0][0]

    def outbox_content(self) -> tuple[int, set[int]]:
        """Return the last number assigned and those that wait; the publisher must be stopped, it locks its file."""
        with sqlite3.connect(self.outbox, timeout=10) as outbox:
            last = int(outbox.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchone()[0])
            return last, {row[0] for row in outbox.execute("SELECT sequence FROM reading")}

    def more_arrives(self, seconds: float = 60) -> None:
        before = self.stored()
        wait_for(lambda: self.stored() > before + 5, "readings reach the table", seconds)

    def end(self) -> None:
        for each in (self.publisher, self.ingestor, self.broker, self.mariadb):
            each.kill()
        shutil.rmtree(self.directory / "mariadb", ignore_errors=True)


@pytest.fixture
def station(tmp_path: Path, site: Site) -> Iterator[Station]:
    station = Station(tmp_path, site)
    yield station
    station.end()


def test_every_numbered_reading_is_there_once(station: Station) -> None:
    station.ingestor.start()
    station.publisher.start()
    station.more_arrives()
    for killed in (station.publisher, station.ingestor, station.broker, station.mariadb):
        killed.kill()
        killed.start()
        station.more_arrives()
    station.wipe_broker()
    station.more_arrives()
    # The ingestor away while the broker loses its disk: only the outbox still knows.
    station.ingestor.kill()
    station.wipe_broker()
    station.ingestor.start()
    station.more_arrives()

    wait_for(lambda: station.behind() <= 10 * len(CELLS), "the backlog is stored", 60)
    assert station.publisher.stop() == 0
    last, waiting = station.outbox_content()
    assert last > 1800 * len(CELLS), "the past and the present were read"

    def accounted() -> set[int]:
        ranges = station.rows("SELECT first, last FROM publisher_range")
        return {number for first, end in ranges for number in range(first, end + 1)}

    wait_for(lambda: accounted() | waiting == set(range(1, last + 1)), "each number is stored or still waits", 30)
    ledger = station.rows("SELECT publisher.stored, rejected FROM publisher")
    assert len(ledger) == 1, "one outbox, one publisher"
    assert ledger[0] == (len(accounted()), 0)
    assert station.stored() == len(accounted()), "each number is one reading of the history, none is there twice"
    assert station.rows("SELECT COUNT(*) FROM rejected_message") == [(0,)]
