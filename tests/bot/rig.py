"""A station around one bot: broker, database, local Discord, and the bot as a process of its own."""

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from paho.mqtt import publish
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from schemas import times, topics
from schemas.messages import Alarm, Reading, Status
from schemas.site import Site
from schemas.tables import Alarm as AlarmRow
from schemas.tables import Cell, DiscordLink, LatestReading, Parameter, Person, Reading5min, Series
from storage.database import write_sessions
from tests.bot.discord.person import Person as Member
from tests.bot.discord.person import eventually
from tests.bot.discord.server import CHANNEL, GUILD, TOKEN, LocalDiscord
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process

AIM = Path(__file__).parent / "discord" / "aim"
ROOT = Path(__file__).parents[2]


class Rig:
    def __init__(self, directory: Path, broker: Mosquitto, engine: Engine, site: Site, discord: LocalDiscord) -> None:
        self.directory, self.broker, self.engine, self.site, self.discord = directory, broker, engine, site, discord
        self.write = write_sessions(engine)
        self.token_file = directory / "token"
        self.token_file.write_text(f"{TOKEN}\n")
        self.token_file.chmod(0o600)
        self.bot = Process([], directory / "bot.log")
        self.ada = Member(discord, 71, "ada")
        self.bob = Member(discord, 72, "bob", locale="en-GB")

    def process(self, **settings: str) -> Process:
        """Make the bot's process; settings go over the usual ones, an empty one takes it away."""
        env = {
            "OCTOPUS_BROKER__PORT": str(self.broker.port),
            "OCTOPUS_DATABASE__URL": self.engine.url.render_as_string(hide_password=False),
            "OCTOPUS_DATABASE__TIMEOUT": "1",
            "OCTOPUS_BOT__TOKEN_FILE": str(self.token_file),
            "OCTOPUS_BOT__GUILD": str(GUILD),
            "OCTOPUS_BOT__CHANNEL": str(CHANNEL),
            "OCTOPUS_BOT__WEB_ADDRESS": "http://octopus.example",
            "LOCAL_DISCORD": self.discord.url,
            "PYTHONPATH": f"{AIM}{os.pathsep}{ROOT}",
            **settings,
        }
        env = {name: value for name, value in env.items() if value}
        return Process([sys.executable, "-m", "bot"], self.directory / "bot.log", env)

    async def start(self, **settings: str) -> None:
        """Start the bot and wait until it listens to Discord and to the broker."""
        self.bot = self.process(**settings)
        before = self._connections()
        self.bot.start()
        await self.ready(before)

    async def ready(self, before: int = 0) -> None:
        await eventually(lambda: self.discord.sockets and self.discord.commands, "the bot is there", 30)
        await eventually(lambda: self._connections() > before, "the bot knows the broker")

    def _connections(self) -> int:
        # All that the broker keeps has arrived: before, what is not there is not known to be absent.
        return self.bot.text().count("broker: all that it keeps has arrived")

    def send(self, topic: str, payload: bytes) -> None:
        publish.single(topic, payload or None, qos=1, retain=True, hostname="127.0.0.1", port=self.broker.port)

    def send_all(self, messages: Sequence[tuple[str, bytes]]) -> None:
        publish.multiple(
            [(topic, payload or None, 1, True) for topic, payload in messages],
            hostname="127.0.0.1", port=self.broker.port,
        )  # fmt: skip

    def reading(self, cell: str, values: dict[str, float | None], at: datetime | None = None) -> None:
        unit = self.site.unit_of_cell[cell].code
        reading = Reading(observed_at=at or times.now(), values=values)
        self.send(topics.readings(unit, cell), reading.to_json())

    def status(self, unit: str, state: str) -> None:
        status = Status.model_validate({"state": state, "since": times.to_text(times.now())})
        self.send(topics.unit_status(unit), status.to_json())

    def publish_alarm(self, alarm: Alarm) -> None:
        self.send(topics.alarm(alarm.place, alarm.code), alarm.to_json())

    def history(self, cell: str, parameter: str, mean: float, hours: int = 24) -> None:
        """Store 5-minute means of a plausible day with a gap in it."""
        start = times.floor(times.now(), timedelta(minutes=5)) - timedelta(hours=hours)
        with self.write() as session, session.begin():
            series = series_number(session, cell, parameter)
            for n in range(hours * 12):
                if not 60 <= n < 75:
                    value = mean + (n % 48) / 48
                    session.add(
                        Reading5min(
                            series_id=series, started_at=start + timedelta(minutes=5 * n), n=30,
                            min=value - 0.1, mean=value, max=value + 0.1,
                        )
                    )  # fmt: skip

    def odd_quality(self, cell: str, parameter: str) -> None:
        """Store what no version of Octopus writes."""
        with self.write() as session, session.begin():
            series = series_number(session, cell, parameter)
            at = times.now()
            session.add(LatestReading(series_id=series, observed_at=at, value=1.0, quality=9, received_at=at))

    def person(self, login: str, role: str, discord_id: int | None = None) -> int:
        """Add an active person, linked to a Discord account where one is given."""
        at = times.now()
        with self.write() as session, session.begin():
            row = Person(
                login=login, name=login.capitalize(), state="active", role=role, note="", created_at=at,
                updated_at=at, version=1,
            )  # fmt: skip
            session.add(row)
            session.flush()
            if discord_id is not None:
                session.add(DiscordLink(person_id=row.id, discord_id=str(discord_id), linked_at=at))
            return row.id

    def raise_alarm(self, cell: str = "E1C3", code: str = "air_temperature-deviation", **members: object) -> Alarm:
        """Do what the watchdog does: a row, its notification and its message."""
        from facility.alarms.messages import as_message
        from facility.alarms.notifications import announce

        with self.write() as session, session.begin():
            row = alarm_row(session, cell, code, **members)
            session.add(row)
            session.flush()
            alarm = as_message(session, row)
            announce(session, alarm, times.now())
        self.publish_alarm(alarm)
        return alarm

    def end_alarm(self, alarm: Alarm) -> None:
        from facility.alarms.messages import as_message
        from facility.alarms.notifications import announce

        with self.write() as session, session.begin():
            row = session.get_one(AlarmRow, alarm.id)
            row.state, row.ended_at = "ended", times.now()
            announce(session, as_message(session, row), times.now(), row.ended_at)
        self.send(topics.alarm(alarm.place, alarm.code), b"")

    async def stop(self) -> None:
        if self.bot.running:
            await asyncio.to_thread(self.bot.stop)


def series_number(session: Session, cell: str, parameter: str) -> int:
    of_cell = select(Series.id).join(Cell, Cell.id == Series.cell_id).where(Cell.code == cell)
    return session.scalars(of_cell.join(Parameter).where(Parameter.code == parameter)).one()


def alarm_row(session: Session, cell: str, code: str, **members: object) -> AlarmRow:
    at = times.now()
    return AlarmRow(
        **{
            "place": cell, "code": code, "cell_id": session.scalar(select(Cell.id).where(Cell.code == cell)),
            "parameter_id": session.scalar(select(Parameter.id).where(Parameter.code == "air_temperature")),
            "severity": "major", "state": "active", "since": at, "value": 22.4, "threshold": 3.0,
            "text_fr": f"Température loin de la consigne en {cell}",
            "text_en": f"Temperature off its setpoint in {cell}",
            "guidance_fr": "Aller voir la porte.", "guidance_en": "Look at the door.", "comment": "", "changed_at": at,
            **members,
        }
    )  # fmt: skip


def alarm(
    number: int, place: str = "E1C3", code: str = "no_data", state: str = "active", text: str = "", **members: str
) -> Alarm:
    """Return an alarm as somebody else's watchdog would publish it."""
    return Alarm.model_validate(
        {
            "id": number, "place": place, "code": code, "severity": "warning", "state": state,
            "since": times.to_text(times.now()), "cell": place,
            "text": {"fr": text or f"Plus de mesure en {place}", "en": "No data"}, **members,
        }
    )  # fmt: skip
