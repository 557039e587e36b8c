"""Occupancy laid out: every length a share of the time shown, so that one drawing fits every screen and paper."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date

from facility.assignments.occupancy import Bar, Occupancy, OccupancyRow, Stretch, day_start
from facility.assignments.views import Occupant
from web.rendering.formatting import LOCALES

Kind = Literal["past", "present", "planned"]
Zoom = Literal["weeks", "months", "year"]

# Heights in pixels; a bar is as high as a finger or a pointer needs.
BAR, SPACE = 24, 4
# What is shorter than this share would not be seen.
LEAST = 0.004
# Below this share a bar has no room for its code, below that none on a phone.
TINY, TIGHT = 0.02, 0.07
LABEL_ROOM = timedelta(hours=1)
# What ends at midnight ends on the day before, for people.
MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something lies in the drawing, as SVG attributes."""

    x: str
    width: str
    cut_left: bool
    cut_right: bool
    text_class: Literal["", " tight", " tiny"]


@dataclass(frozen=True, slots=True)
class Block:
    """An experiment in a cell's strip; `until` is the last moment of it, None where the end is not known yet."""

    place: Place
    y: int
    kind: Kind
    experiment: Occupant
    started_at: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Marked:
    """A stretch in which the cell is free, or claimed by two experiments."""

    place: Place
    stretch: Stretch


@dataclass(frozen=True, slots=True)
class Strip:
    """A cell's line."""

    unit: str
    cell: str
    first_of_unit: bool
    retired: bool
    height: int
    blocks: tuple[Block, ...]
    gaps: tuple[Marked, ...]
    conflicts: tuple[Marked, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the scale; every second label is left out on narrow screens."""

    x: str
    label: str
    second: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]
    now: str | None
    now_anchor: Literal["start", "middle", "end"]


def window(zoom: Zoom, today: date) -> tuple[date, date]:
    """Return the first and last day that a zoom shows around a day: a little past, more of what comes."""
    if zoom == "weeks":
        first = today - timedelta(days=today.weekday() + 14)
        return first, first + timedelta(days=41)
    before, months = (1, 4) if zoom == "months" else (3, 12)
    first = add_months(today.replace(day=1), -before)
    return first, add_months(first, months) - timedelta(days=1)


def shifted(zoom: Zoom | None, first: date, last: date, direction: int) -> tuple[date, date]:
    """Return the days before or after, half of what is shown: the eye keeps its hold."""
    if zoom in {"months", "year"}:
        months = 2 if zoom == "months" else 6
        return add_months(first, direction * months), add_months(
            last + timedelta(days=1), direction * months
        ) - timedelta(days=1)
    step = timedelta(days=direction * max(1, ((last - first).days + 1) // 2))
    return first + step, last + step


def add_months(day: date, months: int) -> date:
    """Return the first of the month that is so many months away."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def lay_out(found: Occupancy, zone: ZoneInfo, language: str) -> Timeline:
    """Place everything between the window's two ends."""
    start, end = found.started_at, found.ended_at
    whole = (end - start).total_seconds()

    def share(instant: datetime) -> float:
        return (min(max(instant, start), end) - start).total_seconds() / whole

    def place(begin: datetime, finish: datetime) -> Place:
        x, width = share(begin), share(finish) - share(begin)
        wide = max(width, LEAST)
        room: Literal["", " tight", " tiny"] = " tiny" if width < TINY else " tight" if width < TIGHT else ""
        # What is too short to be seen grows to the left: what lies to the right begins where it begins.
        return Place(percent(max(0.0, min(x, x + width - wide))), percent(wide), begin < start, finish > end, room)

    now = share(found.now) if start <= found.now <= end else None
    anchor: Literal["start", "middle", "end"] = "middle"
    if now is not None:
        anchor = "start" if now < 0.08 else "end" if now > 0.92 else "middle"
    strips: list[Strip] = []
    for row in found.rows:
        first = not strips or strips[-1].unit != row.unit
        strips.append(_strip(row, place, first_of_unit=first))
    days = ((start + LABEL_ROOM).astimezone(zone).date(), (end - LABEL_ROOM).astimezone(zone).date())
    ticks = tuple(
        Tick(percent(share(day_start(day, zone))), label, bool(number % 2))
        for number, (day, label) in enumerate(scale(*days, language))
    )
    return Timeline(tuple(strips), ticks, None if now is None else percent(now), anchor)


def percent(share: float) -> str:
    return f"{100 * share:.3f}%"


def kind_of(bar: Bar) -> Kind:
    if bar.kind == "planned":
        return "planned"
    return "present" if bar.open else "past"


def _strip(row: OccupancyRow, place: Callable[[datetime, datetime], Place], *, first_of_unit: bool) -> Strip:
    lanes = lanes_of(row.bars)
    blocks = tuple(
        Block(
            place=place(bar.started_at, bar.ended_at),
            y=SPACE + lane * (BAR + SPACE),
            kind=kind_of(bar),
            experiment=bar.experiment,
            started_at=bar.started_at,
            until=None if bar.open else bar.ended_at - MOMENT,
        )
        for bar, lane in zip(row.bars, lanes, strict=True)
    )
    return Strip(
        unit=row.unit,
        cell=row.cell,
        first_of_unit=first_of_unit,
        retired=row.retired,
        height=SPACE + (max(lanes, default=0) + 1) * (BAR + SPACE),
        blocks=blocks,
        gaps=tuple(Marked(place(gap.started_at, gap.ended_at), gap) for gap in row.gaps),
        conflicts=tuple(Marked(place(conflict.started_at, conflict.ended_at), conflict) for conflict in row.conflicts),
    )


def lanes_of(bars: Iterable[Bar]) -> list[int]:
    """Return a lane for each bar, in the order of time, so that two which overlap lie below each other."""
    ends: list[datetime] = []
    lanes: list[int] = []
    for bar in bars:
        lane = next((number for number, end in enumerate(ends) if end <= bar.started_at), len(ends))
        ends[lane : lane + 1] = [bar.ended_at]
        lanes.append(lane)
    return lanes


def scale(first: date, last: date, language: str) -> list[tuple[date, str]]:
    """Return the days that the scale names: Mondays, months, quarters or years, as many as can be read."""
    locale = LOCALES[language]
    length = (last - first).days + 1
    if length <= 84:
        monday = first + timedelta(days=-first.weekday() % 7)
        step = timedelta(days=7)
        days = [monday + number * step for number in range((last - monday).days // 7 + 1)]
        return [(day, format_date(day, "d MMM", locale=locale)) for day in days]
    months = 1 if length <= 500 else 3 if length <= 1100 else 12
    day = first if first.day == 1 else add_months(first, 1)
    found: list[tuple[date, str]] = []
    while day <= last:
        if (day.month - 1) % months == 0:
            found.append((day, format_date(day, "MMM yyyy" if day.month == 1 else "MMM", locale=locale)))
        day = add_months(day, 1)
    return found
