"""Notes, announced work, codes of the doors and rejected values, as a browser and a program meet them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.acting.acts import command
from facility.assignments.correcting import BackDated, assign_back_dated
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.tokens import TokenDraft, create_token
from schemas import times
from schemas.tables import ExperimentMember
from tests.facility.conftest import Station
from tests.web.form_reading import fields_of
from tests.web.visitor import Visitor
from web.notes.door_codes import code_image

EVIL = "<script>alert(1)</script>\"'; DROP TABLE annotation; --"


def test_a_note_is_kept_shown_tagged_and_withdrawn(member: Visitor, technician: Visitor) -> None:
    form = fields_of(member.get("/cells/E1C1/notes").text, "/cells/E1C1/notes")
    made = member.post("/cells/E1C1/notes", form | {"text": EVIL, "tags": ["door", "plants"], "parameter": "co2"})
    assert (made.status_code, made.headers["location"]) == (303, "/cells/E1C1/notes?done=added")
    page = member.get("/cells/E1C1/notes?tag=plants")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "No note yet." in member.get("/cells/E1C1/notes?tag=watering").text
    assert "&lt;script&gt;alert(1)" in member.get("/cells/E1C1").text
    number = re.search(r"/notes/(\d+)/withdrawal", page.text)
    assert number is not None
    assert technician.post(f"/notes/{number[1]}/withdrawal", {}).status_code == 303
    assert technician.post(f"/notes/{number[1]}/withdrawal", {}).status_code == 409
    assert "withdrawn on" in member.get("/cells/E1C1/notes").text
    assert "&lt;script&gt;alert(1)" not in member.get("/cells/E1C1").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "Required."),
        ({"text": "x" * 100_000}, "Too long: 2000 characters at most."),
        ({"ended_at": "2020-01-01T00:00"}, "The end is before the start."),
        ({"started_at": "31/31/2026 10:00"}, "Not a date and time"),
        ({"started_at": "2026-03-29T02:30"}, "The clock never showed this time"),
        ({"started_at": "2026-10-25T02:30"}, "choose which one is meant"),
        ({"started_at": ""}, "Required."),
        ({"tags": ["nonsense"]}, "There is no tag nonsense"),
        ({"parameter": "nonsense"}, "This cell has no parameter nonsense"),
    ],
)
def test_what_cannot_be_kept_is_said_and_stays_typed(member: Visitor, fields: dict[str, object], words: str) -> None:
    form: dict[str, object] = {"text": "my words", "started_at": "2026-11-01T10:00", "ended_at": "", "parameter": ""}
    answer = member.post("/cells/E1C2/notes", form | fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert "my words" in answer.text or "text" in fields


def test_work_is_announced_by_one_tap_and_only_once(technician: Visitor, admin: Visitor, member: Visitor) -> None:
    assert member.get("/cells/E1C3/intervene").status_code == 403
    page = technician.get("/cells/E1C3/intervene")
    assert 'name="minutes" value="20"' in page.text
    begun = technician.post("/cells/E1C3/intervene", {"minutes": "20", "work": "sampling", "text": EVIL})
    assert (begun.status_code, begun.headers["location"]) == (303, "/cells/E1C3/intervene?done=started")
    second = admin.post("/cells/E1C3/intervene", {"minutes": "20"}, language="fr")
    assert (second.status_code, "Technician y travaille déjà." in second.text) == (409, True)
    shown = technician.get("/cells/E1C3/intervene").text
    number = re.search(r"/interventions/(\d+)/end", shown)
    assert number is not None
    assert "Technician works here until" in member.get("/cells/E1C3").text
    assert technician.post(f"/interventions/{number[1]}/extend", {"minutes": "60"}).status_code == 303
    for minutes in ("0", "x", "999"):
        assert technician.post(f"/interventions/{number[1]}/extend", {"minutes": minutes}).status_code == 422
    assert technician.post(f"/interventions/{number[1]}/end", {}).status_code == 303
    assert technician.post(f"/interventions/{number[1]}/end", {}).status_code == 409
    for minutes in ("0", "481", "x"):
        assert technician.post("/cells/E1C3/intervene", {"minutes": minutes}).status_code == 422
    assert technician.get("/cells/nowhere/intervene").status_code == 404


def test_the_page_of_the_code_asks_for_the_login_and_comes_back(pages: TestClient[Any]) -> None:
    answer = pages.get("/cells/E1C3/intervene", headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.headers["location"] == "/login?next=/cells/E1C3/intervene"


def test_each_door_has_a_code_that_leads_to_its_cell(technician: Visitor, member: Visitor) -> None:
    page = technician.get("/door-codes").text
    assert "web.address" in page
    assert 'class="door-code"' not in page
    image = code_image("https://octopus.example.org/cells/E6C3/intervene")
    assert 'class="door-code"' in image
    assert "style=" not in image
    assert member.get("/door-codes").status_code == 403


def test_wrong_values_lead_to_who_was_affected_and_a_mail(
    technician: Visitor, member: Visitor, station: Station
) -> None:
    draft = ExperimentDraft.model_validate(
        {"code": "EVIL-1", "title": EVIL, "state": "planned", "planned_start": "2026-01-01",
         "planned_end": "2027-01-01"}
    )  # fmt: skip
    number = create_experiment(station.sessions, command("test"), draft).id
    with station.sessions() as session, session.begin():
        session.add(ExperimentMember(experiment_id=number, person_id=station.member.id))
    held = BackDated(
        experiment=number, cell="E2C1", started_at=times.now() - timedelta(days=2), ended_at=None, reason="test"
    )
    assign_back_dated(station.sessions, command("test"), held)
    start, end = ((times.now() - timedelta(hours=n)).strftime("%Y-%m-%dT%H:%M") for n in (20, 10))
    form = {"parameter": "co2", "started_at": start, "ended_at": end, "reason": f"bottle empty {EVIL}"}
    made = technician.post("/cells/E2C1/rejections", form)
    assert made.status_code == 303, made.text
    page = technician.get(made.headers["location"]).text
    assert [word in page for word in ("EVIL-1", "mailto:member@example.org?subject=", "member@example.org")] == [
        True
    ] * 3
    assert "<script>alert" not in page
    assert "Bonjour," in page
    assert "Hello," in page
    assert member.get(made.headers["location"]).status_code == 200
    assert member.post("/cells/E2C1/rejections", form).status_code == 403
    assert technician.post(f"{made.headers['location']}/withdrawal", {}).status_code == 303
    assert "withdrawn: the values count again" in technician.get(made.headers["location"]).text
    for wrong, words in (
        ({"started_at": end, "ended_at": start}, "The end is before the start."),
        ({"reason": ""}, "Required."),
        ({"ended_at": "2190-01-01T00:00"}, "cannot be rejected"),
        ({"parameter": ""}, "Required."),
        ({"started_at": ""}, "Required."),
    ):
        answer = technician.post("/cells/E2C1/rejections", form | wrong)
        assert (answer.status_code, words in answer.text) == (422, True), wrong
    assert technician.get("/rejections/999999").status_code == 404


def test_the_api_of_notes(pages: TestClient[Any], station: Station) -> None:
    secret = create_token(station.sessions, station.technician, TokenDraft(name="notes")).secret
    headers = {"Authorization": f"Bearer {secret}"}
    now = times.now()
    body = {"cell": "E3C1", "started_at": times.to_text(now - timedelta(minutes=5)), "text": "=1+1", "tags": ["door"]}
    made = pages.post("/api/annotations", json=body, headers=headers)
    assert (made.status_code, made.json()["tags"]) == (201, ["door"])
    for wrong in ({"tags": ["x"]}, {"text": "y" * 100_000}, {"started_at": "now"}, {"extra": 1}):
        assert pages.post("/api/annotations", json=body | wrong, headers=headers).status_code in {400, 422}
    assert pages.post("/api/annotations", json=body | {"cell": "E9C9"}, headers=headers).status_code == 404
    work = pages.post("/api/interventions", json={"cell": "E3C1", "minutes": 5}, headers=headers)
    assert work.status_code == 201
    again = pages.post("/api/interventions", json={"cell": "E3C1", "minutes": 5}, headers=headers)
    assert (again.status_code, again.json()["current"]["id"]) == (409, work.json()["id"])
    until = times.to_text(times.now() + timedelta(minutes=1))
    events = pages.get("/api/cells/E3C1/events", params={"to": until}, headers=headers).json()
    assert ([one["text"] for one in events["annotations"]], len(events["interventions"])) == (["=1+1"], 1)
    file = pages.get("/api/cells/E3C1/events.csv", params={"to": until}, headers=headers)
    assert "'=1+1" in file.text
    assert pages.get("/api/cells/E3C1/events").status_code == 401
    assert pages.get("/api/cells/nowhere/events", headers=headers).status_code == 404
    end = pages.post(f"/api/interventions/{work.json()['id']}/end", headers=headers)
    assert end.status_code == 200
    gone = pages.delete(f"/api/annotations/{made.json()['id']}", headers=headers)
    assert gone.json()["withdrawn_at"] is not None
