"""An alarm as its topic and its notifications carry it, made from its row."""

from sqlalchemy.orm import Session

from schemas import messages
from schemas.tables import Alarm, Cell, Parameter, Person


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
