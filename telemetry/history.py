"""A cell's history for a chart: any range in a bounded number of points, no peak lost, gaps left empty."""

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
from telemetry.views import History, SeriesHistory

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
    """The part of the asked range that can hold values."""

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
) -> History:
    """Read min, mean and max of [start, end) in at most `points` points a parameter."""
    asked = _Range(max(start, EARLIEST), min(end, LATEST))
    ids = {row[0]: row[1] for row in session.execute(queries.series_of_cell(cell))}
    wanted = {code: ids[code] for code in parameters if code in ids}
    held = _extent(session, wanted.values(), asked)
    empty = SeriesHistory(t=[], min=[], mean=[], max=[])
    found = dict.fromkeys(parameters, empty)
    source: Source = "raw"
    width = 0
    if held is not None:
        series = {
            code: _Series(
                number, site.parameter_by_code[code].decimals, _period(session, number, held, site.period_of(cell))
            )
            for code, number in wanted.items()
        }
        raw = _read_raw(session, series, held, points)
        if raw is not None:
            found |= raw
        else:
            source, width = _resolution(held, points, min(one.period for one in series.values()))
            for code, one in series.items():
                found[code] = _columns(_read_buckets(session, one.id, held, source, width), one, width)
    rejected = rejections_of_cell(session, cell, parameters, start, end).by_code()
    return History(cell=cell, start=start, end=end, source=source, width=width, series=found, rejected=rejected)


def _extent(session: Session, series: Collection[int], asked: _Range) -> _Range | None:
    """Narrow the range to where values are: a year asked of a month's data still gets its finest points."""
    first = times.floor(asked.start, timedelta(seconds=FIVE_MINUTES))
    edges = [session.execute(queries.extent(number, first, asked.end)).one() for number in series]
    starts = [edge[0] for edge in edges if edge[0] is not None]
    ends = [edge[1] for edge in edges if edge[1] is not None]
    if not starts:
        return None
    start = max(asked.start, min(starts))
    end = min(asked.end, max(ends) + timedelta(seconds=FIVE_MINUTES))
    return _Range(start, end) if start < end else None


def _period(session: Session, series: int, held: _Range, expected: float) -> float:
    """Return the usual distance of readings, as they are rather than as they should be."""
    usual = []
    for last in (False, True):
        instants = sorted(session.scalars(queries.instants(series, held.start, held.end, SAMPLE, last=last)))
        distances = [(b - a).total_seconds() for a, b in pairwise(instants)]
        if distances:
            usual.append(median(distances))
    return max(usual, default=expected)


def _resolution(held: _Range, points: int, period: float) -> tuple[Source, int]:
    """Choose the table and the width: no more buckets than points, no more rows than a chart may cost."""
    needed = held.seconds / points
    if needed < HOUR and held.seconds / period <= RAW_ROWS:
        source: Source = "raw"
        widths = iter(NICE_SECONDS[[width >= needed for width in NICE_SECONDS].index(True) :])
        width = next(widths)
    elif needed < HOUR / 2:
        source, width = "5min", FIVE_MINUTES * ceil(needed / FIVE_MINUTES)
    else:
        source, width = "1h", HOUR * ceil(needed / HOUR)
    base = {"raw": width, "5min": FIVE_MINUTES, "1h": HOUR}[source]
    while _number(held.end - _MILLISECOND, width) - _number(held.start, width) >= points:
        width += base
    return source, width


def _read_raw(
    session: Session, series: dict[str, _Series], held: _Range, points: int
) -> dict[str, SeriesHistory] | None:
    """Return every reading where they are few enough, None where they are not."""
    found = {}
    for code, one in series.items():
        if held.seconds / one.period > points * 1.1:
            return None
        rows = session.execute(queries.raw_points(one.id, held.start, held.end, points + 1)).all()
        t: list[int] = []
        values: list[float | None] = []
        for observed_at, value in rows:
            now = _milliseconds(observed_at)
            if t and now - t[-1] > GAP_PERIODS * one.period * 1000:
                t.append(t[-1] + round(one.period * 1000))
                values.append(None)
            t.append(now)
            values.append(value)
        if len(t) > points:
            return None
        found[code] = SeriesHistory(t=t, min=values, mean=values, max=values)
    return found


def _read_buckets(session: Session, series: int, held: _Range, source: Source, width: int) -> dict[int, _Bucket]:
    """Return the buckets that hold values. Of roll-ups that the range cuts, the part within is read raw."""
    start, end = held.start, held.end
    buckets: dict[int, _Bucket] = {}
    if source == "raw":
        _merge(buckets, session.execute(queries.raw_buckets(series, start, end, width)))
        return buckets
    table = Reading5min if source == "5min" else Reading1h
    base = timedelta(seconds=FIVE_MINUTES if source == "5min" else HOUR)
    inner_end = times.floor(end, base)
    inner_start = times.floor(start + base - _MILLISECOND, base)
    if inner_start < inner_end:
        statement = queries.rollup_buckets(table, series, inner_start, inner_end, width)
        _merge(buckets, session.execute(statement))
        cuts = [(start, inner_start), (inner_end, end)]
    else:
        cuts = [(start, end)]
    for cut_start, cut_end in cuts:
        if cut_start < cut_end:
            _merge(buckets, session.execute(queries.raw_buckets(series, cut_start, cut_end, width)))
    return buckets


def _merge(buckets: dict[int, _Bucket], rows: Iterable[Any]) -> None:
    for number, n, low, total, high in rows:
        held = buckets.get(number)
        if held is None:
            buckets[number] = _Bucket(int(n), low, float(total), high)
        else:
            held.n, held.sum = held.n + int(n), held.sum + float(total)
            held.min, held.max = min(held.min, low), max(held.max, high)


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
            t += [one * width * 1000 for one in missing]
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
