"""A rule tried over 30 days of one cell, raw and from means of five minutes: `python -m bench.preview [rounds]`.

A value and its setpoint every ten seconds, as the station sends them, and means of five minutes for a delay that these
show; and every minute for a delay that needs the raw values. On a real MariaDB; each preview reads the database anew.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, text

from bench import measuring
from schemas.site import Site, read_site
from storage.database import read_sessions
from telemetry.alarms.definitions import Definition
from telemetry.alarms.preview import LONGEST, MOST_RAW, Preview, preview
from tests.services.databases import prepare_database
from tests.services.mariadb import MariaDB

END = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# An hour of three degrees too many, so often.
EXCURSIONS = 7
MOST_SECONDS = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    rounds = max(1, parser.parse_args().rounds)
    measuring.print_machine()
    found = []
    with tempfile.TemporaryDirectory(prefix="octopus-preview-") as folder:
        database = MariaDB(Path(folder), "--innodb-flush-log-at-trx-commit=0")
        database.start()
        try:
            for period, delay, source in ((10, 15 * MINUTE, "5min"), (60, 5 * MINUTE, "raw")):
                file = Path(folder) / "site.toml"
                file.write_text(write_site(period), encoding="utf-8")
                site = read_site(file)
                engine = prepare_database(database.make_database(), site)
                fill(engine, period)
                found += [(source, *measure(engine, site, delay, source)) for _ in range(rounds)]
                engine.dispose()
        finally:
            database.stop()
    taken = {source: [seconds for one, seconds, _ in found if one == source] for source in ("5min", "raw")}
    values = {source: count for source, _, count in found}
    print()
    measuring.table(
        ("30 days of one cell from", "values", "fastest s", "slowest s"),
        [(one, values[one], f"{min(seconds):.2f}", f"{max(seconds):.2f}") for one, seconds in taken.items()],
    )
    return measuring.judge(
        *(
            (f"{one}: {max(seconds):.2f} s at most (below {MOST_SECONDS:g})", max(seconds) < MOST_SECONDS)
            for one, seconds in taken.items()
        )
    )


def write_site(period: int) -> str:
    """Return a site of one cell with one value that has a setpoint."""
    return f"""name = "Bench"
period = {period}
[[units]]
code = "unit-1"
label = {{fr = "U1", en = "U1"}}
cells = ["C1"]
[[parameters]]
code = "t"
label = {{fr = "T", en = "T"}}
minimum = -13
maximum = 50
[[parameters]]
code = "s"
label = {{fr = "S", en = "S"}}
kind = "setpoint"
setpoint_of = "t"
"""


def fill(engine: Engine, period: int) -> None:
    """Write 30 days and their means in the server itself."""
    count = round(LONGEST.total_seconds() / period)
    every, hour = count // EXCURSIONS, 3600 // period
    with engine.begin() as connection:
        for code, value in (
            ("t", f"20 + RAND() / 2 + IF(seq % {every} BETWEEN {every // 2} AND {every // 2 + hour}, 3, 0)"),
            ("s", "20"),
        ):
            series = connection.scalar(
                text("SELECT series.id FROM series JOIN parameter ON parameter.id = parameter_id WHERE code = :code"),
                {"code": code},
            )
            connection.execute(
                text(
                    f"INSERT INTO reading SELECT {series}, '{END - LONGEST:%Y-%m-%d %H:%M:%S}'"
                    f" + INTERVAL seq * {period} SECOND, {value}, 0 FROM seq_0_to_{count - 1}"
                )
            )
        number = "TIMESTAMPDIFF(SECOND, '1970-01-01', observed_at) DIV 300"
        connection.execute(
            text(
                f"INSERT INTO reading_5min SELECT series_id, '1970-01-01' + INTERVAL {number} * 300 SECOND AS s,"
                " COUNT(value), MIN(value), AVG(value), MAX(value) FROM reading GROUP BY series_id, s"
            )
        )


def measure(engine: Engine, site: Site, delay: timedelta, source: str) -> tuple[float, int]:
    """Return how long one preview took, in seconds, and on how many values it rests."""
    levels = [Definition("deviation", "warning", 1, delay, "t")]
    began = time.perf_counter()
    with read_sessions(engine)() as session:
        found: Preview = preview(session, site, "C1", levels, end=END)
    took = time.perf_counter() - began
    measuring.require(found.source == source, f"the preview read {found.source}, not {source}")
    measuring.require(len(found.firings) == EXCURSIONS, f"{len(found.firings)} excursions were found, not {EXCURSIONS}")
    measuring.require(source == "5min" or found.values <= MOST_RAW, f"{found.values} raw values are more than it reads")
    return took, found.values


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
