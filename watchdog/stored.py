"""What the database knows that the watchdog needs, read again only where it may have changed; and what is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from facility.alarms.messages import as_message
from facility.alarms.recording import record
from facility.alarms.rules import definitions_of
from facility.alarms.states import read_state, write_condition, write_timers
from schemas import messages, times
from schemas.picture import Latest
from schemas.tables import Alarm, AlarmCondition, Cell, Intervention
from storage.database import Sessions
from telemetry import queries
from telemetry.alarms.definitions import Definition
from telemetry.alarms.engine import AlarmState
from watchdog.leading import Leadership
from watchdog.looks import Change, Key


@dataclass(frozen=True, slots=True)
class Known:
    """What was read: alarms that are open, rules that people set, announced work by cell."""

    alarms: dict[Key, messages.Alarm] = field(default_factory=dict)
    definitions: tuple[Definition, ...] = ()
    interventions: dict[str, str] = field(default_factory=dict)


class Stored:
    """Reads and writes as the leader, who alone changes conditions; people change alarms and what is out of service.

    `states` has what each condition is by the database, for those that may have changed since they were asked last.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._conditions: dict[Key, AlarmCondition] | None = None
        self._open: dict[Key, Alarm] = {}
        self._messages: dict[int, tuple[datetime, messages.Alarm]] = {}
        self._definitions: tuple[Definition, ...] = ()

    def forget(self) -> None:
        """Read everything anew: another watchdog may have written."""
        self._conditions = None

    def read(self) -> tuple[Known, dict[Key, AlarmState]]:
        """Read what the watchdog goes by, in one transaction; return it, and the states that may have changed."""
        with self._sessions() as session:
            everything = self._conditions is None
            conditions = self._read_conditions(session)
            rows = session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.id)).all()
            alarms = {(row.place, row.code): row for row in rows}
            self._messages = {row.id: self._message(session, row) for row in rows}
            definitions = definitions_of(session)
            if definitions != self._definitions:
                self._definitions = definitions
            keys = {*alarms, *self._open, *(conditions if everything else ())}
            self._open = alarms
            states = {key: read_state(alarms.get(key), conditions.get(key)) for key in keys}
            interventions = {cell: f"{cell}/intervention" for cell in session.scalars(_at_work(times.now()))}
            session.expunge_all()
        known = {(row.place, row.code): self._messages[row.id][1] for row in rows}
        return Known(known, self._definitions, interventions), states

    def write(self, leadership: Leadership, changes: Iterable[Change]) -> None:
        """Write what was seen, in one transaction; raise NotLeading where another watchdog leads."""
        by_key: dict[Key, list[Change]] = {}
        for change in changes:
            by_key.setdefault(change.look.key, []).append(change)
        calling = {key: several for key, several in by_key.items() if any(one.calls for one in several)}
        # Of a timer only where it stands now matters.
        timers = {key: several[-1] for key, several in by_key.items() if key not in calling}
        written: dict[Key, AlarmCondition] = {}
        with self._sessions() as session, session.begin():
            leadership.require(session)
            if timers:
                now = max(one.now for one in timers.values())
                write_timers(session, {key: one.after for key, one in timers.items()}, now)
            for key, several in calling.items():
                for change in several:
                    look = change.look
                    record(session, look.condition, look.rule, look.observation, change.now)
                row = session.get(AlarmCondition, key)
                if row is not None:
                    written[key] = row
            session.flush()
            session.expunge_all()
        if self._conditions is None:
            return
        for key, one in timers.items():
            held = self._conditions.get(key)
            if held is None:
                held = AlarmCondition(place=key[0], code=key[1], comment="")
                held.out_of_service = False
            write_condition(held, replace(one.after, out_of_service=held.out_of_service), one.now)
            written[key] = held
        self._conditions.update(written)

    def _read_conditions(self, session: Session) -> dict[Key, AlarmCondition]:
        if self._conditions is None:
            self._conditions = {(row.place, row.code): row for row in session.scalars(select(AlarmCondition))}
            return self._conditions
        out = session.execute(
            select(AlarmCondition.place, AlarmCondition.code).where(AlarmCondition.out_of_service.is_(True))
        )
        out_of_service = {(place, code) for place, code in out}
        for key in out_of_service - self._conditions.keys():
            row = session.get(AlarmCondition, key)
            if row is not None:
                self._conditions[key] = row
        for key, row in self._conditions.items():
            if row.out_of_service != (key in out_of_service):
                row.out_of_service = key in out_of_service
        return self._conditions

    def _message(self, session: Session, row: Alarm) -> tuple[datetime, messages.Alarm]:
        held = self._messages.get(row.id)
        return (row.changed_at, as_message(session, row)) if held is None or held[0] != row.changed_at else held


def latest_values(sessions: Sessions) -> dict[str, dict[str, Latest]]:
    """Return the newest stored values by cell: a cell that is silent since before our start must be missed."""
    found: dict[str, dict[str, Latest]] = {}
    with sessions() as session:
        for cell, parameter, observed_at, value, quality in session.execute(queries.latest_values()):
            found.setdefault(cell, {})[parameter] = Latest(observed_at, value, quality)
    return found


def _at_work(now: datetime) -> Select[str]:
    # Work ends by itself: nobody has to write that its time is over.
    lasting = or_(Intervention.expected_end.is_(None), Intervention.expected_end > now)
    return (
        select(Cell.code)
        .join(Intervention, Intervention.cell_id == Cell.id)
        .where(Intervention.ended_at.is_(None), lasting)
    )
