"""A day of the whole site from outboxes to rows, and what live readings notice of it: `python -m bench.backlog`.

Six publishers start with a full outbox each (18 cells, 16 parameters or so, every 10 s) and go on reading live.
A live reading counts as stored when the ingestor says so, which it does after the commit.
"""

import argparse
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from sqlalchemy import text

from bench import measuring
from bench.ingest import ingestor_process
from publisher.outbox import Outbox
from publisher.simulation.cell import SimulatedCell
from publisher.sources.source import Sample, SampleBatch
from schemas import times, topics
from schemas.site import Site, Unit, read_site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

STEP = timedelta(seconds=10)
SECONDS, DELAY = 60, 1.0


class Watch:
    """Notes when each live reading came by, and when it was said to be stored."""

    def __init__(self, port: int, after: dict[str, int]) -> None:
        # The first live reading of each cell is as old as its publisher's start is late.
        self._after = {publisher: last + 3 for publisher, last in after.items()}
        self._lock = threading.Lock()
        self._observed: dict[tuple[str, int], float] = {}
        self.seen: list[float] = []
        self.stored: list[float] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(topics.READINGS, 1), (topics.stored("+"), 1)])
        self._client.loop_start()

    def take(self) -> tuple[list[float], list[float]]:
        """Return the delays so far, of arrival and of storage, and forget them."""
        with self._lock:
            seen, stored, self.seen, self.stored = self.seen, self.stored, [], []
        return seen, stored

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        now, content = time.time(), orjson.loads(message.payload)
        publisher = content["publisher"]
        with self._lock:
            if "observed_at" in content:
                observed = times.from_text(content["observed_at"]).timestamp()
                if content["sequence"] > self._after[publisher]:
                    self._observed[publisher, content["sequence"]] = observed
                    self.seen.append(now - observed)
                return
            for first, last in content["ranges"]:
                for number in range(max(first, self._after[publisher] + 1), last + 1):
                    if observed := self._observed.pop((publisher, number), 0.0):
                        self.stored.append(now - observed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    options = parser.parse_args()
    measuring.print_machine()
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
        directory = Path(name)
        (directory / "database").mkdir()
        database, broker = MariaDB(directory / "database"), Mosquitto(directory)
        database.start()
        broker.start()
        try:
            return run(database, broker, read_site(), timedelta(hours=options.hours), directory)
        finally:
            broker.stop()
            database.stop()


def run(database: MariaDB, broker: Mosquitto, site: Site, span: timedelta, directory: Path) -> int:
    url = database.make_database()
    engine = prepare_database(url, site)
    outboxes = {unit.code: directory / f"outbox-{unit.code}.sqlite" for unit in site.units}
    last, values = {}, 0
    for unit in site.units:
        publisher, count, more = fill(outboxes[unit.code], site, unit, span)
        last[publisher] = count
        values += more
    waiting = sum(last.values())
    publishers = [publisher_process(broker, unit, outboxes[unit.code], directory) for unit in site.units]
    ingestor = ingestor_process(broker, url, directory / "ingestor.log")
    ingestor.start()
    wait_for(lambda: ingestor.text().count("connected to") == 2, "the ingestor subscribes")
    watch = Watch(broker.port, last)
    used = {"ingestor": ingestor.pid, "mariadbd": database.pid, "mosquitto": broker.pid}
    before = measuring.cpu(used)
    began = time.perf_counter()
    for each in publishers:
        each.start()
    used_pids: dict[str, Any] = used | {"6 publishers": [each.pid for each in publishers]}
    with engine.connect() as connection:

        def done() -> bool:
            connection.rollback()
            statement = "SELECT COALESCE(SUM(GREATEST(0, LEAST(`last`, :last) - `first` + 1)), 0) FROM publisher_range"
            each_unit = (
                connection.execute(text(f"{statement} WHERE publisher_id = :publisher"), {"publisher": p, "last": n})
                for p, n in last.items()
            )
            return sum(int(found.scalar_one()) for found in each_unit) == waiting

        try:
            wait_for(done, "the backlog is stored", 900)
            seconds = time.perf_counter() - began
            seen, stored = watch.take()
            spent = measuring.cpu(used_pids)
            memory = measuring.peak_memory(ingestor.pid)
            biggest = max(measuring.peak_memory(each.pid) for each in publishers)
            rows = connection.execute(text("SELECT COUNT(*) FROM reading")).scalar_one()
        finally:
            watch.close()
            for each in publishers:
                each.stop()
            ingestor.stop()
    engine.dispose()
    measuring.require(rows >= values, f"{rows:,} rows in the table, not {values:,}")
    expected = len(site.unit_of_cell) * (seconds - 5)  # each cell is read once a second
    measuring.require(
        min(len(seen), len(stored)) > max(100, expected / 2),
        f"{len(seen)} live readings came by and {len(stored)} were stored meanwhile, not about {expected:.0f}",
    )
    print(f"{values:,} values of {waiting:,} readings from six outboxes to rows in {seconds:.1f} s", end="")
    print(f" = {values / seconds:,.0f} values/s; ingestor {memory:.0f} MB, largest publisher {biggest:.0f} MB\n")
    measuring.table(
        ("live readings meanwhile", "n", "p50 s", "p99 s", "most s"),
        [
            (name, len(delays), *(f"{each:.3f}" for each in (*(measuring.percentile(delays, p) for p in (50, 99)),
                                                            max(delays))))
            for name, delays in (("observed to arrived", seen), ("observed to committed", stored))
        ],
    )  # fmt: skip
    print()
    measuring.table(
        ("processor time", "s"), [(name, f"{total - before.get(name, 0):.1f}") for name, total in spent.items()]
    )
    busy = sum(spent.values()) - sum(before.values())
    print(f"{busy / seconds:.2f} of {len(measuring.cores())} cores used")
    return measuring.judge(
        (f"a day's backlog in {seconds:.0f} s (within {SECONDS})", seconds < SECONDS),
        (f"live readings committed after {max(stored):.2f} s at most (below {DELAY:g})", max(stored) < DELAY),
    )


def fill(path: Path, site: Site, unit: Unit, span: timedelta) -> tuple[str, int, int]:
    """Put the past into an outbox as a publisher would; return its name, its last number and the count of values."""
    outbox = Outbox(path)
    models = {cell: SimulatedCell(site, cell, 1) for cell in unit.cells}
    end = times.floor(times.now(), STEP)
    at, values = end - span, 0
    samples: list[Sample] = []
    while at < end:
        samples += [Sample(cell, at, model.read(at.timestamp())) for cell, model in models.items()]
        at += STEP
        if len(samples) >= 3000 or at >= end:
            outbox.append("bench", SampleBatch(samples))
            values += sum(len(sample.values) for sample in samples)
            samples = []
    publisher, count = outbox.publisher, outbox.sequence
    outbox.close()
    return publisher, count, values


def publisher_process(broker: Mosquitto, unit: Unit, outbox: Path, directory: Path, period: str = "1s") -> Process:
    config = directory / f"{unit.code}.toml"
    config.write_text(
        f'[broker]\nport = {broker.port}\n[publisher]\nunit = "{unit.code}"\noutbox = "{outbox}"\n'
        f'[source]\nkind = "simulated"\nseed = 1\nperiod = "{period}"\n'
    )
    command = [sys.executable, "-m", "publisher", "--config", str(config)]
    return Process(command, directory / f"{unit.code}.log")


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
