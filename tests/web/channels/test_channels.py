"""Channels on the web: set by admins, wrong addresses refused at once, nothing secret on the page or in the audit."""

import threading
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from facility.alarms import outgoing
from facility.alarms.channels import list_channels, to_try
from schemas import times
from schemas.tables import AuditEvent, Channel, PersonNotification
from tests.facility.conftest import Station
from tests.services.process import wait_for
from tests.web.visitor import Visitor
from web.channels import page

GOOD = {
    "name": "Technicians", "kind": "webhook", "address": "https://hooks.example.org/in/x7k3-hidden", "secret": "",
    "severity": "major", "language": "fr", "delay": "0", "digest": "5",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PATIENCE", 0.0)


def only(station: Station) -> Channel:
    with station.sessions() as session:
        return session.scalars(select(Channel)).one()


def test_added_changed_removed_and_audited(station: Station, admin: Visitor, technician: Visitor) -> None:
    assert technician.get("/alarms/channels").status_code == 403
    assert technician.post("/alarms/channels", GOOD).status_code == 403
    assert admin.post("/alarms/channels", GOOD).status_code == 303
    row = only(station)
    # Nothing leaves before somebody says what may, and switches it on.
    assert (row.enabled, row.places) == (False, [])
    shown = admin.get("/alarms/channels").text
    assert "https://hooks.example.org/…" in shown
    assert "x7k3-hidden" not in shown
    silent = admin.post(f"/alarms/channels/{row.id}", GOOD | {"address": "", "enabled": "on", "version": "0"})
    assert (silent.status_code, "Choose what may be told" in silent.text) == (422, True)
    change = GOOD | {"address": "", "enabled": "on", "places": "*", "version": "0", "name": "Night"}
    assert admin.post(f"/alarms/channels/{row.id}", change).status_code == 303
    row = only(station)
    assert (row.name, row.enabled, row.places, row.address) == ("Night", True, ["*"], GOOD["address"])
    assert admin.post(f"/alarms/channels/{row.id}", change).status_code == 409
    assert admin.post(f"/alarms/channels/{row.id}/remove", {}).status_code == 303
    with station.sessions() as session:
        lines = session.scalars(select(AuditEvent).where(AuditEvent.subject == "channel").order_by(AuditEvent.id)).all()
    assert [line.act for line in lines] == ["channel.add", "channel.change", "channel.remove"]
    assert "x7k3-hidden" not in str([(line.before, line.after) for line in lines])
    assert "channel of alarms added" in admin.get("/audit").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "email", "address": "nobody"}, "Not an e-mail address"),
        ({"kind": "email", "address": "a@example.org, b@example.org"}, "Not an e-mail address"),
        ({"address": "ftp://example.org/"}, "begins with https://"),
        ({"address": "https://"}, "begins with https://"),
        ({"address": "https://example.org:99999/"}, "begins with https://"),
        ({"address": "https://user:pw@example.org/"}, "Leave passwords and tokens out"),
        ({"kind": "ntfy", "address": "https://ntfy.example.org/"}, "topic is missing"),
        ({"kind": "matrix", "address": "https://matrix.example.org/", "secret": "t"}, "room is missing"),
        ({"kind": "matrix", "address": "https://matrix.example.org/!a:b"}, "needs a token"),
        ({"kind": "mattermost", "address": "https://mm.example.org/hooks/abc", "secret": "t"}, "Leave passwords"),
        ({"address": "https://example.org/{secret}"}, "place for a secret"),
        ({"secret": "../../etc/passwd"}, "String should match"),
        ({"delay": "-1"}, "greater than"),
        ({"address": ""}, "Required."),
        ({"enabled": "on", "places": "E9C9"}, "There is no E9C9"),
    ],
)
def test_what_cannot_be_is_refused_at_once(admin: Visitor, fields: dict[str, str], words: str) -> None:
    answer = admin.post("/alarms/channels", GOOD | fields)
    assert answer.status_code == 422
    assert words in answer.text or "field-error" in answer.text


def test_a_trial_is_answered_in_words(station: Station, admin: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PATIENCE", 30.0)
    admin.post("/alarms/channels", GOOD)
    number = only(station).id

    def watchdog() -> None:
        def asked() -> Any:
            with station.sessions() as session:
                return to_try(session)

        [(target, at)] = wait_for(asked, "a trial is asked for")
        outgoing.tested(station.sessions, target.key, at, "refused", times.now())

    thread = threading.Thread(target=watchdog)
    thread.start()
    assert admin.post(f"/alarms/channels/{number}/test", {}).status_code == 303
    thread.join()
    assert "check the secret" in admin.get("/alarms/channels").text
    [view] = list_channels(station.sessions, station.admin, times.now())
    assert view.trial is not None
    assert view.trial.state == "failed"


def test_ones_own_e_mail_and_quiet_hours(station: Station, member: Visitor, pages: TestClient[Any]) -> None:
    del pages
    wanted = {"enabled": "on", "severity": "warning", "delay": "10", "quiet_from": "22:00", "quiet_until": ""}
    assert member.post("/account/notifications", wanted).status_code == 422
    assert member.post("/account/notifications", wanted | {"quiet_until": "25:00"}).status_code == 422
    assert member.post("/account/notifications", wanted | {"quiet_until": "07:30"}).status_code == 303
    with station.sessions() as session:
        row = session.scalars(select(PersonNotification)).one()
        assert (row.enabled, row.severity, row.delay, row.quiet_from, row.quiet_until) == (
            True,
            "warning",
            600,
            1320,
            450,
        )
    assert 'value="22:00"' in member.get("/account").text
