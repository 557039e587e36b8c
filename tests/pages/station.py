"""A small station for the pages' tests: a real web server and broker, stored history, and somebody who sends."""

import math
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import insert, select

from facility.acting.acts import act_transaction, command
from facility.acting.permissions import Act, Role
from facility.assignments.correcting import BackDated, assign_back_dated
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.passwords import Passwords
from facility.people.people import PersonDraft, add_person
from facility.people.sessions import Lifetimes, open_session
from schemas import times, topics
from schemas.site import read_site
from schemas.tables import Cell, Parameter, Person, Reading, Reading1h, Reading5min, Series
from service.settings import DatabaseSettings
from storage import migrating
from storage.database import Sessions, connect, write_sessions
from storage.sites import apply_site
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, free_port, wait_for

NORMAL = {
    "air_temperature": 18.0,
    "air_temperature_setpoint": 18.0,
    "rain_water_temperature": 12.0,
    "relative_humidity": 70.2,
    "relative_humidity_setpoint": 70.0,
    "co2": 412.0,
    "co2_setpoint": 410.0,
    "o2": 20.9,
    "par": 212.0,
    "light_command": 48.0,
    "rainfall": 3.2,
    "soil_temperature_1": 15.1,
    "soil_temperature_2": 14.2,
    "soil_temperature_3": 13.4,
    "lysimeter_mass": 812.4,
    "door": 0.0,
}


class Station:
    """Everything that a page needs, in one folder; `start` brings it up, `stop` ends it."""

    def __init__(self, folder: Path, site_file: Path | None = None) -> None:
        self.folder, self.site = folder, read_site(site_file)
        self.database = f"sqlite:///{folder}/octopus.sqlite"
        self.port = free_port()
        self.broker = Mosquitto(folder)
        settings = {
            "OCTOPUS_WEB__PORT": str(self.port),
            "OCTOPUS_BROKER__PORT": str(self.broker.port),
            "OCTOPUS_DATABASE__URL": self.database,
        }
        if site_file is not None:
            settings["OCTOPUS_SITE"] = str(site_file)
        self.web = Process([sys.executable, "-m", "web"], folder / "web.log", settings)
        self._sender: mqtt.Client | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        engine = connect(DatabaseSettings.model_validate({"url": self.database}))
        migrating.upgrade(engine, times.now())
        with write_sessions(engine)() as session, session.begin():
            apply_site(session, self.site)
        engine.dispose()
        self.broker.start()
        self._connect_sender()
        self.start_web()

    def start_web(self) -> None:
        self.web.start()
        wait_for(self.answers, "the web server answers")

    def answers(self) -> bool:
        assert self.web.running, f"the web server ended:\n{self.web.text()}"
        try:
            with urllib.request.urlopen(f"{self.address}/wall", timeout=5) as answer:  # noqa: S310 - http to ourselves
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self._sender is not None:
            self._sender.disconnect()
            self._sender.loop_stop()
        self.web.stop()
        self.broker.stop()

    def log_in(self, login: str = "lea", name: str = "Léa", role: Role = Role.MEMBER) -> str:
        """Make a person who is logged in, and return the session's secret."""
        with self.writing() as sessions:
            draft = PersonDraft.model_validate({"login": login, "name": name, "role": role})
            number = add_person(sessions, Passwords(), command("tests"), draft, "orage sur la mare 7").id
            with act_transaction(sessions, command("tests"), Act.LOG_IN) as deed:
                person = deed.session.get_one(Person, number)
                return open_session(deed, person, "tests", Lifetimes())

    @contextmanager
    def writing(self) -> Iterator[Sessions]:
        """Open the database beside the server, as another of its processes would."""
        engine = connect(DatabaseSettings.model_validate({"url": self.database}))
        try:
            yield write_sessions(engine)
        finally:
            engine.dispose()

    def _connect_sender(self) -> None:
        self._sender = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._sender.reconnect_delay_set(1, 1)
        self._sender.connect("127.0.0.1", self.broker.port)
        self._sender.loop_start()

    def publish(self, topic: str, content: Any) -> None:
        assert self._sender is not None
        wait_for(self._sender.is_connected, "the sender is connected")
        payload = b"" if content is None else orjson.dumps(content)
        self._sender.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)

    def send(self, cell: str, *, age: float = 0, **values: float | None) -> None:
        """Send a reading: the normal values with these in their place."""
        observed_at = times.to_text(times.now() - timedelta(seconds=age))
        known = {p.code for p in self.site.parameters_of(cell)}
        content = {code: value for code, value in (NORMAL | values).items() if code in known}
        unit = self.site.unit_of_cell[cell].code
        self.publish(topics.readings(unit, cell), {"observed_at": observed_at, "values": content})

    def say_unit(self, unit: str, state: str, waiting: int = 0) -> None:
        content = {"state": state, "since": times.to_text(times.now()), "waiting": waiting}
        self.publish(topics.unit_status(unit), content)

    def raise_alarm(self, number: int, cell: str, severity: str, fr: str, en: str) -> None:
        content = {
            "id": number, "place": cell, "cell": cell, "code": f"test-{number}", "severity": severity,
            "state": "active", "since": times.to_text(times.now()), "text": {"fr": fr, "en": en},
        }  # fmt: skip
        self.publish(topics.alarm(cell, f"test-{number}"), content)

    def end_alarm(self, number: int, cell: str) -> None:
        self.publish(topics.alarm(cell, f"test-{number}"), None)

    def plan(self, code: str, **members: object) -> int:
        """Plan an experiment; return its number."""
        values = {"state": "planned", "planned_start": "2026-10-01", "planned_end": "2027-03-31"} | members
        draft = ExperimentDraft.model_validate({"code": code, "title": f"Expérience {code}"} | values)
        with self.writing() as sessions:
            return create_experiment(sessions, command("tests"), draft).id

    def hold(self, experiment: int, cell: str, since: float, until: float | None = None) -> None:
        """Note that a cell held an experiment from some hours ago, and to when."""
        now = times.now()
        ended = None if until is None else now - timedelta(hours=until)
        form = BackDated(
            experiment=experiment, cell=cell, started_at=now - timedelta(hours=since), ended_at=ended, reason="test"
        )
        with self.writing() as sessions:
            assign_back_dated(sessions, command("tests"), form)

    def store_day(self, cell: str, codes: tuple[str, ...], *, gap: tuple[float, float] = (9.0, 6.0)) -> None:
        """Store a day of readings, a minute apart, with nothing between `gap` hours ago."""
        engine = connect(DatabaseSettings.model_validate({"url": self.database}))
        end = times.now().replace(second=0, microsecond=0)
        rows: list[dict[str, Any]] = []
        with write_sessions(engine)() as session, session.begin():
            for code in codes:
                series = session.scalars(
                    select(Series.id)
                    .join(Cell, Series.cell_id == Cell.id)
                    .join(Parameter, Series.parameter_id == Parameter.id)
                    .where(Cell.code == cell, Parameter.code == code)
                ).one()
                for minute in range(24 * 60, 0, -1):
                    if gap[1] < minute / 60 < gap[0]:
                        continue
                    at = end - timedelta(minutes=minute)
                    rows.append({"series_id": series, "observed_at": at, "value": _day(code, at), "quality": 0})
            session.execute(insert(Reading), rows)
            for table, minutes in ((Reading5min, 5), (Reading1h, 60)):
                session.execute(insert(table), _rolled_up(rows, timedelta(minutes=minutes)))
        engine.dispose()


def _day(code: str, at: datetime) -> float:
    hour = at.hour + at.minute / 60
    base = {"air_temperature_setpoint": 18.0, "air_temperature": 18.0, "door": 0.0}.get(code, NORMAL[code])
    if code.startswith("air_temperature"):
        base += 4 * math.sin((hour - 9) / 24 * 2 * math.pi)
        if code == "air_temperature":
            base += 0.15 * math.sin(at.minute * 2.1) + (0.5 if at.minute == 30 else 0)
    if code == "door":
        return 1.0 if at.hour % 8 == 3 and at.minute < 4 else 0.0
    return round(base, 2)


def _rolled_up(rows: list[dict[str, Any]], width: timedelta) -> list[dict[str, Any]]:
    buckets: dict[tuple[int, datetime], list[float]] = {}
    for row in rows:
        buckets.setdefault((row["series_id"], times.floor(row["observed_at"].astimezone(UTC), width)), []).append(
            row["value"]
        )
    return [
        {
            "series_id": series, "started_at": start, "n": len(values), "min": min(values),
            "mean": sum(values) / len(values), "max": max(values),
        }
        for (series, start), values in buckets.items()
    ]  # fmt: skip
