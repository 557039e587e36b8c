"""The watchdog's own silence: who watches everything else must be watched by somebody else."""

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from time import monotonic

from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from facility.alarms.conditions import Condition
from facility.alarms.messages import as_message
from facility.alarms.recording import open_alarm, record
from facility.alarms.states import read_state
from schemas import messages, times
from schemas.messages import Status
from schemas.picture import Presence
from schemas.site import Label
from schemas.tables import AlarmCondition
from storage.database import Sessions
from storage.faults import classify
from telemetry.alarms.engine import AlarmState, Observation, step
from telemetry.alarms.station_rules import HEARTBEAT, WATCHDOG
from telemetry.judging import judge_presence

# Seconds between looks.
EVERY = 5.0
CONDITION = Condition(WATCHDOG, "heartbeat", "heartbeat", Label(fr=WATCHDOG, en=WATCHDOG))

log = logging.getLogger("ingestor.guarding")

Publish = Callable[[str, str, messages.Alarm | None], None]


class Guard:
    """Raises the alarm of a watchdog that is not heard, and clears it; a station that never had one is left alone.

    `take` is called by a network thread, `look` by the one that writes.
    """

    def __init__(self, sessions: Sessions, publish: Publish, clock: Callable[[], datetime] = times.now) -> None:
        self._sessions, self._publish, self._clock = sessions, publish, clock
        self._lock = Lock()
        self._presence: Presence | None = None
        self._connected = False
        self._look_at = 0.0
        # None until it was read: another ingestor, or we before a restart, may have raised the alarm.
        self._state: AlarmState | None = None

    def take(self, status: Status, *, retained: bool) -> None:
        """Take note of the watchdog's status; one that the broker kept may be old."""
        with self._lock:
            self._connected = True
            self._presence = Presence(status, status.at if retained else self._clock())

    def lose(self) -> None:
        """Note that the broker is away: nobody knows."""
        with self._lock:
            self._connected = False

    def look(self) -> None:
        """Look now and then; while the database is away nothing can be said."""
        if monotonic() < self._look_at:
            return
        self._look_at = monotonic() + EVERY
        try:
            self.look_now()
        except IntegrityError:
            # Another ingestor was faster.
            self._state = None
        except SQLAlchemyError as error:
            # Whoever writes readings says what is wrong with the database.
            self._state = None
            log.debug("%s", classify(error)[1])

    def look_now(self) -> None:
        """Look at the watchdog once; write and publish what changed."""
        with self._lock:
            presence, connected = self._presence, self._connected
        now = times.to_milliseconds(self._clock())
        judged = "unknown" if presence is None or not connected else judge_presence(*presence, now)
        measure = None if judged == "unknown" else float(judged != "online")
        seen = Observation(now, measure)
        if self._state is None:
            self._state = self._read()
        after, transitions = step(self._state, HEARTBEAT, seen, now=now)
        if transitions or any(after.beyond) != any(self._state.beyond):
            after = self._write(seen, now)
        self._state = after

    def _read(self) -> AlarmState:
        with self._sessions() as session, session.begin():
            memory = session.get(AlarmCondition, (CONDITION.place, CONDITION.code))
            return read_state(open_alarm(session, CONDITION.place, CONDITION.code), memory)

    def _write(self, seen: Observation, now: datetime) -> AlarmState:
        with self._sessions() as session, session.begin():
            state, changed = record(session, CONDITION, HEARTBEAT, seen, now)
            row = open_alarm(session, CONDITION.place, CONDITION.code)
            alarm = None if row is None else as_message(session, row)
        if changed:
            log.warning("the watchdog is %s", "silent: nobody watches the alarms" if state.active else "heard again")
            self._publish(CONDITION.place, CONDITION.code, alarm)
        return state
