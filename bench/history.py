"""Any range of a history of ten million rows, through the real server, no peak lost: `python -m bench.history`."""

import argparse
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pymysql

from bench import measuring
from schemas.site import read_site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.process import Process, free_port, wait_for
from tests.web.conftest import member_token

PERIOD = 10
END = datetime(2026, 11, 24, tzinfo=UTC)
PEAK = 49.5
MILLISECONDS, POINTS = 150, 2000
RANGES = [
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=30),
    None,
]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--requests", type=int, default=700)
    options = arguments.parse_args()
    measuring.print_machine()
    with tempfile.TemporaryDirectory(prefix="octopus-history-") as folder:
        # Durability is not what is measured: the rows only have to be there soon.
        server_options = ("--innodb-flush-log-at-trx-commit=0", "--innodb-log-file-size=1G", f"--tmpdir={folder}")
        database = MariaDB(Path(folder), *server_options)
        database.start()
        try:
            return run(database, Path(folder), options)
        finally:
            database.stop()


def run(database: MariaDB, folder: Path, options: argparse.Namespace) -> int:
    url = database.make_database()
    engine = prepare_database(url, read_site())
    headers = {"Authorization": f"Bearer {member_token(engine)}"}
    engine.dispose()
    started = time.monotonic()
    name = url.rpartition("/")[2]
    instants, rows = fill(database.connect(name), options.rows)
    took = time.monotonic() - started
    with database.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*), (SELECT SUM(n) FROM reading_5min), (SELECT SUM(n) FROM reading_1h) FROM reading"
        )
        found = [int(count or 0) for count in cursor.fetchall()[0]]
    measuring.require(found == [rows] * 3, f"rows, and rows in 5-minute and hourly roll-ups: {found}, not {rows} each")
    print(f"{rows:,} rows and their roll-ups in {took:.0f} s")
    port = free_port()
    settings = {"OCTOPUS_WEB__PORT": str(port), "OCTOPUS_BROKER__PORT": "1", "OCTOPUS_DATABASE__URL": url}
    web = Process([sys.executable, "-m", "web"], folder / "web.log", settings)
    web.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client:
            wait_for(lambda: answers(client), "the server answers")
            return measure(client, options.requests, instants)
    finally:
        web.stop()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/api/units").is_success
    except httpx.TransportError:
        return False


def fill(connection: "pymysql.Connection[pymysql.cursors.Cursor]", rows: int) -> tuple[int, int]:
    """Write the rows in the server itself, cell by cell; every cell gets one peak of one reading.

    Return how many instants each series spans, and how many rows there are.
    """
    with connection, connection.cursor() as cursor:
        # Two parameters of every cell: a month each, where all parameters would get four days.
        cursor.execute(
            "SELECT series.id FROM series JOIN parameter ON parameter.id = parameter_id"
            " WHERE parameter.code IN ('air_temperature', 'air_temperature_setpoint') ORDER BY series.id"
        )
        series = [row[0] for row in cursor.fetchall()]
        instants = rows // len(series)
        start = END - timedelta(seconds=PERIOD * instants)
        cursor.execute("SET unique_checks = 0")
        written = 0
        for item in series:
            cursor.execute(
                f"INSERT INTO reading SELECT {item}, '{start:%Y-%m-%d %H:%M:%S}' + INTERVAL seq * {PERIOD} SECOND,"
                f" IF(seq = {instants // 3}, {PEAK}, ROUND(18 + 4 * SIN(seq / 1375) + RAND() / 5, 2)), 0"
                f" FROM seq_0_to_{instants - 1} WHERE seq NOT BETWEEN {instants // 2} AND {instants // 2 + 720}"
            )
            written += cursor.rowcount
            for table, seconds in (("reading_5min", 300), ("reading_1h", 3600)):
                number = f"TIMESTAMPDIFF(SECOND, '1970-01-01', observed_at) DIV {seconds}"
                cursor.execute(
                    f"INSERT INTO {table} SELECT series_id, '1970-01-01' + INTERVAL {number} * {seconds} SECOND AS s,"
                    f" COUNT(value), MIN(value), AVG(value), MAX(value) FROM reading WHERE series_id = {item}"
                    " AND value IS NOT NULL GROUP BY s"
                )
        return instants, written


def measure(client: httpx.Client, requests: int, instants: int) -> int:
    random.seed(1)
    site = read_site()
    cells = list(site.unit_of_cell)
    span = timedelta(seconds=PERIOD * instants)
    pair = "air_temperature,air_temperature_setpoint"
    taken: dict[str, list[float]] = {}
    most = empty = 0
    for number in range(requests):
        width = RANGES[number % len(RANGES)]
        name = "all" if width is None else str(width).removesuffix(", 0:00:00")
        width = min(width or span, span)
        start = END - span + random.random() * (span - width)
        begun = time.perf_counter()
        answer = client.get(
            f"/api/cells/{random.choice(cells)}/history",
            params={
                "parameters": pair, "points": POINTS, "from": start.isoformat(), "to": (start + width).isoformat()
            },
        )  # fmt: skip
        taken.setdefault(name, []).append(time.perf_counter() - begun)
        answer.raise_for_status()
        lengths = [len(item["t"]) for item in answer.json()["series"].values()]
        empty += min(lengths) == 0
        most = max(most, *lengths)
    # An hour may lie in the gap.
    measuring.require(empty < requests / 20, f"{empty} of {requests} answers held no values")
    together = [item for many in taken.values() for item in many]
    print()
    measuring.table(
        ("range", "n", "p50 ms", "p95 ms", "p99 ms"),
        [
            (name, len(many), *(f"{measuring.percentile(many, percent) * 1e3:.0f}" for percent in (50, 95, 99)))
            for name, many in [*taken.items(), ("every range", together)]
        ],
    )
    kept = sum(peak_kept(client, cell, span) for cell in cells)
    p95 = measuring.percentile(together, 95) * 1e3
    return measuring.judge(
        (f"p95 {p95:.0f} ms (below {MILLISECONDS})", p95 < MILLISECONDS),
        (f"at most {most} points a parameter (no more than {POINTS})", most <= POINTS),
        (
            f"the peak of a single reading is kept in {kept} of {len(cells)} cells over the whole range",
            kept == len(cells),
        ),
    )


def peak_kept(client: httpx.Client, cell: str, span: timedelta) -> bool:
    query = {"parameters": "air_temperature", "from": (END - span).isoformat(), "to": END.isoformat()}
    found = client.get(f"/api/cells/{cell}/history", params=query).json()["series"]["air_temperature"]
    return PEAK in found["max"] and None in found["max"]


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
