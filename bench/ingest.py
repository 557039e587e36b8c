"""MQTT to committed rows against the server's own limit, in one run: `python -m bench.ingest`.

The limit is the same rows as prebuilt multi-row INSERTs over one connection into the same partitioned table,
measured right before and right after each turn of the ingestor, because a shared machine is never the same twice.
The ingestor starts on a queue that the broker already holds, so that no sender competes for the processor.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import paho.mqtt.client as mqtt
from sqlalchemy import text

from bench import measuring
from ingestor import rollups, statements
from ingestor.decoding import decode
from ingestor.inbox import Arrival
from ingestor.series_index import load_series_index
from schemas.site import Site, read_site
from schemas.topics import readings as readings_topic
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

STEP = timedelta(seconds=10)
PARAMETERS = 20
ROWS_A_STATEMENT = 7_200
RATIO, MEGABYTES = 0.4, 100


class QuietMosquitto(Mosquitto):
    """Saves its queue at the end only: rewriting tens of thousands of messages at each change would be measured."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        lines = self.config.read_text(encoding="ascii").splitlines()
        self.config.write_text("".join(f"{line}\n" for line in lines if not line.startswith("autosave")))


@dataclass(slots=True)
class Turn:
    """One drain of the queue. Rates are rows a second, the rest seconds."""

    limit: float
    rate: float
    seconds: float
    memory: float
    server_alone: float
    used: dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1_500, help="readings of each cell (18 cells x 20 values each)")
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    measuring.print_machine()
    site = with_parameters(read_site(), PARAMETERS)
    turns = []
    for _ in range(options.turns):
        with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
            directory = Path(name)
            database, broker = MariaDB(directory), QuietMosquitto(directory)
            database.start()
            broker.start()
            try:
                turns.append(run(database, broker, site, options.steps, directory))
            finally:
                broker.stop()
                database.stop()
    measuring.table(
        ("turn", "limit rows/s", "MQTT to rows/s", "ratio", "ingestor MB"),
        [
            (number, f"{turn.limit:,.0f}", f"{turn.rate:,.0f}", f"{turn.rate / turn.limit:.2f}", f"{turn.memory:.0f}")
            for number, turn in enumerate(turns, 1)
        ],
    )
    print_profile(turns, options.steps * len(site.unit_of_cell), site)
    ratio = statistics.median(turn.rate / turn.limit for turn in turns)
    most = max(turn.memory for turn in turns)
    return measuring.judge(
        (f"{ratio:.2f} of the server's own limit (at least {RATIO})", ratio >= RATIO),
        (f"ingestor's memory at its peak {most:.0f} MB (below {MEGABYTES})", most < MEGABYTES),
    )


def run(database: MariaDB, broker: Mosquitto, site: Site, steps: int, directory: Path) -> Turn:
    start = datetime.now(UTC).replace(microsecond=0) - STEP * steps
    cells = list(site.unit_of_cell)
    count = steps * len(cells)
    url = database.make_database()
    engine = prepare_database(url, site)
    ingestor = ingestor_process(broker, url, directory / "ingestor.log")
    ingestor.start()
    wait_for(lambda: ingestor.text().count("connected to") == 2, "the ingestor subscribes")
    ingestor.stop()
    fill(broker, site, start, steps)
    served = measuring.cpu({"mariadbd": database.pid})["mariadbd"]
    before = server_limit(database, site, start, steps)
    served = measuring.cpu({"mariadbd": database.pid})["mariadbd"] - served

    ingestor.start()
    with engine.connect() as connection:

        def stored() -> int:
            connection.rollback()
            total = text("SELECT COALESCE(SUM(publisher.stored), 0) FROM publisher")
            return int(connection.execute(total).scalar_one())

        first = wait_for(stored, "first rows", 60)
        measuring.require(first < count / 2, f"{first} of {count} messages were in at the first look")
        began = time.perf_counter()
        pids = {"mosquitto": broker.pid, "mariadbd": database.pid}
        at_first = measuring.cpu(pids) | threads(ingestor)
        while stored() < count:  # seldom: asking costs the server and a core, too
            measuring.require(time.perf_counter() - began < 600, f"{stored()} of {count} messages within 600 s")
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        used = {name: spent - at_first[name] for name, spent in (measuring.cpu(pids) | threads(ingestor)).items()}
        connection.rollback()
        rows = connection.execute(text("SELECT COUNT(*) FROM reading")).scalar_one()
    measuring.require(rows == count * PARAMETERS, f"{rows:,} rows in the table, not {count * PARAMETERS:,}")
    memory = measuring.peak_memory(ingestor.pid)
    status = ingestor.stop()
    measuring.require(status == 0, f"the ingestor ended with {status}:\n{ingestor.text()}")
    engine.dispose()
    after = server_limit(database, site, start, steps)
    rate = (count - first) * PARAMETERS / seconds
    # Seconds for all messages, though the first batch was already in.
    whole = count / (count - first)
    return Turn(
        statistics.harmonic_mean([before, after]), rate, seconds * whole, memory, served,
        {name: spent * whole for name, spent in used.items()},
    )  # fmt: skip


def threads(ingestor: Process) -> dict[str, float]:
    """Return the processor time of the main thread, which decodes, of paho's threads, and of the last, which writes."""
    spent = measuring.cpu_by_thread(ingestor.pid)
    own = {"decoding": spent[ingestor.pid], "writing": spent[max(spent)]}
    return own | {"network": sum(spent.values()) - sum(own.values())}


def print_profile(turns: list[Turn], messages: int, site: Site) -> None:
    """Print what a message of 20 values costs, by who works on it."""

    def each(spent: Callable[[Turn], float]) -> float:
        return statistics.median(spent(turn) for turn in turns) / messages * 1e6

    text, totals = alone(site)
    writing = each(lambda turn: turn.used["writing"])
    rows = [
        ("network threads (paho): read, hand over", each(lambda turn: turn.used["network"])),
        ("decoding thread: check, make rows", each(lambda turn: turn.used["decoding"])),
        ("writing thread", writing),
        ("  text of the INSERTs", text),
        ("  roll-ups", totals),
        ("  the rest: PyMySQL, accounts, latest values, acknowledgements", writing - text - totals),
        ("mariadbd", each(lambda turn: turn.used["mariadbd"])),
        ("  the same rows alone", each(lambda turn: turn.server_alone)),
        ("mosquitto", each(lambda turn: turn.used["mosquitto"])),
        ("passed on the clock", each(lambda turn: turn.seconds)),
    ]
    print(f"\nwhere it goes, microseconds of processor time a message of {PARAMETERS} values:")
    measuring.table(("", "µs"), [(name, f"{cost:.0f}") for name, cost in rows])


class Taken:
    """Takes statements as a connection would, to time what makes them."""

    class dialect:  # noqa: N801 - as SQLAlchemy spells it
        name = "mysql"

    def exec_driver_sql(self, statement: str, **_: object) -> None: ...


def alone(site: Site) -> tuple[float, float]:
    """Return what the text of the INSERTs and the roll-ups cost undisturbed, in microseconds a message."""
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as directory:
        engine = prepare_database(f"sqlite:///{directory}/octopus.sqlite", site)
        with engine.connect() as connection:
            station = load_series_index(connection)
        engine.dispose()
    start = datetime.now(UTC) - STEP * 44
    arrivals = [
        Arrival(topic, payload, time.time(), repeat=False, acknowledge=lambda: None)
        for topic, payload in messages_of(site, start, 44)
    ]
    decoded = [reading for arrival in arrivals for reading in decode(arrival, station)]
    rows = [row for reading in decoded for row in reading.rows]
    taken = Taken()

    def timed(work: Callable[[], object]) -> float:
        tries = []
        for _ in range(7):
            began = time.thread_time()
            work()
            tries.append(time.thread_time() - began)
        return min(tries) / len(arrivals) * 1e6

    return (
        timed(lambda: statements.insert_readings(taken, rows)),  # type: ignore[arg-type]
        timed(lambda: rollups.add(taken, decoded)),  # type: ignore[arg-type]
    )


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
    name = url.rpartition("/")[2]
    with database.connect(name) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for statement in statements:
            cursor.execute(statement)  # autocommit: a statement is a transaction
        rate = steps * len(series) / (time.perf_counter() - began)
        cursor.execute("SELECT COUNT(*) FROM reading")
        (found,) = cursor.fetchall()[0]
        measuring.require(found == steps * len(series), f"{found:,} rows in the table, not {steps * len(series):,}")
        cursor.execute(f"DROP DATABASE {name}")
    return rate


def insert(rows: list[str]) -> bytes:
    return ("INSERT INTO reading (series_id, observed_at, value, quality) VALUES " + ",".join(rows)).encode()


def fill(broker: Mosquitto, site: Site, start: datetime, steps: int) -> None:
    """Leave numbered readings at the broker, in the ingestor's sleeping session."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.max_inflight_messages_set(2000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for topic, payload in messages_of(site, start, steps):
        info = client.publish(topic, payload, qos=1)
    info.wait_for_publish(300)
    wait_for(lambda: not client.want_write() and info.is_published(), "all is at the broker", 300)
    client.disconnect()
    client.loop_stop()


def messages_of(site: Site, start: datetime, steps: int) -> "list[tuple[str, bytes]]":
    numbers = dict.fromkeys(site.unit_by_code, 0)
    messages = []
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
            messages.append((readings_topic(unit.code, cell), orjson.dumps(reading)))
    return messages


def ingestor_process(broker: Mosquitto, url: str, log: Path, **settings: str) -> Process:
    return Process(
        [sys.executable, "-m", "ingestor"],
        log,
        {"OCTOPUS_BROKER__PORT": str(broker.port), "OCTOPUS_DATABASE__URL": url} | settings,
    )


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
