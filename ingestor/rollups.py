"""Roll-ups of what is new: totals by interval, added to the tables in the readings' own transaction.

A roll-up grows by new rows only, so late, repeated and disordered readings leave it equal to a
recomputation from `reading`.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import Connection

from ingestor import statements
from ingestor.decoding import Decoded
from ingestor.statements import Totals

_FIVE_MINUTES = 300
_HOUR = 3600


def add(connection: Connection, readings: Iterable[Decoded]) -> None:
    """Add readings all of whose rows are new."""
    five = totals(readings)
    if not five:
        return
    hour: Totals = {}
    for (series, start), more in five.items():
        key = (series, start - start % _HOUR)
        hour[key] = more if (known := hour.get(key)) is None else (
            known[0] + more[0], min(known[1], more[1]), known[2] + more[2], max(known[3], more[3])
        )  # fmt: skip
    for table, sums in (("reading_5min", five), ("reading_1h", hour)):
        starts = {start for _, start in sums}
        statements.upsert_rollup(connection, table, sums, {start: _instant(start) for start in starts})


def totals(readings: Iterable[Decoded]) -> Totals:
    """Return the totals of the values by series and five minutes; null values count nowhere."""
    found: defaultdict[int, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for reading in readings:
        seconds = int(reading.seconds)
        by_series = found[seconds - seconds % _FIVE_MINUTES]
        for series, _, value, _ in reading.rows:
            if value is not None:
                by_series[series].append(value)
    return {
        (series, start): (len(values), min(values), sum(values), max(values))
        for start, by_series in found.items()
        for series, values in by_series.items()
    }


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat(" ", "milliseconds")
