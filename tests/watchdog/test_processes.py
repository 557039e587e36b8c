"""The watchdog as a process: who leads, and a database, a broker and a watchdog that are killed at any moment."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Self

import pytest
from sqlalchemy import select

from facility.acting.acts import command
from facility.alarms.rules import RuleChange, set_rule
from schemas.site import Site
from schemas.tables import Alarm, AlarmEvent, Notification
from tests.services.process import Process
from tests.watchdog.station import CELL, Station
from watchdog.publishing import FIRST_UNRECORDED

CODE = "air_temperature-high"
ROUNDS = 30


@pytest.fixture
def station(tmp_path: Path, site: Site) -> Iterator[Station]:
    station = Station(tmp_path, site)
    change = RuleChange(kind="high", severity="critical", parameter="air_temperature", cell=CELL, threshold=30)
    set_rule(station.sessions, command("test"), site, change)
    yield station
    station.end()


class Feeding:
    """The unit's publisher: says the present value again and again, whoever is away meanwhile."""

    def __init__(self, station: Station) -> None:
        self.station, self.value = station, 20.0
        self._stop = Event()
        self._thread = Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.2):
            self.station.say_online()
            self.station.read(air_temperature=self.value)


def started(station: Station, watchdog: Process) -> None:
    before = watchdog.text().count("all that it keeps")
    watchdog.start()
    station.wait(lambda: watchdog.text().count("all that it keeps") > before, "the watchdog follows the broker")


def leads(watchdog: Process) -> bool:
    return "this watchdog leads" in watchdog.text()


def test_a_second_watchdog_takes_over_from_one_that_is_killed_or_hangs(station: Station) -> None:
    first, second = station.watchdog, station.process("watchdog", "second")
    try:
        started(station, first)
        station.wait(lambda: leads(first), "the first leads")
        started(station, second)
        with Feeding(station) as feeding:
            feeding.value = 40.0
            station.wait(lambda: station.alarm(CELL, CODE), "the first raises the alarm")
            assert not leads(second)
            first.freeze()
            feeding.value = 20.0
            began = time.monotonic()
            station.wait(lambda: station.events(CELL, CODE) == ["raised", "returned"], "the second goes on")
            taken_over = time.monotonic() - began
            first.thaw()
            station.wait(lambda: "another watchdog leads now" in first.text(), "the first sees that it was replaced")
            second.kill()
            feeding.value = 40.0
            station.wait(lambda: len(station.events(CELL, CODE)) == 3, "the first leads again")
            assert station.events(CELL, CODE) == ["raised", "returned", "again"], "each wrote what the other had not"
        assert taken_over < 10
    finally:
        second.kill()


def test_while_the_database_is_away_alarms_are_published_and_recorded_with_their_times_afterwards(
    station: Station,
) -> None:
    started(station, station.watchdog)
    with Feeding(station) as feeding:
        station.wait(lambda: leads(station.watchdog), "it leads")
        station.mariadb.kill()
        feeding.value = 40.0
        told = station.wait(lambda: station.alarm(CELL, CODE), "the alarm is published without a database")
        assert told["id"] >= FIRST_UNRECORDED
        feeding.value = 20.0
        station.wait(lambda: (station.alarm(CELL, CODE) or {}).get("state") == "returned", "its return is published")
        station.mariadb.start()
        station.wait(lambda: station.events(CELL, CODE) == ["raised", "returned"], "both are recorded", 60)
        recorded = station.wait(
            lambda: (found := station.alarm(CELL, CODE)) and found["id"] < FIRST_UNRECORDED and found,
            "the topic has the number of the row",
        )
    assert recorded["since"] == told["since"]
    with station.sessions() as session:
        row = session.scalars(select(Alarm).where(Alarm.code == CODE)).one()
        at = session.scalars(select(AlarmEvent.at).where(AlarmEvent.alarm_id == row.id).order_by(AlarmEvent.at)).all()
    assert at[0] == row.since
    assert timedelta(0) < at[1] - at[0] < timedelta(seconds=30), "as it was seen, not as it was written"


def test_whatever_is_killed_no_transition_is_lost_and_no_notification_doubled(station: Station) -> None:
    seed = time.time_ns() % 1_000_000
    draw = Random(seed)
    sys.stdout.write(f"seed {seed}\n")
    watchdogs = [station.watchdog, station.process("watchdog", "second")]
    try:
        for one in watchdogs:
            started(station, one)
        expected: list[str] = []
        with Feeding(station) as feeding:
            for number in range(ROUNDS):
                feeding.value = 20.0 if number % 2 else 40.0
                expected.append("returned" if number % 2 else "again" if number else "raised")
                killed = draw.choice([draw.choice(watchdogs), station.broker, station.mariadb])
                time.sleep(draw.uniform(0, 1))
                killed.kill()
                killed.start()
                station.wait(lambda: len(station.events(CELL, CODE)) >= len(expected), f"round {number}", 60)
                assert station.events(CELL, CODE) == expected, f"seed {seed}, round {number}"
            state = "returned" if ROUNDS % 2 == 0 else "active"
            station.wait(lambda: (station.alarm(CELL, CODE) or {}).get("state") == state, "the topic agrees", 60)
        with station.sessions() as session:
            row = session.scalars(select(Alarm).where(Alarm.code == CODE)).one()
            told = session.scalars(select(Notification).where(Notification.code == CODE)).all()
        assert row.count == ROUNDS // 2
        assert [(one.alarm_id, one.revision) for one in told] == [(row.id, ROUNDS)], "one, changed once a transition"
    finally:
        watchdogs[1].kill()
