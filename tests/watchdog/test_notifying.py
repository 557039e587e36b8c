"""Channels against servers that fail, hang and come back: nothing is lost, and one that hangs holds up no other."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError

from facility.acting.acts import command
from facility.alarms import outgoing
from facility.alarms.channels import list_channels
from facility.alarms.messages import as_message
from facility.alarms.notifications import announce
from facility.alarms.outgoing import ask_test
from schemas import times
from schemas.site import Site
from schemas.tables import Alarm as AlarmRow
from schemas.tables import Channel, ChannelState, Notification, OutgoingMessage
from service.ending import end
from storage.database import Sessions, write_sessions
from tests.bot.discord.person import eventually
from tests.bot.rig import alarm_row
from tests.watchdog.receiving import MailServer, WebServer, mail_server, web_server
from watchdog import notifying
from watchdog.delivery import Courier
from watchdog.notifying import Post
from watchdog.settings import MailBlock

SECRET = "tok3n-of-the-channel"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server("mail-passw0rd") as server:
        yield server


class Station:
    """A database with channels, and alarms raised as the watchdog raises them."""

    def __init__(self, engine: Engine, site: Site, directory: Path) -> None:
        self.sessions: Sessions = write_sessions(engine)
        self.site, self.secrets = site, directory / "secrets"
        self.secrets.mkdir()
        (self.secrets / "token").write_text(f"{SECRET}\n")
        self.mail: MailBlock | None = None

    def channel(self, key: str, kind: str, address: str, **members: object) -> None:
        values = {
            "key": key, "name": key, "kind": kind, "address": address, "secret": "token" if kind != "email" else "",
            "enabled": True, "severity": "warning", "language": "en", "places": ["*"], "delay": 0, "digest": 5,
            "version": 0, "changed_at": times.now(), **members,
        }  # fmt: skip
        with self.sessions() as session, session.begin():
            session.add(Channel(**values))

    def raise_alarm(self, cell: str = "E1C3", code: str = "no_data", **members: object) -> int:
        with self.sessions() as session, session.begin():
            row = alarm_row(session, cell, code, **members)
            session.add(row)
            session.flush()
            announce(session, as_message(session, row), times.now())
            return row.id

    def end_alarm(self, number: int) -> None:
        with self.sessions() as session, session.begin():
            row = session.get_one(AlarmRow, number)
            row.state, row.ended_at = "ended", times.now()
            announce(session, as_message(session, row), times.now(), row.ended_at)

    def waiting(self) -> int:
        with self.sessions() as session:
            rows = session.scalars(
                select(Notification.id).where(Notification.waiting.is_(True), Notification.channel != "discord")
            ).all()
            unsent = session.scalars(select(OutgoingMessage).where(OutgoingMessage.sent_at.is_(None))).all()
            return len(rows) + len(unsent)

    def state(self, key: str) -> ChannelState | None:
        with self.sessions() as session:
            return session.get(ChannelState, key)

    def fault(self, key: str) -> str:
        row = self.state(key)
        return "" if row is None else row.fault

    @asynccontextmanager
    async def posting(self) -> AsyncIterator[Post]:
        post = Post(
            self.sessions, Courier(self.mail, self.secrets), self.site.zone, "https://octopus.example", lambda: True
        )
        task = asyncio.create_task(post.run())
        try:
            yield post
        finally:
            await end(task)


@pytest.fixture
def station(engine: Engine, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setattr(notifying, "POLL", 0.05)
    monkeypatch.setattr(notifying, "TARGETS_EVERY", 0.2)
    monkeypatch.setattr(notifying, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(notifying, "LONGEST_WAIT", 0.5)
    return Station(engine, site, tmp_path)


async def test_every_kind_is_told_though_its_server_fails_first(
    station: Station, web: WebServer, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    station.mail = MailBlock(
        server="127.0.0.1", port=mail.port, encryption="none", sender="octopus@example.org", username="octopus",
        password=SecretStr("mail-passw0rd"),
    )  # fmt: skip
    at = f"http://127.0.0.1:{web.port}"
    station.channel("c-hook", "webhook", f"{at}/in/{{secret}}")
    station.channel("c-ntfy", "ntfy", f"{at}/topic")
    station.channel("c-mm", "mattermost", at)
    station.channel("c-mx", "matrix", f"{at}/!room:example.org")
    station.channel("c-mail", "email", "ada@example.org")
    mail.answer = "451 try again later"
    async with station.posting():
        for status, fault in ((500, "server"), (403, "refused"), (404, "unknown")):
            web.status = status
            if status == 500:
                number = station.raise_alarm()
            for key in ("c-hook", "c-ntfy", "c-mm", "c-mx"):
                await eventually(lambda key=key, fault=fault: station.fault(key) == fault, f"{key}: {fault}")
        await eventually(lambda: station.fault("c-mail") == "busy", "the mail server is busy")
        assert not web.taken
        web.heal()
        mail.answer = "250 taken"
        await eventually(lambda: not station.waiting(), "all is told")
        station.end_alarm(number)
        await eventually(lambda: not station.waiting(), "the end is told")
    assert len(web.taken) == 8
    assert len({one.headers.get("Idempotency-Key") for one in web.taken if one.path.startswith("/in")}) == 2
    assert {one.path for one in web.taken if "rooms" not in one.path} == {
        f"/in/{SECRET}", "/", f"/hooks/{SECRET}"
    }  # fmt: skip
    told = [str(message["Subject"]) for _, message in mail.taken]
    assert told == ["[Major] E1C3, active: Temperature off its setpoint in E1C3",
                    "[Major] E1C3, over: Temperature off its setpoint in E1C3"]  # fmt: skip
    # Every try of one message had one name.
    names = [one.headers["Idempotency-Key"] for one in web.asked if one.path.startswith("/in")]
    assert len(names) > 2
    assert len(set(names)) == 2
    # pytest listens also to loggers that hand nothing on: what they keep to themselves is no log of ours.
    assert not logging.getLogger("apprise").propagate
    logged = "\n".join(one.getMessage() for one in caplog.records if one.name != "apprise")
    for secret in (SECRET, "mail-passw0rd", "s3cret"):
        assert secret not in logged


async def test_one_that_hangs_holds_up_no_other(
    station: Station, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as hanging:
        hanging.status = None
        station.channel("c-a", "webhook", f"http://127.0.0.1:{hanging.port}/")
        station.channel("c-b", "webhook", f"http://127.0.0.1:{web.port}/")
        monkeypatch.setattr(notifying, "PATIENCE", 1.0)
        async with station.posting():
            station.raise_alarm()
            await eventually(lambda: web.taken, "the other is told", 30)
            await eventually(lambda: station.fault("c-a") == "late", "it is late")
            hanging.heal()
            await eventually(lambda: hanging.taken, "it comes back")
            await eventually(lambda: not station.waiting(), "it knows")
        assert set(hanging.ids()) == {hanging.ids()[0]}


async def test_a_storm_becomes_one_message_and_what_came_and_went_is_told_once(
    station: Station, web: WebServer
) -> None:
    station.channel("c-a", "webhook", f"http://127.0.0.1:{web.port}/", digest=2)
    web.status = 500
    cells = [*station.site.unit_of_cell][:9]
    async with station.posting():
        numbers = [station.raise_alarm(cell) for cell in cells]
        station.end_alarm(numbers[-1])
        await eventually(lambda: station.fault("c-a") == "server", "it fails")
        web.heal()
        await eventually(lambda: not station.waiting(), "all is told")
    assert len(web.taken) <= 2
    text = " ".join(web.texts())
    assert all(cell in text for cell in cells)
    assert sum(one.count("over:") for one in web.texts()) <= 2  # in the title, where it is alone, and in the text


async def test_what_may_not_leave_and_who_is_not_meant_has_no_row(station: Station) -> None:
    station.channel("c-none", "webhook", "http://127.0.0.1:9/", places=[])
    station.channel("c-off", "webhook", "http://127.0.0.1:9/", enabled=False)
    station.channel("c-grave", "webhook", "http://127.0.0.1:9/", severity="critical")
    station.channel("c-cell", "webhook", "http://127.0.0.1:9/", places=["E1C1"])
    number = station.raise_alarm()
    with station.sessions() as session:
        assert session.scalars(select(Notification.channel)).all() == ["discord"]
    # Whoever is switched on now is not told of the end of what they never heard of.
    station.channel("c-new", "webhook", "http://127.0.0.1:9/")
    station.end_alarm(number)
    with station.sessions() as session:
        assert session.scalars(select(Notification.channel)).all() == ["discord"]


async def test_escalation_only_while_unattended(station: Station, web: WebServer) -> None:
    station.channel("c-second", "webhook", f"http://127.0.0.1:{web.port}/", delay=600)
    old = times.now() - timedelta(minutes=11)
    async with station.posting():
        station.raise_alarm("E1C1", since=old, state="acknowledged")
        station.raise_alarm("E1C2")
        station.raise_alarm("E1C3", since=old)
        await eventually(lambda: web.taken, "the unattended one is told")
        await eventually(lambda: station.waiting() == 1, "the young one waits")
    assert len(web.taken) == 1
    assert "E1C3" in web.texts()[0]


async def test_a_trial_says_in_words_what_became_of_it(station: Station, web: WebServer, mail: MailServer) -> None:
    station.mail = MailBlock(
        server="127.0.0.1", port=mail.port, encryption="none", sender="octopus@example.org", username="octopus",
        password=SecretStr("wrong"),
    )  # fmt: skip
    station.channel("c-hook", "webhook", f"http://127.0.0.1:{web.port}/", enabled=False, places=[])
    station.channel("c-mail", "email", "ada@example.org", enabled=False)
    station.channel("c-gone", "webhook", "http://127.0.0.1:9/")
    station.channel("c-secret", "ntfy", f"http://127.0.0.1:{web.port}/topic", secret="there-is-none")
    with station.sessions() as session, session.begin():
        for key in ("c-hook", "c-mail", "c-gone", "c-secret"):
            ask_test(session, key, times.now())

    def trials() -> dict[str, tuple[str, str]]:
        views = list_channels(station.sessions, command("test"), times.now())
        found = {view.key: view.trial for view in views}
        return {
            key: (one.state, "" if one.words is None else one.words.template)
            for key, one in found.items()
            if one is not None
        }

    async with station.posting():
        await eventually(lambda: not {"waiting"} & {state for state, _ in trials().values()}, "all are answered")
    found = trials()
    assert found["c-hook"] == ("sent", "")
    assert "password" in found["c-mail"][1]
    assert "cannot be reached" in found["c-gone"][1]
    assert "file with the secret" in found["c-secret"][1]
    assert [one.body["title"] for one in web.taken] == ["Octopus: a trial"]


async def test_a_message_that_has_arrived_is_not_sent_again_because_the_database_is_away(
    station: Station, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.channel("c-a", "webhook", f"http://127.0.0.1:{web.port}/")
    noted, asked = outgoing.arrived, []

    def arrived(*args: Any) -> None:
        asked.append(args)
        if len(asked) < 3:
            raise OperationalError("UPDATE", {}, Exception(1213, "Deadlock found"))
        noted(*args)

    monkeypatch.setattr(outgoing, "arrived", arrived)
    async with station.posting():
        station.raise_alarm()
        await eventually(lambda: len(asked) >= 3 and not station.waiting(), "it is noted in the end")
    assert len(web.taken) == 1
