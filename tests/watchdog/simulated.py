"""A station at simulated time: cells of the simulator, a live picture, the watchdog's looks and a real database."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from broker.following import Follower
from broker.live_picture import LivePicture
from ingestor.decoding import decode
from ingestor.inbox import Arrival
from ingestor.reading_store import ReadingStore
from ingestor.series_index import load_series_index
from publisher.simulation.cell import SimulatedCell
from publisher.simulation.faults import FaultSettings, SimulatedFault, faults_of
from schemas import topics
from schemas.messages import CellExperiment, Reading, Status
from schemas.site import Site, read_site
from schemas.tables import Alarm, AlarmEvent
from service.settings import BrokerSettings
from storage.database import write_sessions
from watchdog.facts import Facts
from watchdog.leading import Leadership
from watchdog.looking import Looking
from watchdog.looks import States
from watchdog.recalling import recall
from watchdog.settings import WatchdogBlock
from watchdog.stored import Known, Stored, latest_values

SERVICES = ("ingestor", "web")
MINUTE = timedelta(minutes=1)


def small_site(*units: str, period: float = 30) -> Site:
    """Return the Ecotron's site with these units alone."""
    whole = read_site().model_dump()
    kept = [unit for unit in whole["units"] if unit["code"] in units]
    cells = {cell for unit in kept for cell in unit["cells"]}
    parameters = [
        parameter | {"cells": None if parameter["cells"] is None else tuple(cells & set(parameter["cells"]))}
        for parameter in whole["parameters"]
        if parameter["cells"] is None or cells & set(parameter["cells"])
    ]
    return Site.model_validate(whole | {"units": kept, "parameters": parameters, "period": period})


class Clock:
    """The server's clock, and the one that nobody sets. `wrong` is how far the first is ahead of the truth."""

    def __init__(self, start: datetime) -> None:
        self.true, self.wrong = start, timedelta(0)

    def now(self) -> datetime:
        return self.true + self.wrong

    def monotonic(self) -> float:
        return self.true.timestamp()


class Watcher:
    """What `watchdog.running` does in a second, one after the other; made anew it is a watchdog after a restart."""

    def __init__(self, site: Site, engine: Engine, clock: Clock) -> None:
        self.site, self.clock = site, clock
        self.live = LivePicture(clock.now)
        self.follower = Follower(BrokerSettings(), site, "watchdog", self.live)
        self.looking = Looking(site, WatchdogBlock(), self.live, clock.monotonic)
        sessions = write_sessions(engine)
        self.leadership = Leadership(sessions, f"watchdog at {clock.true}")
        self.stored, self.states = Stored(sessions), States()
        with sessions() as session, session.begin():
            self.leadership.take(session)
        for cell, values in latest_values(sessions).items():
            self.live.put_values(cell, values)
        self.looking.recall(recall(sessions, site, clock.now()))
        self.known = Known()
        self.read()

    def read(self) -> None:
        self.known, states = self.stored.read()
        for key, state in states.items():
            self.states.put(key, state)

    def look(self, facts: Facts | None = None, *, database_away: bool = False) -> None:
        now = self.clock.now()
        looks = list(self.looking.look(self.known, facts or Facts(), self.states, now, database_away=database_away))
        self.states.take([*looks, *self.states.lapsed(now)], now)
        if not database_away and (changes := self.states.unwritten):
            self.stored.write(self.leadership, changes)
            self.states.written(changes)
            self.read()


class SimulatedStation:
    """Plays units and services into a watcher, with faults (`FaultSettings`, from the start on)."""

    def __init__(
        self,
        site: Site,
        engine: Engine,
        start: datetime,
        faults: Mapping[str, Iterable[Mapping[str, Any]]] = {},
        experiments: Mapping[str, CellExperiment] = {},
    ) -> None:
        self.site, self.engine, self.start = site, engine, start
        self.clock = Clock(start)
        self.faults = {
            cell: faults_of([FaultSettings.model_validate(one) for one in given], cell, start)
            for cell, given in faults.items()
        }
        self.cells = {
            cell: SimulatedCell(site, cell, 7, self.faults.get(cell, ())) for unit in site.units for cell in unit.cells
        }
        self.experiments = experiments
        self.retained: dict[str, bytes] = {}
        self.arrivals: list[Arrival] = []
        self.broker = True
        self.watcher = Watcher(site, engine, self.clock)
        self._connect()

    def store(self) -> None:
        """Have the ingestor store what was published since it did last."""
        with self.engine.connect() as connection:
            known = load_series_index(connection)
        history = ReadingStore(write_sessions(self.engine))
        history.write([reading for arrival in self.arrivals for reading in decode(arrival, known)])
        self.arrivals.clear()

    def restart(self) -> None:
        """End the watchdog and start another one."""
        self.watcher.leadership.resign()
        self.watcher = Watcher(self.site, self.engine, self.clock)
        self._connect()

    def set_broker(self, *, up: bool) -> None:
        self.broker = up
        if up:
            self._connect()
        else:
            self.watcher.live.lose()

    def run(self, until: timedelta, step: timedelta = timedelta(seconds=30)) -> None:
        """Let time pass until so long after the start; look at every step."""
        while self.clock.true < self.start + until:
            self.clock.true += step
            self.play()
            self.watcher.look()

    def play(self) -> None:
        """Let every unit and service say what it says at this moment."""
        true = self.clock.true
        for unit in self.site.units:
            away = any(self._is(cell, "offline") for cell in unit.cells)
            ahead = self._shift(unit.cells)
            status = Status(
                state="offline" if away else "online", since=self.start, publisher=unit.code, sequence=1, waiting=0,
                **({} if away else {"at": true + ahead}),
            )  # fmt: skip
            topic = topics.unit_status(unit.code)
            if away != (b"offline" in self.retained.get(topic, b"")) or (not away and true.second == 0):
                self._publish(topic, status.to_json())
            for cell in () if away else unit.cells:
                at = true + ahead
                values = self.cells[cell].read(true.timestamp())
                self._publish(topics.readings(unit.code, cell), Reading(observed_at=at, values=values).to_json())
        for service in SERVICES:
            if true.second == 0 or not self.retained.get(topics.service_status(service)):
                status = Status(state="online", since=self.start, at=self.clock.now())
                self._publish(topics.service_status(service), status.to_json())

    def backlog(self, cell: str, at: datetime, values: Mapping[str, float | None]) -> None:
        """Let the ingestor, but no follower, hear a reading that a unit had kept."""
        reading = Reading(observed_at=at, values=dict(values))
        topic = topics.readings(self.site.unit_of_cell[cell].code, cell)
        received = self.clock.now().timestamp()
        self.arrivals.append(Arrival(topic, reading.to_json(), received, repeat=False, acknowledge=lambda: None))

    def told(self, *, hidden: bool = False) -> list[tuple[str, str, str, str]]:
        """Return what happened to alarms: time since the start, place/code, change, severity.

        What another alarm explains is left out unless it is asked for.
        """
        quiet = {"normal", "suppressed", "ended"}
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(
                    AlarmEvent.at, Alarm.place, Alarm.code, AlarmEvent.change, AlarmEvent.severity,
                    AlarmEvent.from_state, AlarmEvent.to_state,
                ).join(Alarm, Alarm.id == AlarmEvent.alarm_id).order_by(AlarmEvent.at, AlarmEvent.id)
            ).all()  # fmt: skip
        return [
            (self._since(row.at), f"{row.place}/{row.code}", row.change, row.severity)
            for row in rows
            if hidden or not {row.from_state, row.to_state} <= quiet
        ]

    def _since(self, at: datetime) -> str:
        hours, seconds = divmod(round((at - self.start).total_seconds()), 3600)
        return f"{hours:02}:{seconds // 60:02}:{seconds % 60:02}"

    def _connect(self) -> None:
        self.watcher.live.begin()
        for topic, payload in self.retained.items():
            self.watcher.follower.take(topic, payload, retained=True)
        for cell, experiment in self.experiments.items():
            self.watcher.live.put_experiment(cell, experiment)
        self.watcher.live.settle()

    def _publish(self, topic: str, payload: bytes) -> None:
        self.retained[topic] = payload
        if topic.endswith("/readings"):
            at = self.clock.now().timestamp()
            self.arrivals.append(Arrival(topic, payload, at, repeat=False, acknowledge=lambda: None))
        if self.broker:
            self.watcher.follower.take(topic, payload, retained=False)

    def _is(self, cell: str, kind: str) -> SimulatedFault | None:
        now = self.clock.true.timestamp()
        return next((one for one in self.faults.get(cell, ()) if one.kind == kind and one.on(now)), None)

    def _shift(self, cells: Iterable[str]) -> timedelta:
        return next((fault.shift for cell in cells if (fault := self._is(cell, "clock_wrong"))), timedelta(0))
