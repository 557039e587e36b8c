"""Calendar feeds (iCalendar, RFC 5545): what a cell held and will hold, where an experiment is and will be."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

from facility.acting.acts import Actor
from facility.assignments.occupancy import Bar, OccupancyRow, occupancy
from facility.assignments.views import assignments_of_cell
from schemas import times
from storage.database import Reads

PAST = timedelta(days=730)
FUTURE = timedelta(days=730)
# A plan that begins this soon after the present is the rest of what the cell holds.
JOINED = timedelta(seconds=1)
# Calendar programs drop or refuse an event of no length: an assignment that has just begun.
SHORTEST = timedelta(minutes=1)


def cell_calendar(sessions: Reads, actor: Actor, cell: str, zone: ZoneInfo, origin: str) -> bytes:
    """Return the iCalendar file of a cell, UTF-8; raise NotFound. `origin` is the address of the pages."""
    assignments_of_cell(sessions, actor, cell)  # refuses a cell that never was; a retired one may have no row
    bars = [(row.cell, bar) for row in _rows(sessions, actor, zone) for bar in row.bars if row.cell == cell]
    return _feed(cell, bars, zone, origin)


def experiment_calendar(sessions: Reads, actor: Actor, number: int, zone: ZoneInfo, origin: str) -> bytes:
    """Return the iCalendar file of an experiment: an event for each stay in a cell."""
    rows = _rows(sessions, actor, zone)
    bars = [(row.cell, bar) for row in rows for bar in row.bars if bar.experiment.id == number]
    return _feed(bars[0][1].experiment.code if bars else str(number), bars, zone, origin)


def _rows(sessions: Reads, actor: Actor, zone: ZoneInfo) -> list[OccupancyRow]:
    today = times.now().astimezone(zone).date()
    return occupancy(sessions, actor, today - PAST, today + FUTURE, zone, past_plans=False).rows


def _feed(name: str, bars: Iterable[tuple[str, Bar]], zone: ZoneInfo, origin: str) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Octopus//Ecotron//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", name)
    # A calendar must hold a component (RFC 5545, 3.6), also one of a cell that was always free.
    calendar.add_component(Timezone.from_tzinfo(zone))
    host = urlsplit(origin).hostname or "octopus"
    stamp = times.now()
    for cell, bar in _whole(bars):
        calendar.add_component(_event(cell, bar, host, origin, stamp))
    content: bytes = calendar.to_ical()
    return content


def _whole(bars: Iterable[tuple[str, Bar]]) -> list[tuple[str, Bar]]:
    """Join what a cell holds now with the planned days that follow it: one event for one stay."""
    found: list[tuple[str, Bar]] = []
    for cell, bar in sorted(bars, key=lambda bar: (bar[0], bar[1].experiment.id, bar[1].started_at)):
        last_cell, last = found[-1] if found else ("", None)
        if (
            last is not None
            and last.open
            and bar.kind == "planned"
            and (cell, bar.experiment.id) == (last_cell, last.experiment.id)
            and bar.started_at <= last.ended_at + JOINED
        ):
            found[-1] = (cell, last.model_copy(update={"ended_at": max(last.ended_at, bar.ended_at)}))
        else:
            found.append((cell, bar))
    return found


def _event(cell: str, bar: Bar, host: str, origin: str, stamp: datetime) -> Event:
    one = bar.experiment
    # A plan is named by its end: what is left of it begins anew each day and stays the same event.
    key = (
        f"plan-{one.id}-{cell}-{bar.ended_at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        if bar.assignment is None
        else f"assignment-{bar.assignment}"
    )
    event = Event()
    event.add("uid", f"{key}@{host}")
    event.add("dtstamp", stamp)
    event.add("dtstart", _whole_seconds(bar.started_at))
    event.add("dtend", max(_whole_seconds(bar.ended_at), _whole_seconds(bar.started_at) + SHORTEST))
    event.add("summary", f"{cell} {one.code} {one.title}")
    event.add("location", cell)
    event.add("status", "TENTATIVE" if bar.kind == "planned" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    if origin:
        event.add("url", f"{origin}/experiments/{one.id}")
    return event


def _whole_seconds(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(microsecond=0)
