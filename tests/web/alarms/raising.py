"""Alarms in the database as the watchdog leaves them, for tests of the pages."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas import times
from schemas.tables import Alarm, AlarmEvent, Cell, Parameter
from storage.database import Sessions


def raise_alarm(
    sessions: Sessions,
    cell: str = "E1C1",
    code: str = "air_temperature-deviation",
    *,
    severity: str = "warning",
    since: datetime | None = None,
    lasts: timedelta | None = None,
    text: str = "Air temperature off",
    parameter: str | None = "air_temperature",
) -> int:
    """Write an alarm that began `since` and is over after `lasts`, still active without it; return its number."""
    since = since or times.now()
    with sessions() as session, session.begin():
        row = Alarm(
            place=cell,
            code=code,
            kind="deviation",
            cell_id=_id(session, Cell, cell),
            parameter_id=_id(session, Parameter, parameter),
            severity=severity,
            state="active" if lasts is None else "ended",
            active=lasts is None,
            since=since,
            returned_at=None if lasts is None else since + lasts,
            ended_at=None if lasts is None else since + lasts,
            text_fr=f"{text} (fr)",
            text_en=text,
            guidance_fr="Regarder la porte.",
            guidance_en="Look at the door.",
            comment="",
            changed_at=since,
            level=1,
            count=1,
        )
        session.add(row)
        session.flush()
        session.add(
            AlarmEvent(
                alarm_id=row.id, at=since, change="raised", from_state="normal", to_state="active",
                severity=severity, value=20.5, comment="",
            )
        )  # fmt: skip
        return row.id


def _id(session: Session, table: type[Cell] | type[Parameter], code: str | None) -> int | None:
    return None if code is None else session.scalar(select(table.id).where(table.code == code))
