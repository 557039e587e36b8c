"""Recordings go through real publishers, broker and ingestor into MariaDB: each value once, at the right instant."""

import csv
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schemas.site import Site
from service.settings import DatabaseSettings
from storage.database import connect
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

SAMPLES = Path(__file__).parents[1] / "publisher" / "sources" / "samples"
ROOT = Path(__file__).parents[2]

Rows = dict[tuple[str, str, datetime], float | None]

GREENHOUSE = {
    "greenhouse-climate.csv": {
        "Tair": "air_temperature",
        "Rhair": "relative_humidity",
        "CO2air": "co2",
        "PARin": "par",
        "AssimLight": "light_command",
    },
    "greenhouse-controls.csv": {"heating_temp_vip": "air_temperature_setpoint", "CO2_vip": "co2_setpoint"},
}


class Recordings:
    """A broker, an ingestor and a database of its own; publishers that play files into them."""

    def __init__(self, directory: Path, url: str, broker: Mosquitto) -> None:
        self.directory, self.broker, self.url = directory, broker, url
        self.env = {
            "PYTHONPATH": os.pathsep.join((str(ROOT), *sys.path)),
            "OCTOPUS_BROKER__PORT": str(broker.port),
            "OCTOPUS_DATABASE__URL": url,
        }
        self.ingestor = Process([sys.executable, "-m", "ingestor"], directory / "ingestor.log", self.env)

    def play(self, unit: str, source: str, outbox: str, readings: int) -> None:
        """Run a publisher until the database has answered for so many readings of its outbox, from the first on."""
        config = self.directory / f"{unit}.toml"
        file = self.directory / f"{outbox}.sqlite"
        config.write_text(f'[publisher]\nunit = "{unit}"\noutbox = "{file}"\n\n[source]\nkind = "csv"\n{source}')
        log = self.directory / f"{unit}.log"
        log.unlink(missing_ok=True)
        publisher = Process([sys.executable, "-m", "publisher", "--config", str(config)], log, self.env)
        publisher.start()
        try:
            wait_for(lambda: self._answered(publisher) >= readings, f"the database has what {unit} read", 60)
        finally:
            publisher.stop()
        with closing(sqlite3.connect(file)) as connection:
            numbered = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'reading'").fetchone()
            assert numbered == (readings,), "more was read than there is"
            assert connection.execute("SELECT COUNT(*) FROM fault").fetchone() == (0,)

    def rows(self) -> Rows:
        engine = connect(DatabaseSettings.model_validate({"url": self.url}))
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT cell, parameter, observed_at, value FROM readings").all()
        engine.dispose()
        rows = {(cell, parameter, at.replace(tzinfo=UTC)): value for cell, parameter, at, value in found}
        assert len(rows) == len(found), "a value that is there twice"
        return rows

    def number(self, query: str) -> int:
        engine = connect(DatabaseSettings.model_validate({"url": self.url}))
        with engine.connect() as connection:
            number = connection.exec_driver_sql(query).scalar()
        engine.dispose()
        return int(number or 0)

    def _answered(self, publisher: Process) -> int:
        assert publisher.running, f"the publisher ended:\n{publisher.text()}"
        assert self.ingestor.running, f"the ingestor ended:\n{self.ingestor.text()}"
        found = re.search(r"\(publisher ([0-9a-f]+)\)", publisher.text())
        if found is None:
            return 0
        return self.number(f"SELECT last FROM publisher_range WHERE publisher_id = '{found[1]}' AND first = 1")


@pytest.fixture
def recordings(tmp_path: Path, mariadb_server: MariaDB, site: Site) -> Iterator[Recordings]:
    url = mariadb_server.make_database()
    prepare_database(url, site).dispose()
    broker = Mosquitto(tmp_path)
    broker.start()
    recordings = Recordings(tmp_path, url, broker)
    recordings.ingestor.start()
    # What is sent before the first subscription is sent again, but only after half a minute.
    wait_for(lambda: recordings.ingestor.text().count("connected to") == 2, "the ingestor has subscribed")
    yield recordings
    recordings.ingestor.stop()
    broker.stop()


def greenhouse_source(directory: Path, cell: str) -> str:
    return "".join(
        f'[[source.files]]\npath = "{directory / name}"\ncell = "{cell}"\ntime_columns = ["Date"]\n'
        'time_formats = ["%m/%d/%Y %H:%M"]\ntimezone = "Europe/Amsterdam"\n[source.files.columns]\n'
        + "".join(f'{column} = "{parameter}"\n' for column, parameter in columns.items())
        for name, columns in GREENHOUSE.items()
    )


def greenhouse_rows(directory: Path, cell: str) -> Rows:
    """Read the same files by other means than the source does."""
    rows: Rows = {}
    for name, columns in GREENHOUSE.items():
        with (directory / name).open(newline="") as stream:
            for line in csv.DictReader(stream):
                local = datetime.strptime(line["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=ZoneInfo("Europe/Amsterdam"))
                for column, parameter in columns.items():
                    text = line[column].strip()
                    rows[cell, parameter, local.astimezone(UTC)] = float(text) if text else None
    return rows


def test_every_value_is_stored_once_and_a_second_run_adds_only_what_is_new(
    recordings: Recordings, tmp_path: Path
) -> None:
    for name in GREENHOUSE:
        shutil.copy(SAMPLES / name, tmp_path / name)
    source = greenhouse_source(tmp_path, "E1C1")
    recordings.play("ecolab-1", source, "first", readings=60)
    assert None in recordings.rows().values()
    assert recordings.rows() == greenhouse_rows(tmp_path, "E1C1")
    for name, line in (("greenhouse-climate.csv", "19.5,71,,0,0,-9.1"), ("greenhouse-controls.csv", "480,16.5,0")):
        with (tmp_path / name).open("a") as stream:
            stream.write(f"2/2/2024 0:00,{line}\n")
    recordings.play("ecolab-1", source, "first", readings=61)
    expected = greenhouse_rows(tmp_path, "E1C1")
    assert recordings.rows() == expected, "the same outbox goes on where it was"
    recordings.play("ecolab-1", source, "fresh", readings=61)
    assert recordings.rows() == expected, "a fresh outbox reads all again, and the history has it already"
    assert recordings.number("SELECT COUNT(*) FROM rejected_message") == 0


def test_files_of_other_makes_and_the_autumn_night(recordings: Recordings) -> None:
    night = (
        f'[[source.files]]\npath = "{SAMPLES / "autumn-night.csv"}"\ncell = "E2C1"\ndelimiter = ";"\ndecimal = ","\n'
        'time_columns = ["horodatage"]\ntime_formats = ["%d/%m/%Y %H:%M"]\ntimezone = "Europe/Paris"\n'
        '[source.files.columns]\ntemperature = "air_temperature"\n'
    )
    french = (
        f'[[source.files]]\npath = "{SAMPLES / "french-latin-1.csv"}"\ncell = "E2C2"\ndelimiter = ";"\ndecimal = ","\n'
        'encoding = "latin-1"\nthousands = " "\ntime_columns = ["Date", "Heure"]\n'
        'time_formats = ["%d/%m/%Y %H:%M:%S"]\ntimezone = "Europe/Paris"\n'
        '[source.files.columns]\n"T°C" = "air_temperature"\n"HR %" = "relative_humidity"\n'
    )
    recordings.play("ecolab-2", night + french, "first", readings=24 + 10)
    rows = recordings.rows()
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)
    assert {key: value for key, value in rows.items() if key[0] == "E2C1"} == {
        ("E2C1", "air_temperature", start + timedelta(minutes=10 * n)): n + 0.5 for n in range(24)
    }
    second = {key[1:]: value for key, value in rows.items() if key[0] == "E2C2"}
    assert len(second) == 2 * 8, "ten lines, two of them repeated by an export that overlaps"
    assert second["air_temperature", datetime(2026, 11, 3, 12, 10, 30, tzinfo=UTC)] is None
    assert recordings.number("SELECT COUNT(*) FROM rejected_message") == 0
