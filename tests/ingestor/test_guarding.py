"""The ingestor raises the alarm of a watchdog that is silent, once, and clears it; also after a restart."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from ingestor.guarding import Guard
from schemas import messages
from schemas.messages import Status
from schemas.tables import Alarm, AlarmEvent
from storage.database import write_sessions

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ONLINE = Status(state="online", since=NOW, at=NOW)


class Watched:
    """A guard with a clock that the test sets, and what it published."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.now = engine, NOW
        self.published: list[tuple[str, str, str | None]] = []
        self.guard = self.another()

    def another(self) -> Guard:
        return Guard(write_sessions(self.engine), self._publish, lambda: self.now)

    def _publish(self, place: str, code: str, alarm: messages.Alarm | None) -> None:
        self.published.append((place, code, None if alarm is None else alarm.state))

    def look(self, seconds: float) -> None:
        """Look every five seconds for so long."""
        for _ in range(round(seconds / 5)):
            self.now += timedelta(seconds=5)
            self.guard.look_now()


@pytest.fixture
def watched(engine: Engine) -> Watched:
    return Watched(engine)


def changes(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(AlarmEvent.change).order_by(AlarmEvent.id)))


def test_a_station_without_a_watchdog_has_no_alarm(watched: Watched) -> None:
    watched.look(600)
    assert changes(watched.engine) == []


def test_a_watchdog_that_hangs_is_missed_and_seen_again(watched: Watched) -> None:
    watched.guard.take(ONLINE, retained=False)
    watched.look(175)
    assert changes(watched.engine) == []
    watched.look(120)
    assert changes(watched.engine) == ["raised"]
    assert watched.published == [("watchdog", "heartbeat", "active")]
    with watched.engine.connect() as connection:
        row = connection.execute(select(Alarm.place, Alarm.severity, Alarm.text_en)).one()
    assert tuple(row) == ("watchdog", "major", "Service watchdog: no sign of life for 60 s")
    # Another ingestor, or this one after a restart, finds the alarm as it is.
    watched.guard = watched.another()
    watched.guard.take(ONLINE, retained=True)
    watched.look(100)
    assert changes(watched.engine) == ["raised"]
    watched.guard.take(ONLINE.model_copy(update={"at": watched.now}), retained=False)
    watched.look(10)
    assert changes(watched.engine) == ["raised", "returned"]
    assert watched.published[-1] == ("watchdog", "heartbeat", "returned")


def test_a_watchdog_that_left_is_missed_after_a_minute_and_not_while_the_broker_is_away(watched: Watched) -> None:
    watched.guard.take(ONLINE.model_copy(update={"state": "offline"}), retained=False)
    watched.guard.lose()
    watched.look(300)
    assert changes(watched.engine) == []
    watched.guard.take(ONLINE.model_copy(update={"state": "offline"}), retained=True)
    watched.look(60)
    assert changes(watched.engine) == []
    watched.look(10)
    assert changes(watched.engine) == ["raised"]
