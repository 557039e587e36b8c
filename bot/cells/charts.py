"""A parameter's chart: measured solid with its envelope, setpoint dashed, a gap as a gap, the site's own time."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.drawing import GRID, INK, MUTED, SMALL, TITLE, document, text
from bot.station_reader import ChartData, ChartPoint
from bot.texts import Texts
from schemas.site import Parameter

# Discord shows a picture at half its width: letters are twice as large as they are to be read.
WIDTH, HEIGHT = 800, 440
LEFT, RIGHT, TOP, BOTTOM = 86, 24, 66, 66
MEASURED, SETPOINT = "#0b62a8", "#b3560a"
DASHES = ' stroke-dasharray="9 6"'
_STEPS = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3), timedelta(hours=4),
          timedelta(hours=6), timedelta(days=1), timedelta(days=2), timedelta(days=5), timedelta(days=10))  # fmt: skip


def chart(
    measured: ChartData, setpoint: ChartData | None, texts: Texts, parameter: Parameter, *, title: str, zone: ZoneInfo
) -> str:
    """Return the chart as SVG, with a notice where there are no points."""
    parts = [text(RIGHT, 38, title, size=TITLE, bold=True)]
    points = [*measured.points, *(setpoint.points if setpoint else ())]
    if not points:
        parts.append(text(WIDTH / 2, HEIGHT / 2, texts("chart_empty"), fill=MUTED, anchor="middle"))
        return document(WIDTH, HEIGHT, parts)
    low, high = min(p.low for p in points), max(p.high for p in points)
    ticks = _named(parameter, texts) or list(_ticks(low, high, parameter.decimals, texts))
    low, high = min(low, ticks[0][0]), max(high, ticks[-1][0])
    span = (measured.until - measured.since).total_seconds()

    def x(at: datetime) -> float:
        return LEFT + (at - measured.since).total_seconds() / span * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    for tick, label in ticks:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(text(LEFT - 10, y(tick) + 7, label, anchor="end", fill=MUTED))
    for at, label in _times(measured.since, measured.until, zone, texts.language):
        parts.append(f'<path d="M{x(at):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        parts.append(text(min(x(at), WIDTH - 30), HEIGHT - BOTTOM + 26, label, anchor="middle", fill=MUTED))
    parts.append(text(WIDTH - RIGHT, HEIGHT - 12, zone.key, size=SMALL, anchor="end", fill=MUTED))
    for run in _runs(measured):
        if any(p.high > p.low for p in run) and len(run) > 1:
            edge = [f"{x(p.at):.1f},{y(p.high):.1f}" for p in run]
            edge += [f"{x(p.at):.1f},{y(p.low):.1f}" for p in reversed(run)]
            parts.append(f'<polygon points="{" ".join(edge)}" fill="{MEASURED}" fill-opacity="0.2"/>')
        parts.append(_line(run, x, y, MEASURED))
    parts.extend(_line(run, x, y, SETPOINT, DASHES) for run in (_runs(setpoint) if setpoint else ()))
    parts.extend(_legend(texts, parameter.unit, setpoint=setpoint is not None and bool(setpoint.points)))
    return document(WIDTH, HEIGHT, parts)


def _runs(history: ChartData) -> Iterator[Sequence[ChartPoint]]:
    """Yield what hangs together; at most two points a pixel, the peaks of a column survive."""
    run: list[ChartPoint] = []
    for point in history.points:
        if run and point.at - run[-1].at > history.step:
            yield _thinned(history, run)
            run = []
        run.append(point)
    if run:
        yield _thinned(history, run)


def _thinned(history: ChartData, run: Sequence[ChartPoint]) -> Sequence[ChartPoint]:
    if len(history.points) <= 2 * WIDTH:
        return run
    columns: dict[int, list[ChartPoint]] = {}
    span = (history.until - history.since).total_seconds()
    for point in run:
        columns.setdefault(int((point.at - history.since).total_seconds() / span * WIDTH), []).append(point)
    return [
        ChartPoint(column[len(column) // 2].at, min(p.low for p in column),
              sum(p.mean for p in column) / len(column), max(p.high for p in column))
        for column in columns.values()
    ]  # fmt: skip


def _line(
    run: Sequence[ChartPoint],
    x: Callable[[datetime], float],
    y: Callable[[float], float],
    colour: str,
    dashes: str = "",
) -> str:
    if len(run) == 1:
        # A lone reading between two gaps is a dot, not nothing.
        return f'<circle cx="{x(run[0].at):.1f}" cy="{y(run[0].mean):.1f}" r="3" fill="{colour}"/>'
    points = " ".join(f"{x(p.at):.1f},{y(p.mean):.1f}" for p in run)
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="3" stroke-linejoin="round"{dashes}/>'
    )


def _legend(texts: Texts, unit: str, *, setpoint: bool) -> Iterator[str]:
    """Yield the unit, and below the chart what the lines are."""
    yield text(WIDTH - RIGHT, 38, unit, anchor="end", fill=MUTED)
    base = HEIGHT - 12
    yield f'<path d="M{LEFT} {base - 7}h36" stroke="{MEASURED}" stroke-width="3"/>'
    yield text(LEFT + 46, base, texts("legend_measured"), fill=INK)
    if setpoint:
        yield f'<path d="M{LEFT + 156} {base - 7}h36" stroke="{SETPOINT}" stroke-width="3"{DASHES}/>'
        yield text(LEFT + 202, base, texts("legend_setpoint"), fill=INK)


def _named(parameter: Parameter, texts: Texts) -> list[tuple[float, str]]:
    """Return the values of a door and its like with their words, lowest first."""
    return sorted((float(value), word.in_(texts.language)) for value, word in parameter.states.items())


def _ticks(low: float, high: float, decimals: int, texts: Texts) -> Iterator[tuple[float, str]]:
    """Yield round values around these two."""
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    rough = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    places = max(0, min(decimals, 1 - math.floor(math.log10(step)))) if step < 1 else 0
    for number in range(math.floor(low / step), math.ceil(high / step) + 1):
        yield number * step, texts.number(number * step, places)


def _times(since: datetime, until: datetime, zone: ZoneInfo, language: str) -> Iterator[tuple[datetime, str]]:
    """Yield round local times; a night that changes the clock has one label more or less."""
    step = next((s for s in _STEPS if (until - since) / s <= 8), _STEPS[-1])
    local = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0, tzinfo=None)
    while True:
        at = local.replace(tzinfo=zone)
        if at > until:
            return
        if at >= since:
            day = f"{local:%d/%m}" if language == "fr" else f"{local:%d %b}"
            yield at, f"{local:%H:%M}" if step < timedelta(days=1) and (local.hour or local.minute) else day
        local += step
