"""Which alarms are a nuisance: how many a day, the ten worst, how long they waited, how much of the time they took."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from statistics import median, quantiles
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid
from facility.acting.user_messages import message
from facility.assignments.intervals import Span, merged
from schemas.tables import Alarm, AlarmEvent
from storage.database import Reads

LONGEST = timedelta(days=366)
# Rows read at most; a station that raises more in a year has other troubles, and is told that it is not all.
MOST_ALARMS = 50_000
WORST = 10

# The last member is how often it came back: a row has a method of the name `count`.
_Alarm = Row[int, str, str, str, str, datetime, datetime | None, datetime | None, int]


class Day(BaseModel):
    """How many alarms were raised on a day of the site's calendar, by severity."""

    day: date
    total: int
    by_severity: dict[str, int]


class Nuisance(BaseModel):
    """A condition by how often it called; `seconds` is how long it held in all."""

    place: str
    code: str
    text: dict[str, str]
    alarms: int
    times: int
    seconds: float


class Waiting(BaseModel):
    """How long alarms waited for somebody to take note, in seconds; None where nobody did."""

    acknowledged: int
    never: int
    median: float | None
    slowest_tenth: float | None


class AlarmStatistics(BaseModel):
    """The alarms of [start, end). `share` is the part of the time in which at least one condition held, from 0 to 1."""

    start: datetime
    end: datetime
    raised: int
    days: list[Day]
    worst: list[Nuisance]
    waiting: Waiting
    share: float
    share_grave: float
    complete: bool = True


def alarm_statistics(
    sessions: Reads, actor: Actor, start: datetime, end: datetime, *, zone: ZoneInfo, now: datetime
) -> AlarmStatistics:
    """Count the alarms of [start, end), at most a year; raise Invalid for another span."""
    if start >= end:
        raise Invalid({"until": message("The end is before the start.")})
    if end - start > LONGEST:
        raise Invalid({"since": message("A year at most.")})
    with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
        rows = _read(session, start, end)
        first = _first_notes(session, start, end)
        worst = _worst(session, rows[:MOST_ALARMS], start, min(end, now))
    rows, complete = rows[:MOST_ALARMS], len(rows) <= MOST_ALARMS
    raised = [row for row in rows if row.since >= start]
    length = (min(end, now) - start).total_seconds()
    spans = [_span(row, start, min(end, now)) for row in rows]
    grave = [span for row, span in zip(rows, spans, strict=True) if row.severity != "warning"]
    return AlarmStatistics(
        start=start,
        end=end,
        raised=len(raised),
        days=_days(raised, start, min(end, now), zone),
        worst=worst,
        waiting=_waiting(raised, first),
        share=_seconds(spans) / length if length > 0 else 0.0,
        share_grave=_seconds(grave) / length if length > 0 else 0.0,
        complete=complete,
    )


def _read(session: Session, start: datetime, end: datetime) -> list[_Alarm]:
    # What another alarm explains was told to nobody: it is no nuisance.
    statement = (
        select(
            *(Alarm.id, Alarm.place, Alarm.code, Alarm.severity, Alarm.state, Alarm.since),
            *(Alarm.returned_at, Alarm.ended_at, Alarm.count),
        )
        .where(
            Alarm.since < end,
            or_(Alarm.ended_at.is_(None), Alarm.ended_at >= start),
            Alarm.state.not_in(("suppressed", "out_of_service")),
        )
        .order_by(Alarm.since.desc(), Alarm.id.desc())
        .limit(MOST_ALARMS + 1)
    )
    return list(session.execute(statement).all())


def _first_notes(session: Session, start: datetime, end: datetime) -> dict[int, datetime]:
    """Return when each alarm was acknowledged first: the alarm itself forgets it when it worsens."""
    statement = (
        select(AlarmEvent.alarm_id, func.min(AlarmEvent.at))
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .where(AlarmEvent.change == "acknowledged", Alarm.since >= start, Alarm.since < end)
        .group_by(AlarmEvent.alarm_id)
        .limit(MOST_ALARMS)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _span(row: _Alarm, start: datetime, end: datetime) -> Span:
    return Span(max(row.since, start), min(row.returned_at or row.ended_at or end, end))


def _seconds(spans: Iterable[Span]) -> float:
    return sum((span.end - span.start).total_seconds() for span in merged(spans))


def _days(rows: list[_Alarm], start: datetime, end: datetime, zone: ZoneInfo) -> list[Day]:
    counted: dict[date, Counter[str]] = {}
    for row in rows:
        counted.setdefault(row.since.astimezone(zone).date(), Counter())[row.severity] += 1
    day, last = start.astimezone(zone).date(), (end - timedelta(milliseconds=1)).astimezone(zone).date()
    found = []
    while day <= last:
        by_severity = counted.get(day, Counter())
        found.append(Day(day=day, total=by_severity.total(), by_severity=dict(by_severity)))
        day += timedelta(days=1)
    return found


def _worst(session: Session, rows: list[_Alarm], start: datetime, end: datetime) -> list[Nuisance]:
    alarms: Counter[tuple[str, str]] = Counter()
    times: Counter[tuple[str, str]] = Counter()
    spans: dict[tuple[str, str], list[Span]] = {}
    newest: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row.place, row.code)
        alarms[key] += 1
        times[key] += row[8]
        spans.setdefault(key, []).append(_span(row, start, end))
        newest.setdefault(key, row.id)
    ordered = sorted(times, key=lambda key: (-times[key], key))[:WORST]
    texts = {
        number: {"fr": fr, "en": en}
        for number, fr, en in session.execute(
            select(Alarm.id, Alarm.text_fr, Alarm.text_en).where(Alarm.id.in_([newest[key] for key in ordered]))
        )
    }
    return [
        Nuisance(
            place=key[0],
            code=key[1],
            text=texts[newest[key]],
            alarms=alarms[key],
            times=times[key],
            seconds=_seconds(spans[key]),
        )
        for key in ordered
    ]


def _waiting(rows: list[_Alarm], first: dict[int, datetime]) -> Waiting:
    waits = sorted((first[row.id] - row.since).total_seconds() for row in rows if row.id in first)
    never = sum(row.id not in first for row in rows)
    slowest = quantiles(waits, n=10, method="inclusive")[-1] if len(waits) > 1 else next(iter(waits), None)
    return Waiting(acknowledged=len(waits), never=never, median=median(waits) if waits else None, slowest_tenth=slowest)
