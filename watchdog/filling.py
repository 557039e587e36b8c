"""Late readings raise nothing for the past; they correct the record: how much of a silence was filled afterwards."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from schemas.tables import Alarm, AlarmEvent, Reading, Series
from storage.database import Sessions
from watchdog.leading import Leadership

EVERY_SECONDS = 60.0
# A backlog comes within days of the silence; what changed longer ago is not looked at again.
RECENT = timedelta(days=7)
CHANGE = "filled"


def note_filled(sessions: Sessions, leadership: Leadership, now: datetime) -> int:
    """Write an event for each silence of a cell into which more readings have come; return how many.

    Its value is the number of the readings of the silence that are stored by now.
    """
    written = 0
    with sessions() as session, session.begin():
        leadership.require(session)
        rows = session.scalars(
            select(Alarm).where(
                Alarm.kind == "no_data", Alarm.returned_at.is_not(None), Alarm.changed_at > now - RECENT
            )
        ).all()
        for row in rows:
            stored = _stored(session, row)
            noted = _noted(session, row)
            if stored != noted and stored:
                session.add(
                    AlarmEvent(
                        alarm_id=row.id, at=now, change=CHANGE, from_state=row.state, to_state=row.state,
                        severity=row.severity, value=float(stored), comment="",
                    )
                )  # fmt: skip
                written += 1
    return written


def _stored(session: Session, row: Alarm) -> int:
    """Return how many readings of the silence the history has, by the series that has most of them."""
    if row.cell_id is None or row.returned_at is None:
        return 0
    counts = session.execute(
        select(Reading.series_id, func.count())
        .join(Series, Series.id == Reading.series_id)
        .where(Series.cell_id == row.cell_id, Reading.observed_at > row.since, Reading.observed_at < row.returned_at)
        .group_by(Reading.series_id)
    )
    return max((count for _, count in counts), default=0)


def _noted(session: Session, row: Alarm) -> int:
    newest = session.scalar(
        select(AlarmEvent.value)
        .where(AlarmEvent.alarm_id == row.id, AlarmEvent.change == CHANGE)
        .order_by(AlarmEvent.id.desc())
        .limit(1)
    )
    return 0 if newest is None else round(newest)
