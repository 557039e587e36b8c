"""A parameter's chart: measured solid with its envelope, setpoint dashed, a gap as a gap, the site's own time."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.drawing import GRID, INK, MUTED, document, text
from bot.station import History, Point
from bot.texts import Texts

WIDTH, HEIGHT = 800, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 52, 46
MEASURED, SETPOINT = "#0b62a8", "#b3560a"
_STEPS = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1), timedelta(hours=3), timedelta(hours=4),
          timedelta(hours=6), timedelta(days=1), timedelta(days=2), timedelta(days=5), timedelta(days=10))  # fmt: skip


def chart(
    measured: History, setpoint: History | None, texts: Texts, *, title: str, unit: str, decimals: int, zone: ZoneInfo
) -> str:
    """Return the chart as SVG; with no point it says so."""
    parts = [text(LEFT, 30, title, size=19, bold=True)]
    points = [*measured.points, *(setpoint.points if setpoint else ())]
    if not points:
        parts.append(text(WIDTH / 2, HEIGHT / 2, texts("chart_empty"), size=18, fill=MUTED, anchor="middle"))
        return document(WIDTH, HEIGHT, parts)
    low, high = min(p.low for p in points), max(p.high for p in points)
    ticks = list(_ticks(low, high))
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    span = (measured.until - measured.since).total_seconds()

    def x(at: datetime) -> float:
        return LEFT + (at - measured.since).total_seconds() / span * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    step = ticks[1] - ticks[0]
    places = max(0, min(decimals, 1 - math.floor(math.log10(step)))) if step < 1 else 0
    for tick in ticks:
        parts.append(f'<path d="M{LEFT} {y(tick):.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        parts.append(text(LEFT - 8, y(tick) + 5, texts.number(tick, places), anchor="end", fill=MUTED))
    for at, label in _times(measured.since, measured.until, zone, texts.language):
        parts.append(f'<path d="M{x(at):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        parts.append(text(x(at), HEIGHT - BOTTOM + 20, label, anchor="middle", fill=MUTED))
    parts.append(text(WIDTH - RIGHT, HEIGHT - 8, zone.key, size=12, anchor="end", fill=MUTED))
    parts.append(text(LEFT - 8, TOP - 12, unit, size=14, anchor="end", fill=MUTED))
    for run in _runs(measured):
        if any(p.high > p.low for p in run) and len(run) > 1:
            edge = [f"{x(p.at):.1f},{y(p.high):.1f}" for p in run]
            edge += [f"{x(p.at):.1f},{y(p.low):.1f}" for p in reversed(run)]
            parts.append(f'<polygon points="{" ".join(edge)}" fill="{MEASURED}" fill-opacity="0.18"/>')
        parts.append(_line(run, x, y, f'stroke="{MEASURED}" stroke-width="2"'))
    dashed = f'stroke="{SETPOINT}" stroke-width="2" stroke-dasharray="7 5"'
    parts.extend(_line(run, x, y, dashed) for run in (_runs(setpoint) if setpoint else ()))
    parts.extend(_legend(texts, setpoint=setpoint is not None and bool(setpoint.points)))
    return document(WIDTH, HEIGHT, parts)


def _runs(history: History) -> Iterator[Sequence[Point]]:
    """Yield what hangs together; at most two points a pixel, the peaks of a column survive."""
    run: list[Point] = []
    for point in _thinned(history):
        if run and point.at - run[-1].at > history.step:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _thinned(history: History) -> Sequence[Point]:
    if len(history.points) <= 2 * WIDTH:
        return history.points
    columns: dict[int, list[Point]] = {}
    span = (history.until - history.since).total_seconds()
    for point in history.points:
        columns.setdefault(int((point.at - history.since).total_seconds() / span * WIDTH), []).append(point)
    return [
        Point(column[len(column) // 2].at, min(p.low for p in column),
              sum(p.mean for p in column) / len(column), max(p.high for p in column))
        for column in columns.values()
    ]  # fmt: skip


def _line(run: Sequence[Point], x: Callable[[datetime], float], y: Callable[[float], float], style: str) -> str:
    if len(run) == 1:
        # A lone reading between two gaps is a dot, not nothing.
        return f'<circle cx="{x(run[0].at):.1f}" cy="{y(run[0].mean):.1f}" r="2.5" fill="{MEASURED}"/>'
    points = " ".join(f"{x(p.at):.1f},{y(p.mean):.1f}" for p in run)
    return f'<polyline points="{points}" fill="none" stroke-linejoin="round" {style}/>'


def _legend(texts: Texts, *, setpoint: bool) -> Iterator[str]:
    right = WIDTH - RIGHT
    if setpoint:
        yield f'<path d="M{right - 104} 25h28" stroke="{SETPOINT}" stroke-width="2" stroke-dasharray="7 5"/>'
        yield text(right - 70, 30, texts("legend_setpoint"), fill=INK)
        right -= 120
    yield f'<path d="M{right - 104} 25h28" stroke="{MEASURED}" stroke-width="2"/>'
    yield text(right - 70, 30, texts("legend_measured"), fill=INK)


def _ticks(low: float, high: float) -> Iterator[float]:
    if high - low < 1e-9:
        low, high = low - 1, high + 1
    rough = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first = math.floor(low / step)
    last = math.ceil(high / step)
    return (number * step for number in range(first, last + 1))


def _times(since: datetime, until: datetime, zone: ZoneInfo, language: str) -> Iterator[tuple[datetime, str]]:
    """Yield round local times; a night that changes the clock has one label more or less."""
    step = next((s for s in _STEPS if (until - since) / s <= 9), _STEPS[-1])
    local = since.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0, tzinfo=None)
    while True:
        at = local.replace(tzinfo=zone)
        if at > until:
            return
        if at >= since:
            day = f"{local:%d/%m}" if language == "fr" else f"{local:%d %b}"
            yield at, f"{local:%H:%M}" if step < timedelta(days=1) and (local.hour or local.minute) else day
        local += step
