"""Calendar feeds (iCalendar, RFC 5545): what a cell held and will hold, where an experiment is and will be."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from facility.acting.acts import Actor
from facility.acting.refusals import NotFound
from facility.acting.user_messages import message
from facility.assignments.occupancy import Bar, OccupancyRow, occupancy
from schemas import times
from storage.database import Reads

PAST = timedelta(days=730)
FUTURE = timedelta(days=730)


def cell_calendar(sessions: Reads, actor: Actor, cell: str, zone: ZoneInfo, origin: str) -> str:
    """Return the feed of a cell; raise NotFound. `origin` is the address of the pages."""
    rows = {row.cell: row.bars for row in _rows(sessions, actor, zone)}
    if cell not in rows:
        raise NotFound(message("There is no cell {codes}.", codes=cell))
    return _feed(cell, [(cell, bar) for bar in rows[cell]], origin)


def experiment_calendar(sessions: Reads, actor: Actor, number: int, zone: ZoneInfo, origin: str) -> str:
    """Return the feed of an experiment, an event for each of its cells."""
    rows = _rows(sessions, actor, zone)
    bars = [(row.cell, bar) for row in rows for bar in row.bars if bar.experiment.id == number]
    return _feed(bars[0][1].experiment.code if bars else str(number), bars, origin)


def _rows(sessions: Reads, actor: Actor, zone: ZoneInfo) -> list[OccupancyRow]:
    today = times.now().astimezone(zone).date()
    return occupancy(sessions, actor, today - PAST, today + FUTURE, zone).rows


def _feed(name: str, bars: Iterable[tuple[str, Bar]], origin: str) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Octopus//Ecotron//FR",
        "CALSCALE:GREGORIAN",
        f"X-WR-CALNAME:{_escaped(name)}",
    ]
    stamp = _stamp(times.now())
    for cell, bar in bars:
        one = bar.experiment
        # By its end: what is left of a plan begins anew each day, and stays the same event.
        identity = f"a{bar.assignment}" if bar.assignment is not None else f"p{one.id}-{cell}-{bar.ended_at:%Y%m%d}"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{identity}@octopus",
            f"DTSTAMP:{stamp}",
            f"DTSTART:{_stamp(bar.started_at)}",
            f"DTEND:{_stamp(bar.ended_at)}",
            f"SUMMARY:{_escaped(f'{cell} {one.code} {one.title}')}",
            f"LOCATION:{_escaped(cell)}",
            f"STATUS:{'TENTATIVE' if bar.kind == 'planned' else 'CONFIRMED'}",
            "TRANSP:TRANSPARENT",
            f"URL:{origin}/experiments/{one.id}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for letter, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n"), ("\r", "\\n")):
        text = text.replace(letter, written)
    return text


def _folded(line: str) -> str:
    """Return the line in pieces of at most 75 bytes, never cut within a letter."""
    pieces: list[str] = []
    piece = ""
    for letter in line:
        if len((piece + letter).encode()) > 75 - bool(pieces):
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])
