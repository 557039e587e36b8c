"""Writing what became of an alarm: its row, its transitions and its notifications in one transaction."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from facility.alarms import notifications
from facility.alarms.conditions import Condition
from facility.alarms.messages import as_message
from facility.alarms.states import read_state, write_alarm, write_condition
from facility.alarms.texts import guidance, texts, threshold_of
from schemas.tables import Alarm, AlarmCondition, AlarmEvent, Cell, Parameter
from telemetry.alarms.engine import AlarmState, Observation, Shown, Transition, step
from telemetry.alarms.rules import Rule

# Nobody is told of what another alarm explains: that one is told.
HIDDEN: frozenset[Shown] = frozenset({"normal", "suppressed", "out_of_service"})


def record(
    session: Session, condition: Condition, rule: Rule, observation: Observation, now: datetime
) -> tuple[AlarmState, bool]:
    """Take the observation into the stored state; return the state, and whether anything happened to the alarm.

    The stored state counts, not the caller's: a person may have acknowledged or shelved the alarm meanwhile. Call it
    in a transaction that holds the watchdog's lease.
    """
    memory = session.get(AlarmCondition, (condition.place, condition.code), with_for_update=True)
    row = open_alarm(session, condition.place, condition.code)
    before = read_state(row, memory)
    after, transitions = step(before, rule, observation, now=now)
    if after != before:
        if memory is None:
            memory = AlarmCondition(place=condition.place, code=condition.code, comment="")
            session.add(memory)
        write_condition(memory, after, now)
    if not transitions:
        return after, False
    if row is None:
        row = _new(session, condition)
        row.since = after.since or observation.at
        session.add(row)
    write_alarm(row, after, now)
    if after.open:
        _describe(row, condition, rule, after, observation)
    session.flush()
    for one in transitions:
        session.add(_event(row, one))
    if any({one.before, one.after} - HIDDEN for one in transitions):
        notifications.announce(session, as_message(session, row), now, row.ended_at)
    return after, True


def open_alarm(session: Session, place: str, code: str) -> Alarm | None:
    """Return the alarm of a watched condition that is not over, locked until the transaction ends."""
    return session.scalar(
        select(Alarm).where(Alarm.place == place, Alarm.code == code, Alarm.ended_at.is_(None)).with_for_update()
    )


def _new(session: Session, condition: Condition) -> Alarm:
    cell = select(Cell.id).where(Cell.code == condition.cell)
    parameter = select(Parameter.id).where(Parameter.code == condition.parameter)
    return Alarm(
        place=condition.place,
        code=condition.code,
        kind=condition.kind,
        cell_id=None if condition.cell is None else session.scalar(cell),
        parameter_id=None if condition.parameter is None else session.scalar(parameter),
        comment="",
    )


def _describe(row: Alarm, condition: Condition, rule: Rule, state: AlarmState, observation: Observation) -> None:
    level = rule.levels[min(state.level, len(rule.levels)) - 1]
    if observation.value is not None and state.active:
        row.value = observation.value
    # The sentence is that of the gravest level and stays: a value that moves is no news.
    if row.id is None or row.severity != level.severity:
        sentence = texts(condition.kind, condition.name, level, observation.value, condition.quantity)
        row.text_fr, row.text_en = sentence["fr"], sentence["en"]
        row.threshold = threshold_of(level, condition.kind)
    row.severity = level.severity
    row.guidance_fr, row.guidance_en = rule.guidance or guidance(condition.kind) or (None, None)


def _event(row: Alarm, one: Transition) -> AlarmEvent:
    return AlarmEvent(
        alarm_id=row.id,
        at=one.at,
        change=one.change,
        from_state=one.before,
        to_state="ended" if one.change == "ended" else one.after,
        severity=one.severity or row.severity,
        value=one.value,
        comment="",
    )
