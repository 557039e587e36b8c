"""A cell's history for a chart: any range in a bounded number of points, no peak lost, gaps left empty."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Any, Literal

from sqlalchemy.orm import Session

from schemas import times
from schemas.site import Site
from schemas.tables import Reading1h, Reading5min
from telemetry import queries
from telemetry.rejections import rejections_of_cell
from telemetry.views import CellHistory, SeriesHistory

MOST_POINTS = 2000
# Readings further apart than this many of their usual distances have a gap between them.
GAP_PERIODS = 2.5
# Grouping raw readings costs about a microsecond each; above this many a chart would feel it.
RAW_ROWS = 20_000
FIVE_MINUTES, HOUR = 300, 3600
# Widths that people can read on an axis.
NICE_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300, 600, 900, 1800, 3600)
# The first and last few readings of a range tell how often a series sends.
SAMPLE = 12
# Beyond these no reading can lie, and arithmetic with dates stays within what Python can do.
EARLIEST, LATEST = times.EPOCH, datetime(9000, 1, 1, tzinfo=UTC)

Source = Literal["raw", "5min", "1h"]
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(slots=True)
class _Bucket:
    """What is known of an interval; two of the same interval are merged."""

    n: int
    min: float
    sum: float
    max: float


@dataclass(frozen=True, slots=True)
class _Series:
    id: int
    decimals: int
    period: float


@dataclass(frozen=True, slots=True)
class _Range:
    """The part of the requested range that can hold values."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def read_history(
    session: Session,
    site: Site,
    *,
    cell: str,
    parameters: Sequence[str],
    start: datetime,
    end: datetime,
    points: int,
) -> CellHistory:
    """Read minimum, mean and maximum of [start, end) in at most `points` points a parameter, in the parameters' units.

    `parameters` are codes; one that the cell does not have gets an empty series. Raises what the database raises.
    """
    requested = _Range(max(start, EARLIEST), min(end, LATEST))
    ids = {row[0]: row[1] for row in session.execute(queries.series_of_cell(cell))}
    series_ids = {code: ids[code] for code in parameters if code in ids}
    available = _extent(session, series_ids.values(), requested) if series_ids else None
    found = dict.fromkeys(parameters, SeriesHistory(t=[], min=[], mean=[], max=[]))
    source: Source = "raw"
    width = 0
    if available is not None:
        periods = _periods(session, series_ids.values(), available)
        series = {
            number: _Series(number, site.parameter_by_code[code].decimals, periods.get(number, site.period_of(cell)))
            for code, number in series_ids.items()
        }
        columns = _read_raw(session, series, available, points)
        if columns is None:
            source, width = _resolution(available, points, min(item.period for item in series.values()))
            buckets = _read_buckets(session, series, available, source, width)
            columns = {number: _columns(buckets[number], item, width) for number, item in series.items()}
        found |= {code: columns[number] for code, number in series_ids.items()}
    rejected = rejections_of_cell(session, cell, parameters, start, end).by_code()
    return CellHistory(cell=cell, start=start, end=end, source=source, width=width, series=found, rejected=rejected)


def _extent(session: Session, series: Collection[int], requested: _Range) -> _Range | None:
    """Narrow the range to where values are, so that a month of data keeps its resolution in a request for a year."""
    first = times.floor(requested.start, timedelta(seconds=FIVE_MINUTES))
    edges = [
        (low, high)
        for part in queries.batches(series)
        for _, low, high in session.execute(queries.extent(part, first, requested.end))
        if low is not None
    ]
    if not edges:
        return None
    start = max(requested.start, min(low for low, _ in edges))
    end = min(requested.end, max(high for _, high in edges) + timedelta(seconds=FIVE_MINUTES))
    return _Range(start, end) if start < end else None


def _periods(session: Session, series: Collection[int], available: _Range) -> dict[int, float]:
    """Return the usual seconds between a series' readings, as they are rather than as they should be."""
    samples: defaultdict[tuple[int, bool], list[datetime]] = defaultdict(list)
    for part in queries.batches(series):
        for number, last, observed_at in session.execute(
            queries.instants(part, available.start, available.end, SAMPLE)
        ):
            samples[number, bool(last)].append(observed_at)
    usual: dict[int, float] = {}
    for (number, _), instants in samples.items():
        distances = [(b - a).total_seconds() for a, b in pairwise(sorted(instants))]
        if distances:
            usual[number] = max(usual.get(number, 0.0), median(distances))
    return usual


def _resolution(available: _Range, points: int, period: float) -> tuple[Source, int]:
    """Choose the table and the width: no more buckets than points, no more rows than a chart may cost."""
    needed = available.seconds / points
    if needed < HOUR and available.seconds / period <= RAW_ROWS:
        source: Source = "raw"
        widths = iter(NICE_SECONDS[[width >= needed for width in NICE_SECONDS].index(True) :])
        width = next(widths)
    elif needed < HOUR / 2:
        source, width = "5min", FIVE_MINUTES * ceil(needed / FIVE_MINUTES)
    else:
        source, width = "1h", HOUR * ceil(needed / HOUR)
    base = {"raw": width, "5min": FIVE_MINUTES, "1h": HOUR}[source]
    while _number(available.end - _MILLISECOND, width) - _number(available.start, width) >= points:
        width += base
    return source, width


def _read_raw(
    session: Session, series: dict[int, _Series], available: _Range, points: int
) -> dict[int, SeriesHistory] | None:
    """Return every reading by series where they are few enough, None where they are not."""
    if any(available.seconds / item.period > points * 1.1 for item in series.values()):
        return None
    most = points * len(series)
    rows = session.execute(queries.raw_points(list(series), available.start, available.end, most + 1)).all()
    if len(rows) > most:
        return None
    columns: dict[int, tuple[list[int], list[float | None]]] = {number: ([], []) for number in series}
    for number, observed_at, value in rows:
        t, values = columns[number]
        now, period = _milliseconds(observed_at), series[number].period
        if t and now - t[-1] > GAP_PERIODS * period * 1000:
            t.append(t[-1] + round(period * 1000))
            values.append(None)
        t.append(now)
        values.append(value)
    if any(len(t) > points for t, _ in columns.values()):
        return None
    return {number: SeriesHistory(t=t, min=v, mean=v, max=v) for number, (t, v) in columns.items()}


def _read_buckets(
    session: Session, series: Collection[int], available: _Range, source: Source, width: int
) -> dict[int, dict[int, _Bucket]]:
    """Return each series' buckets that hold values. Of roll-ups that the range cuts, the part within is read raw."""
    start, end = available.start, available.end
    buckets: dict[int, dict[int, _Bucket]] = {number: {} for number in series}
    cuts = [(start, end)]
    if source != "raw":
        table = Reading5min if source == "5min" else Reading1h
        base = timedelta(seconds=FIVE_MINUTES if source == "5min" else HOUR)
        inner_end = times.floor(end, base)
        inner_start = times.floor(start + base - _MILLISECOND, base)
        if inner_start < inner_end:
            statement = queries.rollup_buckets(table, list(series), inner_start, inner_end, width)
            _merge(buckets, session.execute(statement))
            cuts = [(start, inner_start), (inner_end, end)]
    for cut_start, cut_end in cuts:
        if cut_start < cut_end:
            _merge(buckets, session.execute(queries.raw_buckets(list(series), cut_start, cut_end, width)))
    return buckets


def _merge(buckets: dict[int, dict[int, _Bucket]], rows: Iterable[Any]) -> None:
    for series, number, n, low, total, high in rows:
        available = buckets[series].get(number)
        if available is None:
            buckets[series][number] = _Bucket(int(n), low, float(total), high)
        else:
            available.n, available.sum = available.n + int(n), available.sum + float(total)
            available.min, available.max = min(available.min, low), max(available.max, high)


def _columns(buckets: dict[int, _Bucket], series: _Series, width: int) -> SeriesHistory:
    """Lay the buckets on their grid. Between readings no further apart than usual nothing is missing."""
    t: list[int] = []
    low: list[float | None] = []
    mean: list[float | None] = []
    high: list[float | None] = []
    before: int | None = None
    for number in sorted(buckets):
        if before is not None and (number - before) * width > max(width, GAP_PERIODS * series.period):
            missing = range(before + 1, number)
            t += [item * width * 1000 for item in missing]
            for column in (low, mean, high):
                column.extend([None] * len(missing))
        bucket = buckets[number]
        t.append(number * width * 1000)
        low.append(bucket.min)
        high.append(bucket.max)
        mean.append(min(bucket.max, max(bucket.min, round(bucket.sum / bucket.n, series.decimals + 2))))
        before = number
    return SeriesHistory(t=t, min=low, mean=mean, max=high)


def _number(instant: datetime, width: int) -> int:
    return int((instant - times.EPOCH) // timedelta(seconds=width))


def _milliseconds(instant: datetime) -> int:
    return (instant - times.EPOCH) // _MILLISECOND
