"""An alarm's state as the engine has it, from its rows and back."""

from collections.abc import Sequence
from datetime import datetime

from schemas import times
from schemas.tables import Alarm, AlarmCondition
from telemetry.alarms.engine import AlarmState


def read_state(alarm: Alarm | None, condition: AlarmCondition | None) -> AlarmState:
    """Return the state of a watched condition; `alarm` is None where there is none that is open."""
    beyond = () if condition is None else tuple(_instant(text) for text in condition.beyond)
    seen_at = None if condition is None else condition.seen_at
    out = condition is not None and condition.out_of_service
    suppressed_by = None if condition is None else condition.suppressed_by
    recovering_since = None if condition is None else condition.recovering_since
    if alarm is None or alarm.ended_at is not None:
        return AlarmState(
            beyond=beyond,
            seen_at=seen_at,
            suppressed_by=suppressed_by,
            recovering_since=recovering_since,
            out_of_service=out,
        )
    return AlarmState(
        beyond=beyond,
        level=alarm.level,
        active=alarm.active,
        acknowledged=alarm.acknowledged_at is not None,
        since=alarm.since,
        returned_at=alarm.returned_at,
        seen_at=seen_at,
        count=alarm.count,
        shelved_until=alarm.shelved_until,
        suppressed_by=suppressed_by,
        recovering_since=recovering_since,
        out_of_service=out,
    )


def write_alarm(row: Alarm, state: AlarmState, at: datetime) -> None:
    """Bring an open alarm's row in line with a state; what ended keeps what it was last."""
    row.changed_at = at
    if not state.open:
        row.state, row.active, row.ended_at = "ended", False, at
        row.shelved_until = row.shelved_by = None
        row.returned_at = row.returned_at or at
        return
    row.state, row.level, row.active, row.count = state.shown, state.level, state.active, state.count
    row.returned_at, row.suppressed_by = state.returned_at, state.suppressed_by
    if state.shelved_until is None:
        row.shelved_until = row.shelved_by = None
    if not state.acknowledged:
        row.acknowledged_at = row.acknowledged_by = None


def write_condition(row: AlarmCondition, state: AlarmState, at: datetime) -> None:
    """Bring the memory of a watched condition in line with a state."""
    row.beyond = _texts(state.beyond)
    row.seen_at, row.out_of_service, row.changed_at = state.seen_at, state.out_of_service, at
    row.suppressed_by, row.recovering_since = state.suppressed_by, state.recovering_since


def _texts(instants: Sequence[datetime | None]) -> list[str | None]:
    return [None if one is None else times.to_text(one) for one in instants]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else times.from_text(text)
