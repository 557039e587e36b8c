"""The forms with which technicians set what a cell holds: done, refused in words, and nothing done twice."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.acting.auditing import AuditQuery, search_audit
from facility.assignments.views import AssignmentView, assignments_of_cell
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.experiments.views import ExperimentView
from schemas.site import Site
from schemas.times import to_text
from service.settings import BrokerSettings
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from tests.services.mariadb import MariaDB
from tests.services.process import wait_for
from tests.web.visitor import Visitor, visit
from web.app import create_app
from web.rendering.local_times import local_text
from web.settings import WebSettings

HOUR = timedelta(hours=1)
EVIL = "<script>alert('x')</script>'; DROP TABLE assignment; --"


def make(station: Station, code: str, title: str = "", **members: object) -> ExperimentView:
    values = {"state": "planned", "planned_start": "2026-03-01", "planned_end": "2026-04-30"} | members
    draft = ExperimentDraft.model_validate({"code": code, "title": title or f"Experiment {code}"} | values)
    return create_experiment(station.sessions, station.technician, draft)


def held(station: Station, cell: str) -> list[AssignmentView]:
    return assignments_of_cell(station.sessions, station.member, cell)


def put(technician: Visitor, cell: str, experiment: object, replaces: object = "") -> Any:
    return technician.post(f"/cells/{cell}/experiment", {"experiment": experiment, "replaces": replaces})


def test_an_experiment_takes_the_place_of_another_and_both_stand_in_the_history(
    technician: Visitor, station: Station
) -> None:
    first, second = make(station, "P1"), make(station, "P2")
    answer = put(technician, "E1C1", first.id)
    assert (answer.status_code, answer.headers["location"]) == (303, "/cells/E1C1?done=assigned#experiment")
    page = technician.get("/cells/E1C1")
    assert "will be ended at the same moment" in page.text
    assert put(technician, "E1C1", second.id, first.id).status_code == 303
    newest, oldest = held(station, "E1C1")
    assert (newest.experiment.code, newest.ended_at, oldest.ended_at) == ("P2", None, newest.started_at)
    page = technician.get("/cells/E1C1?done=assigned").text
    assert "The experiment is in the cell now." in page
    rows = re.findall(r'<tr id="assignment-\d+">.*?</tr>', page, re.DOTALL)
    assert ["P2" in rows[0], "P1" in rows[1], "still here" in rows[0]] == [True] * 3


def test_what_changed_since_the_page_was_loaded_is_refused_in_words(technician: Visitor, station: Station) -> None:
    first, second = make(station, "S1"), make(station, "S2")
    put(technician, "E1C2", first.id)
    late = put(technician, "E1C2", second.id)
    assert late.status_code == 409
    assert "Cell E1C2 now holds S1." in late.text
    # What was chosen stays chosen, and the form now says what it would end.
    assert re.search(rf'<option value="{second.id}" selected', late.text)
    assert f'name="replaces" value="{first.id}"' in late.text
    ended = technician.post("/cells/E1C2/experiment/end", {"experiment": second.id})
    assert (ended.status_code, "now holds S1" in ended.text) == (409, True)
    assert [one.experiment.code for one in held(station, "E1C2")] == ["S1"]
    assert technician.post("/cells/E1C2/experiment/end", {"experiment": first.id}).status_code == 303
    again = technician.post("/cells/E1C2/experiment/end", {"experiment": first.id}, language="fr")
    assert (again.status_code, "est déjà libre" in again.text) == (409, True)


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"experiment": "", "replaces": ""}, 422, "Not a number."),
        ({}, 422, "Required."),
        ({"experiment": "1; DROP TABLE assignment"}, 422, "Not a number."),
        ({"experiment": "0"}, 422, "Out of range"),
        ({"experiment": str(10**30)}, 422, ""),
        ({"experiment": "999999", "replaces": ""}, 404, "There is no such experiment."),
        ({"experiment": "1", "replaces": EVIL}, 422, "Please correct"),
        ({"experiment": "1", "cell": "E9C9"}, 422, "Please correct"),
    ],
)
def test_nonsense_is_refused_in_words(
    technician: Visitor, station: Station, fields: dict[str, object], status: int, words: str
) -> None:
    answer = technician.post("/cells/E1C3/experiment", fields)
    assert answer.status_code == status
    assert words in answer.text
    assert "<script>alert" not in answer.text
    assert held(station, "E1C3") == []


def test_an_experiment_that_ended_meanwhile_is_refused_with_its_state(technician: Visitor, station: Station) -> None:
    draft = make(station, "D1", state="draft")
    answer = technician.post("/cells/E1C3/experiment", {"experiment": draft.id}, language="fr")
    assert answer.status_code == 422
    assert "brouillon" in answer.text


def test_html_in_a_title_is_text_on_the_page(technician: Visitor, station: Station) -> None:
    one = make(station, "H1", title=EVIL)
    put(technician, "E2C1", one.id)
    page = technician.get("/cells/E2C1").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page


def test_who_may_see_and_do_what(pages: TestClient[Any], station: Station) -> None:
    one = make(station, "W1")
    member, nobody = visit(pages, station, station.member), Visitor(pages, "")
    put(visit(pages, station, station.technician), "E2C2", one.id)
    page = member.get("/cells/E2C2").text
    assert ("History of experiments" in page, "/cells/E2C2/experiment" in page) == (True, False)
    page = nobody.get("/cells/E2C2").text
    assert ("History of experiments" in page, "/cells/E2C2/experiment" in page) == (False, False)
    assert put(member, "E2C2", one.id).status_code == 403
    assert member.get("/cells/E2C2/assignments/new").status_code == 403
    forged = pages.post("/cells/E2C2/experiment/end", data={"experiment": one.id, "_csrf_token": "forged"})
    assert forged.status_code == 403
    assert held(station, "E2C2")[0].ended_at is None


def past(technician: Visitor, cell: str, **fields: object) -> Any:
    return technician.post(f"/cells/{cell}/assignments", {"reason": "noted in the paper log", "ended_at": ""} | fields)


def test_the_past_is_noted_corrected_and_withdrawn_with_a_reason(
    technician: Visitor, station: Station, site: Site
) -> None:
    one, other = make(station, "B1"), make(station, "B2")
    assert technician.get("/cells/E3C1/assignments/new").status_code == 200
    done = past(technician, "E3C1", experiment=one.id, started_at="2026-10-25T01:10", ended_at="2026-10-26T08:00")
    assert done.headers["location"] == "/cells/E3C1?done=noted#experiments"
    overlapping = past(
        technician, "E3C1", experiment=other.id, started_at="2026-10-24T12:00", ended_at="2026-10-25T12:00"
    )
    assert overlapping.status_code == 422
    assert "The cell held B1 at that time." in overlapping.text
    assert 'value="2026-10-24T12:00"' in overlapping.text
    for reason in ("", "ab"):
        assert (
            past(technician, "E3C1", experiment=other.id, started_at="2026-01-01T12:00", reason=reason).status_code
            == 422
        )
    (noted,) = held(station, "E3C1")
    form = technician.get(f"/assignments/{noted.id}").text
    assert 'value="2026-10-25T01:10:00"' in form
    fields = {"started_at": "2026-10-25T01:10:00", "ended_at": "2026-10-25T02:30", "reason": "it left that night"}
    twice = technician.post(f"/assignments/{noted.id}", fields)
    assert twice.status_code == 422
    assert "showed this time twice" in twice.text
    assert 'name="ended_at_which"' in twice.text
    assert "it left that night" in twice.text
    chosen = technician.post(f"/assignments/{noted.id}", fields | {"ended_at_which": "second"})
    assert chosen.status_code == 303
    corrected = held(station, "E3C1")[0]
    assert corrected.ended_at is not None
    assert to_text(corrected.ended_at) == "2026-10-25T01:30:00.000Z"
    # Shown again, the field and its choice name the same instant.
    assert local_text(corrected.ended_at, site.zone) in technician.get(f"/assignments/{noted.id}").text
    line = search_audit(station.sessions, station.admin, AuditQuery(act="assignment.correct", subject_id="E3C1"))[0]
    assert (line.after or {})["reason"] == "it left that night"
    never = technician.post(f"/assignments/{noted.id}/withdrawal", {"reason": ""})
    assert never.status_code == 422
    gone = technician.post(f"/assignments/{noted.id}/withdrawal", {"reason": "it was E3C2"})
    assert gone.headers["location"] == "/cells/E3C1?done=withdrawn#experiments"
    assert held(station, "E3C1") == []
    assert technician.post(f"/assignments/{noted.id}/withdrawal", {"reason": "again"}).status_code == 404
    assert technician.get(f"/assignments/{noted.id}").status_code == 404


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-03-29T02:30", "", "it went from 02:00 to 03:00"),
        ("2027-02-29T12:00", "", "Not a date and time"),
        ("2026-05-02T12:00", "2026-05-01T12:00", "The end is before the start."),
        ("2199-05-02T12:00", "", "cannot start in the future"),
        ("2026-05-02T12:00", "2199-05-01T12:00", "cannot end in the future"),
        ("0001-01-01T00:00", "", "between 2000 and 2199"),
        ("9999-12-31T23:59:59", "", "between 2000 and 2199"),
        ("", "", "Required."),
        (EVIL, "", "Not a date and time"),
        ("x" * 10_000, "", "Not a date and time"),
    ],
)
def test_impossible_times_are_refused_beside_their_field(
    technician: Visitor, station: Station, start: str, end: str, words: str
) -> None:
    one = make(station, f"T{abs(hash((start, end))) % 10**8}")
    answer = past(technician, "E3C3", experiment=one.id, started_at=start, ended_at=end)
    assert (answer.status_code, words in answer.text, "<script>alert" in answer.text) == (422, True, False)
    assert held(station, "E3C3") == []


def test_a_correction_of_one_end_leaves_the_other_to_the_millisecond(
    technician: Visitor, station: Station, site: Site
) -> None:
    first, second = make(station, "K1"), make(station, "K2")
    put(technician, "E4C1", first.id)
    put(technician, "E4C1", second.id, first.id)
    newest, oldest = held(station, "E4C1")
    begin = local_text(oldest.started_at - HOUR, site.zone)
    fields = {"started_at": begin, "ended_at": local_text(oldest.ended_at, site.zone), "reason": "it came earlier"}
    assert technician.post(f"/assignments/{oldest.id}", fields).status_code == 303
    after = held(station, "E4C1")
    assert after[1].ended_at == newest.started_at == after[0].started_at
    assert after[1].started_at < oldest.started_at
    # Somebody who types the second sees no milliseconds: the edge of the neighbour is meant.
    fields = {"started_at": local_text(oldest.ended_at, site.zone), "ended_at": "", "reason": "typed to the second"}
    assert technician.post(f"/assignments/{newest.id}", fields).status_code == 303
    assert held(station, "E4C1")[0].started_at == oldest.ended_at


@pytest.fixture
def two_technicians(mariadb_server: MariaDB, site: Site) -> Iterator[tuple[Station, list[Visitor]]]:
    engine = prepare_database(mariadb_server.make_database(), site)
    station = make_station(engine)
    people = [station.technician, station.admin]
    app = create_app(WebSettings(broker=BrokerSettings(port=1)), site, engine)
    with TestClient(app) as client:
        yield station, [visit(client, station, actor) for actor in people]
    engine.dispose()


def test_of_two_who_press_the_button_at_once_one_is_told(two_technicians: tuple[Station, list[Visitor]]) -> None:
    station, visitors = two_technicians
    for turn in range(5):
        numbers = [make(station, f"R{turn}-{name}").id for name in "AB"]
        before = held(station, "E1C1")
        shown = before[0].experiment.id if before else ""
        start = Barrier(2)

        def press(visitor: Visitor, number: int, start: Barrier = start, shown: object = shown) -> int:
            start.wait()
            return int(put(visitor, "E1C1", number, shown).status_code)

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(press, visitors, numbers))
        assert statuses == [303, 409]
        assert len(held(station, "E1C1")) == len(before) + 1


def test_the_page_goes_on_without_the_database(tmp_path: Path, site: Site) -> None:
    server = MariaDB(tmp_path)
    server.start()
    try:
        engine = prepare_database(server.make_database(), site)
        station = make_station(engine)
        settings = WebSettings(broker=BrokerSettings(port=1))
        with TestClient(create_app(settings, site, engine)) as client:
            technician = visit(client, station, station.technician)
            put(technician, "E1C1", make(station, "A").id)
            wait_for(lambda: client.get("/api/cells/E1C1").json()["experiment"], "the hub knows what the cell holds")
            server.kill()
            page = technician.get("/cells/E1C1")
            # What the hub knows is still shown; the history and the forms are back with the database.
            assert page.status_code == 200
            assert "data-held-code>A</span>" in page.text
            assert "/cells/E1C1/experiment" not in page.text
            assert put(technician, "E1C1", 1).status_code == 503
            server.start()
            wait_for(lambda: "still here" in technician.get("/cells/E1C1").text, "the history is back")
        engine.dispose()
    finally:
        server.stop()
