"""What the database knows that the watchdog needs: states, rules, announced work; and writing what it saw."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from facility.alarms.messages import as_message
from facility.alarms.recording import record
from facility.alarms.states import read_state
from schemas import messages
from schemas.tables import Alarm, AlarmCondition, AlarmRule, Cell, Intervention, Parameter
from storage.database import Sessions
from telemetry.alarms.definitions import Definition
from telemetry.alarms.engine import AlarmState
from watchdog.leading import Leadership
from watchdog.looks import Key, Look


@dataclass(frozen=True, slots=True)
class Known:
    """What was read: states by condition, alarms that are open, rules that people set, announced work by cell."""

    states: dict[Key, AlarmState]
    alarms: list[messages.Alarm]
    definitions: tuple[Definition, ...]
    interventions: dict[str, str]


def read_known(sessions: Sessions) -> Known:
    """Read all that the watchdog goes by, in one transaction."""
    with sessions() as session:
        conditions = {(row.place, row.code): row for row in session.scalars(select(AlarmCondition))}
        rows = session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.id)).all()
        alarms = {(row.place, row.code): row for row in rows}
        states = {key: read_state(alarms.get(key), conditions.get(key)) for key in {*conditions, *alarms}}
        return Known(
            states,
            [as_message(session, row) for row in rows],
            tuple(_definitions(session)),
            {cell: f"{cell}/intervention" for cell in session.scalars(_at_work())},
        )


def write(sessions: Sessions, leadership: Leadership, looks: Iterable[Look], now: datetime) -> dict[Key, AlarmState]:
    """Write what was seen in one transaction; return the states. Raise NotLeading where another watchdog leads."""
    found = {}
    with sessions() as session, session.begin():
        leadership.require(session)
        for look in looks:
            found[look.key], _ = record(session, look.condition, look.rule, look.observation, now)
    return found


def _definitions(session: Session) -> Iterable[Definition]:
    rows = session.execute(
        select(AlarmRule, Parameter.code, Cell.code)
        .outerjoin(Parameter, Parameter.id == AlarmRule.parameter_id)
        .outerjoin(Cell, Cell.id == AlarmRule.cell_id)
        .order_by(AlarmRule.id)
    )
    for row, parameter, cell in rows:
        yield Definition(
            row.kind,  # type: ignore[arg-type] # written by `facility.alarms.rules` alone, which checks it
            row.severity,  # type: ignore[arg-type] # likewise
            row.threshold,
            timedelta(seconds=row.delay),
            parameter,
            cell,
            row.experiment_id,
            row.enabled,
        )


def _at_work() -> Select[str]:
    return select(Cell.code).join(Intervention, Intervention.cell_id == Cell.id).where(Intervention.ended_at.is_(None))
