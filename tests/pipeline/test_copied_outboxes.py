"""Outboxes that are copied, run twice or restored: every reading is stored or rejected with a row, none vanishes."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine, text

from schemas.site import Site
from tests.conftest import prepare_database
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

UNIT = "ecolab-1"
START = datetime(2026, 11, 3, tzinfo=UTC)


class Machine:
    """A unit's PC: a log file that grows, an outbox, a publisher. Each machine's values are its own."""

    def __init__(self, directory: Path, port: int, offset: int) -> None:
        directory.mkdir(exist_ok=True)
        self.directory, self.port, self.offset = directory, port, offset
        self.log, self.outbox = directory / "log.csv", directory / "outbox.sqlite"
        self.written = 0
        if not self.log.exists():
            self.log.write_text("time,T\n")
        config = directory / "publisher.toml"
        config.write_text(
            f'[publisher]\nunit = "{UNIT}"\noutbox = "{self.outbox}"\n[source]\nkind = "csv"\ninterval = 0.1\n'
            f'join_wait = 0\n[[source.files]]\npath = "{self.log}"\ncell = "E1C1"\ntime_columns = ["time"]\n'
            'timezone = "UTC"\n[source.files.columns]\nT = "air_temperature"\n'
        )
        self.publisher = Process(
            [sys.executable, "-m", "publisher", "--config", str(config)],
            directory / "publisher.log",
            {"OCTOPUS_BROKER__PORT": str(port), "PYTHONPATH": str(Path.cwd())},
        )

    def measure(self, count: int) -> None:
        """Append lines: a second apart, the value says which machine and which line."""
        with self.log.open("a") as file:
            for number in range(self.written, self.written + count):
                at = START + timedelta(seconds=self.offset + number)
                file.write(f"{at:%Y-%m-%d %H:%M:%S},{number % 40}\n")
        self.written += count

    def copy(self, directory: Path, offset: int) -> "Machine":
        """Return a second machine that runs from a copy of this one's disk: to the file's number all is the same."""
        shutil.copytree(self.directory, directory)
        copied = Machine(directory, self.port, offset)
        copied.written = self.written
        position = self.meta("position csv")
        with closing(sqlite3.connect(copied.outbox)) as outbox, outbox:
            place = orjson.dumps(orjson.loads(self.meta("place")) | {"file": str(copied.outbox.stat().st_ino)}).decode()
            outbox.execute("UPDATE meta SET value = ? WHERE name = 'place'", (place,))
            moved = position.replace(str(self.log), str(copied.log)).replace(
                str(self.log.stat().st_ino), str(copied.log.stat().st_ino)
            )
            outbox.execute("UPDATE meta SET value = ? WHERE name = 'position csv'", (moved,))
        return copied

    def meta(self, name: str) -> str:
        with closing(sqlite3.connect(self.outbox)) as outbox:
            return str(outbox.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])


class Server:
    """Broker, ingestor and database."""

    def __init__(self, directory: Path, site: Site) -> None:
        self.broker = Mosquitto(directory)
        self.broker.start()
        url = f"sqlite:///{directory}/octopus.sqlite"
        self.engine: Engine = prepare_database(url, site)
        self.ingestor = Process(
            [sys.executable, "-m", "ingestor"],
            directory / "ingestor.log",
            {
                "OCTOPUS_BROKER__PORT": str(self.broker.port),
                "OCTOPUS_DATABASE__URL": url,
                "PYTHONPATH": str(Path.cwd()),
            },
        )
        self.ingestor.start()
        wait_for(lambda: self.ingestor.text().count("connected to") == 2, "the ingestor subscribes")

    def times(self) -> set[datetime]:
        """When the readings were observed that the history has."""
        with self.engine.connect() as connection:
            return {
                datetime.fromisoformat(at).replace(tzinfo=UTC)
                for (at,) in connection.execute(text("SELECT observed_at FROM reading"))
            }

    def accounts(self) -> list[tuple[str, int, int, int]]:
        """Publisher, highest number, stored, rejected."""
        with self.engine.connect() as connection:
            found = connection.execute(text("SELECT id, last_sequence, stored, rejected FROM publisher"))
            return [tuple(row) for row in found]

    def rejected(self) -> list[str]:
        with self.engine.connect() as connection:
            return list(connection.execute(text("SELECT reason FROM rejected_message")).scalars())

    def has(self, machine: Machine, first: int = 0) -> bool:
        """Return whether every line of a machine from `first` on is in the history."""
        wanted = {START + timedelta(seconds=machine.offset + n) for n in range(first, machine.written)}
        return wanted <= self.times()

    def end(self) -> None:
        self.ingestor.kill()
        self.broker.kill()
        self.engine.dispose()


@pytest.fixture
def server(tmp_path: Path, site: Site) -> Iterator[Server]:
    server = Server(tmp_path, site)
    yield server
    server.end()


@pytest.fixture
def machine(tmp_path: Path, server: Server) -> Iterator[Machine]:
    """A machine that has sent twenty readings, all stored, and stands still."""
    machine = Machine(tmp_path / "pc", server.broker.port, 0)
    machine.measure(20)
    machine.publisher.start()
    wait_for(lambda: server.has(machine), "what it measured is stored")
    assert machine.publisher.stop() == 0
    yield machine
    machine.publisher.kill()


def test_a_disk_image_that_runs_twice_loses_nothing_and_both_are_named(
    server: Server, machine: Machine, tmp_path: Path
) -> None:
    copied = machine.copy(tmp_path / "copy", 100_000)
    before = machine.meta("publisher")
    assert copied.meta("publisher") == before
    machines = (machine, copied)
    for one in machines:
        one.publisher.start()
    try:
        for _ in range(8):
            for one in machines:
                one.measure(3)
            wait_for(lambda: all(server.has(one, 20) for one in machines), "what both measured is stored", 90)
        wait_for(lambda: "publishers send as unit ecolab-1 at once" in server.ingestor.text(), "both are named", 60)
    finally:
        for one in machines:
            one.publisher.stop()
    names = {one.meta("publisher") for one in machines}
    assert len(names) == 2
    (line,) = [line for line in server.ingestor.text().splitlines() if "at once" in line]
    assert all(name in line for name in names), "people are told which two"
    renamed = next(one for one in machines if one.meta("publisher") != before)
    assert f"was publisher {before}" in renamed.publisher.text()
    for name, last, stored, rejected in server.accounts():
        assert last == stored + rejected, f"the account of {name} adds up"
    assert server.rejected() == []


def test_a_copied_file_is_recognised_before_it_sends(server: Server, machine: Machine, tmp_path: Path) -> None:
    before = machine.meta("publisher")
    shutil.copy(machine.outbox, tmp_path / "saved.sqlite")
    machine.outbox.unlink()
    shutil.move(tmp_path / "saved.sqlite", machine.outbox)
    machine.measure(5)
    machine.publisher.start()
    wait_for(lambda: server.has(machine), "what it measured is stored")
    machine.publisher.stop()
    assert machine.meta("publisher") != before
    assert "it counts as a copy" in machine.publisher.text()
    assert {name for name, *_ in server.accounts()} == {before, machine.meta("publisher")}
    assert all(last == stored + rejected for _, last, stored, rejected in server.accounts())


def test_an_outbox_restored_from_a_backup_loses_no_new_reading_and_no_rejection(
    server: Server, machine: Machine
) -> None:
    before = machine.meta("publisher")
    saved = {file: file.read_bytes() for file in (machine.outbox, machine.log)}
    machine.measure(10)
    machine.publisher.start()
    wait_for(lambda: server.has(machine), "what it measured is stored")
    assert machine.publisher.stop() == 0
    assert server.accounts() == [(before, 30, 30, 0)], "an outbox that is alone keeps its name"
    # The disk is restored in place, so to the system it is the same file; then the unit measures on.
    for file, content in saved.items():
        file.write_bytes(content)
    machine.offset = 5000
    with machine.log.open("a") as lines:
        lines.write("1970-01-02 00:00:00,1\n" * 3)  # refused: before 2000
    machine.measure(10)
    machine.publisher.start()
    wait_for(lambda: server.has(machine, 30), "what it measured is stored")
    wait_for(lambda: len(server.rejected()) == 3, "what is refused has its rows")
    wait_for(
        lambda: all(last == stored + rejected for _, last, stored, rejected in server.accounts()), "the ledger adds up"
    )
    machine.publisher.stop()
    new = machine.meta("publisher")
    assert new != before
    accounts = server.accounts()
    assert {name for name, *_ in accounts} == {before, new}
    assert [sum(column) for column in zip(*(counts for _, *counts in accounts), strict=True)] == [43, 40, 3]
