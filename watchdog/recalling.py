"""Since when values have been the very same, from the history: a restart must not make a frozen sensor young again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.site import Site
from schemas.tables import Cell, LatestReading, Parameter, Reading, Reading5min, Series
from storage.database import Sessions
from telemetry.alarms.observing import Memory

# Further back nobody looks: no rule about frozen values waits longer.
LONGEST = timedelta(days=3)
# A value that changed within this time is not frozen yet, and starts anew.
BRIEF = timedelta(minutes=10)


def recall(sessions: Sessions, site: Site, now: datetime) -> dict[str, dict[str, Memory]]:
    """Return by cell and parameter since when the newest stored value has been the same, where that is long."""
    watched = {one.code for one in site.parameters if any(rule.kind == "frozen" for rule in one.alarms)}
    found: dict[str, dict[str, Memory]] = {}
    with sessions() as session:
        for cell, parameter, series, at, value in _newest(session, watched):
            if value is None or at < now - BRIEF:
                continue
            since = _unchanged_since(session, series, at, value)
            if since is not None and at - since > BRIEF:
                found.setdefault(cell, {})[parameter] = Memory(value, since, at)
    return found


def _newest(session: Session, parameters: Iterable[str]) -> list[tuple[str, str, int, datetime, float | None]]:
    rows = session.execute(
        select(Cell.code, Parameter.code, Series.id, LatestReading.observed_at, LatestReading.value)
        .join(Series, Series.id == LatestReading.series_id)
        .join(Cell, Cell.id == Series.cell_id)
        .join(Parameter, Parameter.id == Series.parameter_id)
        .where(Parameter.code.in_(parameters))
    )
    return [(cell, parameter, series, at, value) for cell, parameter, series, at, value in rows]


def _unchanged_since(session: Session, series: int, at: datetime, value: float) -> datetime | None:
    """Return the first instant from which on the series had this value alone; None where it has just changed."""
    recent = session.scalar(
        select(func.count()).where(
            Reading.series_id == series, Reading.observed_at > at - BRIEF, Reading.observed_at <= at,
            Reading.value != value,
        )
    )  # fmt: skip
    if recent:
        return None
    # By five minutes first: of a long time there are few of them.
    other = session.scalar(
        select(func.max(Reading5min.started_at)).where(
            Reading5min.series_id == series, Reading5min.started_at > at - LONGEST, Reading5min.started_at <= at,
            (Reading5min.min != value) | (Reading5min.max != value),
        )
    )  # fmt: skip
    after = at - LONGEST if other is None else other
    changed = session.scalar(
        select(func.max(Reading.observed_at)).where(
            Reading.series_id == series, Reading.observed_at >= after, Reading.observed_at <= at,
            Reading.value != value,
        )
    )  # fmt: skip
    first = select(func.min(Reading.observed_at)).where(
        Reading.series_id == series, Reading.observed_at > (changed or after), Reading.observed_at <= at
    )
    return session.scalar(first)
