"""An alarm's state as the engine has it, from its rows and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.orm import Session

from schemas import times
from schemas.tables import Alarm, AlarmCondition
from telemetry.alarms.engine import AlarmState

# Rows of one statement.
AT_ONCE = 500


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


def write_timers(session: Session, states: Mapping[tuple[str, str], AlarmState], at: datetime) -> None:
    """Write the timers of many conditions whose alarms do not change, in few statements; `at` is our clock."""
    rows = [
        {
            "place": place, "code": code, "beyond": _texts(state.beyond), "seen_at": state.seen_at,
            "suppressed_by": state.suppressed_by, "recovering_since": state.recovering_since,
            "out_of_service": False, "comment": "", "changed_at": at,
        }
        for (place, code), state in sorted(states.items())
    ]  # fmt: skip
    # What a person decided (out of service, with a comment) is theirs: only a new row gets it.
    kept = ("beyond", "seen_at", "suppressed_by", "recovering_since", "changed_at")
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        if session.get_bind().dialect.name == "sqlite":
            ours = sqlite.insert(AlarmCondition).values(part)
            session.execute(
                ours.on_conflict_do_update(
                    index_elements=["place", "code"], set_={name: ours.excluded[name] for name in kept}
                )
            )
        else:
            theirs = mysql.insert(AlarmCondition).values(part)
            session.execute(theirs.on_duplicate_key_update({name: theirs.inserted[name] for name in kept}))


def _texts(instants: Sequence[datetime | None]) -> list[str | None]:
    return [None if one is None else times.to_text(one) for one in instants]


def _instant(text: str | None) -> datetime | None:
    return None if text is None else times.from_text(text)
