"""MQTT to committed rows against the server's own limit, in one run: `python -m bench.ingest`.

The limit is the same rows as prebuilt multi-row INSERTs over one connection into the same partitioned table.
The ingestor starts on a queue that the broker already holds, so that no sender competes for the two cores.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import paho.mqtt.client as mqtt
from sqlalchemy import text

from schemas.site import Site, read_site
from schemas.topics import readings as readings_topic
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

STEP = timedelta(seconds=10)
PARAMETERS = 20
ROWS_A_STATEMENT = 7_200


class QuietMosquitto(Mosquitto):
    """Saves its queue at the end only: rewriting tens of thousands of messages at each change would be measured."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        lines = self.config.read_text(encoding="ascii").splitlines()
        self.config.write_text("".join(f"{line}\n" for line in lines if not line.startswith("autosave")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000, help="readings of each cell (18 cells x 20 values each)")
    steps = parser.parse_args().steps
    site = with_parameters(read_site(), PARAMETERS)
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
        directory = Path(name)
        database, broker = MariaDB(directory), QuietMosquitto(directory)
        database.start()
        broker.start()
        try:
            run(database, broker, site, steps, directory)
        finally:
            broker.stop()
            database.stop()


def run(database: MariaDB, broker: Mosquitto, site: Site, steps: int, directory: Path) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - STEP * steps
    cells = list(site.unit_of_cell)
    total = steps * len(cells) * PARAMETERS
    limit = server_limit(database, site, start, steps)
    print(f"server's own limit: {limit:,.0f} rows/s (prebuilt INSERTs, {ROWS_A_STATEMENT} rows a transaction)")

    url = database.make_database()
    engine = prepare_database(url, site)
    ingestor = ingestor_process(broker, url, directory / "ingestor.log")
    ingestor.start()
    wait_for(lambda: ingestor.text().count("connected to") == 2, "the ingestor subscribes")
    ingestor.stop()
    fill(broker, site, start, steps)
    before = cpu(ingestor_pids := {"mosquitto": broker.pid, "mariadbd": database.pid})
    ingestor.start()
    with engine.connect() as connection:

        def stored() -> int:
            connection.rollback()
            return int(connection.execute(text("SELECT COALESCE(SUM(stored), 0) FROM publisher")).scalar_one())

        first = wait_for(lambda: (stored(), time.perf_counter()) if stored() else None, "first rows", 60)
        wait_for(lambda: stored() == steps * len(cells), "all rows", 600)
        seconds = time.perf_counter() - first[1]
        rate = (steps * len(cells) - first[0]) * PARAMETERS / seconds
        connection.rollback()
        rows = connection.execute(text("SELECT COUNT(*) FROM reading")).scalar_one()
    assert rows == total, f"{rows} rows of {total}"
    memory = peak_memory(ingestor.pid)
    spent = cpu({"ingestor": ingestor.pid} | ingestor_pids)
    assert ingestor.stop() == 0
    print(
        f"MQTT to committed rows: {rate:,.0f} rows/s = {rate / limit:.2f} of the limit ({rows:,} rows, {seconds:.1f} s)"
    )
    for process, used in spent.items():
        print(f"  {process}: {used - before.get(process, 0):.1f} s of processor time")
    print(f"  ingestor's memory at its peak: {memory:.0f} MB")


def with_parameters(site: Site, count: int) -> Site:
    """Return the site with so many parameters in every cell."""
    content = site.model_dump()
    model = {"label": {"fr": "x", "en": "x"}, "minimum": -1e6, "maximum": 1e6}
    content["parameters"] = [model | {"code": f"parameter_{n}"} for n in range(count)]
    return Site.model_validate(content)


def server_limit(database: MariaDB, site: Site, start: datetime, steps: int) -> float:
    url = database.make_database()
    engine = prepare_database(url, site)
    engine.dispose()
    series = range(1, len(site.unit_of_cell) * PARAMETERS + 1)
    instants = [(start + STEP * step).replace(tzinfo=None).isoformat(" ", "milliseconds") for step in range(steps)]
    rows = (f"({number},'{at}',{random.uniform(0, 100):.2f},0)" for at in instants for number in series)
    statements, part = [], []
    for row in rows:
        part.append(row)
        if len(part) == ROWS_A_STATEMENT:
            statements.append(insert(part))
            part = []
    if part:
        statements.append(insert(part))
    with database.connect(url.rpartition("/")[2]) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)  # autocommit: a statement is a transaction
        return steps * len(series) / (time.perf_counter() - began)


def insert(rows: list[str]) -> bytes:
    return ("INSERT INTO reading (series_id, observed_at, value, quality) VALUES " + ",".join(rows)).encode()


def fill(broker: Mosquitto, site: Site, start: datetime, steps: int) -> None:
    """Leave numbered readings at the broker, in the ingestor's sleeping session."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    numbers = dict.fromkeys(site.unit_by_code, 0)
    info = None
    for step in range(steps):
        at = (start + STEP * step).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        for cell, unit in site.unit_of_cell.items():
            numbers[unit.code] += 1
            reading = {
                "publisher": f"bench-{unit.code}",
                "sequence": numbers[unit.code],
                "observed_at": at,
                "values": {f"parameter_{n}": round(random.uniform(0, 100), 2) for n in range(PARAMETERS)},
            }
            info = client.publish(readings_topic(unit.code, cell), orjson.dumps(reading), qos=1)
    assert info is not None
    info.wait_for_publish(300)
    wait_for(lambda: not client.want_write() and info.is_published(), "all is at the broker", 300)
    client.disconnect()
    client.loop_stop()


def ingestor_process(broker: Mosquitto, url: str, log: Path, **settings: str) -> Process:
    return Process(
        [sys.executable, "-m", "ingestor"],
        log,
        {"OCTOPUS_BROKER__PORT": str(broker.port), "OCTOPUS_DATABASE__URL": url} | settings,
    )


def cpu(pids: dict[str, int]) -> dict[str, float]:
    """Return the seconds of processor time that each process has used."""
    used = {}
    for name, pid in pids.items():
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        used[name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def peak_memory(pid: int) -> float:
    """Return the most memory in MB that a process has had resident."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    main()
