"""Restarts, outages, wrong clocks and late backlog at simulated time: one cause, one alarm, nothing for the past."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, select

from facility.acting.acts import command
from facility.alarms import actions
from facility.alarms.rules import RuleChange, set_rule
from schemas.tables import Alarm, AlarmEvent
from storage.database import write_sessions
from tests.services.databases import prepare_database
from tests.watchdog.simulated import MINUTE, SimulatedStation, small_site
from watchdog.filling import note_filled

SITE = small_site("ecolab-1", "ecolab-2", period=60)
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
FROZEN = {"E1C1": [{"kind": "frozen", "parameter": "co2", "from": "10m", "until": "5h"}]}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", SITE)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("restarts", [0, 6])
def test_a_restart_at_any_point_gives_the_same_outcome(restarts: int, engine: Engine) -> None:
    faults = FROZEN | {"E1C3": [{"kind": "humidifier_saturation", "from": "1h", "until": "2h"}]}
    station = SimulatedStation(SITE, engine, START, faults)
    draw = Random(restarts)
    for minutes in sorted(draw.sample(range(20, 320), restarts)):
        station.run(minutes * MINUTE, MINUTE)
        station.store()
        station.restart()
    station.run(330 * MINUTE, MINUTE)
    told = station.told()
    assert [one[1:] for one in told] == [
        ("E1C3/relative_humidity-deviation", "raised", "warning"),
        ("E1C3/relative_humidity-deviation", "returned", "warning"),
        ("E1C1/co2-frozen", "raised", "warning"),
        ("E1C1/co2-frozen", "returned", "warning"),
    ]
    assert [one[0] for one in told] == ["01:13:00", "02:00:00", "03:11:00", "05:00:00"]


def test_a_broker_that_is_away_is_one_alarm_recorded_at_once(engine: Engine) -> None:
    station = SimulatedStation(SITE, engine, START)
    station.run(10 * MINUTE, MINUTE)
    station.set_broker(up=False)
    station.run(40 * MINUTE, MINUTE)
    station.set_broker(up=True)
    station.run(60 * MINUTE, MINUTE)
    assert station.told(hidden=True) == [
        ("00:12:00", "server/broker", "raised", "major"),
        ("00:41:00", "server/broker", "returned", "major"),
    ]


@pytest.mark.parametrize("hours", [1, -1])
def test_a_wrong_clock_of_the_server_is_one_alarm(hours: int, engine: Engine) -> None:
    station = SimulatedStation(SITE, engine, START)
    station.run(10 * MINUTE, MINUTE)
    station.clock.wrong = timedelta(hours=hours)
    station.run(60 * MINUTE, MINUTE)
    station.clock.wrong = timedelta(0)
    station.run(90 * MINUTE, MINUTE)
    with engine.connect() as connection:
        found = connection.execute(select(Alarm.place, Alarm.code, Alarm.state, Alarm.count)).all()
    assert [tuple(one) for one in found] == [("server", "clock", "returned", 1)]


def test_late_backlog_raises_nothing_and_corrects_the_record(engine: Engine) -> None:
    faults = {"E1C1": [{"kind": "offline", "from": "10m", "until": "40m"}]}
    station = SimulatedStation(SITE, engine, START, faults)
    station.run(50 * MINUTE, MINUTE)
    before = station.told(hidden=True)
    station.store()
    sessions = write_sessions(engine)
    assert note_filled(sessions, station.watcher.leadership, station.clock.now()) == 0
    # What the unit's outbox kept, with values far beyond every limit.
    cell = station.cells["E1C1"]
    for minute in range(10, 40):
        at = START + minute * MINUTE
        values = cell.read(at.timestamp()) | {"air_temperature": 45.0}
        station.backlog("E1C1", at, values)
    station.store()
    station.run(55 * MINUTE, MINUTE)
    assert station.told(hidden=True) == before
    assert note_filled(sessions, station.watcher.leadership, station.clock.now()) == 1
    assert note_filled(sessions, station.watcher.leadership, station.clock.now()) == 0
    with sessions() as session:
        event = session.scalars(select(AlarmEvent).where(AlarmEvent.change == "filled")).one()
        alarm = session.get(Alarm, event.alarm_id)
    assert alarm is not None
    assert (alarm.place, event.value) == ("E1C1", 26.0), "of the silence since it was noticed"


def test_a_shelf_ends_and_a_rule_that_is_gone_ends_its_alarm(engine: Engine) -> None:
    sessions, admin = write_sessions(engine), command("test")
    rule = set_rule(sessions, admin, SITE, RuleChange(
        kind="high", severity="major", parameter="co2", cell="E1C2", threshold=50, delay=60,
    ))  # fmt: skip
    station = SimulatedStation(SITE, engine, START)
    station.run(5 * MINUTE, MINUTE)
    (alarm,) = station.watcher.known.alarms.values()
    assert (alarm.place, alarm.code, alarm.state) == ("E1C2", "co2-high", "active")
    with sessions() as session, session.begin():
        row = session.get(Alarm, alarm.id)
        assert row is not None
        row.shelved_until, row.state = START + 20 * MINUTE, "shelved"
    station.set_broker(up=False)
    station.watcher.read()
    station.run(25 * MINUTE, MINUTE)
    assert "unshelved" in [one[2] for one in station.told()], "nobody sees the cell, and the shelf ends all the same"
    station.set_broker(up=True)
    change = RuleChange(
        kind="high", severity="major", parameter="co2", cell="E1C2", threshold=50, delay=60, enabled=False,
        version=rule.version,
    )  # fmt: skip
    set_rule(sessions, admin, SITE, change)
    station.watcher.read()
    station.run(30 * MINUTE, MINUTE)
    assert station.told()[-1][1:3] == ("E1C2/co2-high", "returned")
    assert actions.acknowledge(sessions, admin, alarm.id).id == alarm.id
    with sessions() as session:
        assert session.scalars(select(Alarm.state).where(Alarm.id == alarm.id)).one() == "ended"
