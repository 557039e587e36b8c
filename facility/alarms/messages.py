"""An alarm as its topic and its notifications carry it, made from its row."""

from sqlalchemy.orm import Session

from facility.alarms.conditions import Condition
from facility.alarms.texts import guidance, texts, threshold_of
from schemas import messages
from schemas.tables import Alarm, Cell, Parameter, Person
from telemetry.alarms.engine import AlarmState, Observation
from telemetry.alarms.rules import Rule


def as_message(session: Session, row: Alarm) -> messages.Alarm:
    """Return the alarm as its topic carries it; one that is over as it was last."""
    cell = None if row.cell_id is None else session.get(Cell, row.cell_id)
    parameter = None if row.parameter_id is None else session.get(Parameter, row.parameter_id)
    members: dict[str, object] = {
        "id": row.id,
        "place": row.place,
        "code": row.code,
        "severity": row.severity,
        "state": "returned" if row.state == "ended" else row.state,
        "since": row.since,
        "cell": None if cell is None else cell.code,
        "parameter": None if parameter is None else parameter.code,
        "value": row.value,
        "threshold": row.threshold,
        "text": {"fr": row.text_fr, "en": row.text_en},
        "count": row.count if row.count > 1 else None,
        "suppressed_by": row.suppressed_by if row.state == "suppressed" else None,
        "acknowledged_by": person_name(session, row.acknowledged_by),
        "shelved_until": row.shelved_until if row.state == "shelved" else None,
    }
    if row.guidance_fr is not None and row.guidance_en is not None:
        members["guidance"] = {"fr": row.guidance_fr, "en": row.guidance_en}
    return messages.Alarm.model_validate({name: value for name, value in members.items() if value is not None})


def person_name(session: Session, person_id: int | None) -> str | None:
    """Return how a person is called; None where there is nobody."""
    person = None if person_id is None else session.get(Person, person_id)
    return None if person is None else person.name


def unrecorded(
    condition: Condition,
    rule: Rule,
    state: AlarmState,
    observation: Observation,
    *,
    number: int,
    held: messages.Alarm | None,
) -> messages.Alarm | None:
    """Return an alarm that has no row yet as its topic carries it; None where it is over.

    `held` is what the topic carries now: what was recorded before keeps its number and its words.
    """
    if not state.open:
        return None
    level = rule.levels[min(state.level, len(rule.levels)) - 1]
    members: dict[str, object] = {
        "id": number if held is None else held.id,
        "place": condition.place,
        "code": condition.code,
        "severity": level.severity,
        "state": state.shown,
        "since": state.since or observation.at,
        "cell": condition.cell,
        "parameter": condition.parameter,
        "value": observation.value,
        "threshold": threshold_of(level, condition.kind),
        "text": texts(condition.kind, condition.name, level, observation.value, condition.quantity),
        "count": state.count if state.count > 1 else None,
        "suppressed_by": state.suppressed_by if state.shown == "suppressed" else None,
        "acknowledged_by": held.acknowledged_by if held is not None and state.acknowledged else None,
        "shelved_until": state.shelved_until if state.shown == "shelved" else None,
    }
    if (words := rule.guidance or guidance(condition.kind)) is not None:
        members["guidance"] = {"fr": words[0], "en": words[1]}
    return messages.Alarm.model_validate({name: value for name, value in members.items() if value is not None})
