"""Memory over time, under fifty times the usual load: `python -m bench.memory`.

Six publishers read five times a second; all of it is stored, 100 live streams are open, and somebody asks for a
history, a page and an export in turn.
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import httpx

from bench import measuring
from bench.backlog import publisher_process
from bench.ingest import ingestor_process
from bench.streams import Streams
from schemas import times
from schemas.site import read_site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import wait_for
from tests.web.conftest import WebServer, member_token

STREAMS = 100
READINGS_A_SECOND = 5
WARM = 0.3  # of the run: until then caches and pools fill
GROWTH = 0.05


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    measuring.print_machine()
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
        directory = Path(name)
        (directory / "database").mkdir()
        database, broker = MariaDB(directory / "database"), Mosquitto(directory)
        database.start()
        broker.start()
        try:
            seen = run(database, broker, directory, options.minutes * 60)
        finally:
            broker.stop()
            database.stop()
    return message(seen)


def run(database: MariaDB, broker: Mosquitto, directory: Path, seconds: float) -> list[tuple[float, dict[str, float]]]:
    site, url = read_site(), database.make_database()
    engine = prepare_database(url, site)
    headers = {"Authorization": f"Bearer {member_token(engine)}"}
    engine.dispose()
    ingestor = ingestor_process(broker, url, directory / "ingestor.log")
    web = WebServer(directory, broker=broker.port, database=url)
    period = f"{1 / READINGS_A_SECOND}s"
    publishers = [
        publisher_process(broker, unit, directory / f"outbox-{unit.code}.sqlite", directory, period)
        for unit in site.units
    ]
    services = [ingestor, web, *publishers]
    try:
        for service in services:
            service.start()
        paths = cycle([*(path for cell in site.unit_of_cell for path in paths_of(cell)), "/", "/plan", "/api/units"])
        with (
            Streams(web.port, STREAMS) as streams,
            httpx.Client(base_url=web.base, headers=headers, timeout=30) as client,
        ):
            wait_for(lambda: stored(database, url), "the first readings are stored")
            seen, requests, before, changes = [], 0, stored(database, url), streams.fewest_changes
            begin = time.monotonic()
            while (passed := time.monotonic() - begin) < seconds:
                # The last minute alone: answers that grow with the table would hide what leaks.
                since = times.to_text(times.now() - timedelta(minutes=1))
                client.get(next(paths), params={"from": since}).raise_for_status()
                requests += 1
                if passed >= len(seen) * seconds / 20:
                    streams.require_open()
                    largest = max(measuring.memory(each.pid) for each in publishers)
                    seen.append(
                        (
                            passed,
                            {
                                "ingestor": measuring.memory(ingestor.pid),
                                "web": measuring.memory(web.pid),
                                "largest publisher": largest,
                                "mosquitto": measuring.memory(broker.pid),
                            },
                        )
                    )
                time.sleep(0.2)
            passed = time.monotonic() - begin
            new, changes = stored(database, url) - before, streams.fewest_changes - changes
        expected = passed * READINGS_A_SECOND * len(site.unit_of_cell)
        print(f"{new:,} readings stored of {expected:,.0f} that are due, {requests} pages and answers asked for")
        print(f"{STREAMS} live streams open all the while, each brought {changes} changes or more")
        measuring.require(new > 0.9 * expected, "the publishers or the ingestor did not keep up")
        measuring.require(changes > passed / 5, "a live stream brought next to nothing")
        return seen  # fmt: skip
    finally:
        for service in reversed(services):
            service.stop()


def stored(database: MariaDB, url: str) -> int:
    with database.connect(url.rpartition("/")[2]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(SUM(stored), 0) FROM publisher")
        return int(cursor.fetchall()[0][0])


def paths_of(cell: str) -> tuple[str, ...]:
    return f"/api/cells/{cell}/history", f"/cells/{cell}", f"/api/cells/{cell}", f"/api/cells/{cell}/readings.csv"


def message(seen: list[tuple[float, dict[str, float]]]) -> int:
    names = list(seen[0][1])
    print()
    measuring.table(
        ("minute", *(f"{name} MB" for name in names)),
        [(f"{at / 60:.1f}", *(f"{memory[name]:.1f}" for name in names)) for at, memory in seen],
    )
    warm = next(memory for at, memory in seen if at >= WARM * seen[-1][0])
    growths = {name: seen[-1][1][name] / warm[name] - 1 for name in names}
    return measuring.judge(
        *(
            (f"{name} grows by {growth:.1%} after its warm-up (below {GROWTH:.0%})", growth < GROWTH)
            for name, growth in growths.items()
        )
    )


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
