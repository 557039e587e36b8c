"""The pages of experiments without scripts: shown, made, changed by two, put into cells; bad input ends in words."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.acting.auditing import changes_of_experiment
from facility.assignments.assigning import assign, unassign
from facility.assignments.correcting import BackDated, assign_back_dated
from facility.assignments.views import assignments_of_experiment, occupants_now
from facility.experiments.changing import change_experiment, create_experiment
from facility.experiments.drafts import ExperimentChange, ExperimentDraft
from facility.experiments.views import ExperimentView, get_experiment
from schemas import times
from schemas.site import Site
from tests.facility.conftest import Station
from tests.web.form_reading import fields_of
from tests.web.visitor import Visitor

EVIL = """<script>alert('x')</script>"onmouseover="x'; DROP TABLE experiment; --"""
STATES = ("", "draft", "archived", "all")
PLANNED = {"state": "planned", "planned_start": "2026-03-01", "planned_end": "2026-04-30"}


def make(station: Station, code: str, **members: object) -> ExperimentView:
    draft = ExperimentDraft.model_validate({"code": code, "title": f"Experiment {code}"} | members)
    return create_experiment(station.sessions, station.technician, draft)


def view(station: Station, number: int) -> ExperimentView:
    return get_experiment(station.sessions, station.member, number)


def held(station: Station, number: int) -> list[str]:
    return sorted(view(station, number).cells_now)


def text(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", page)))


# The list


def test_list_finds_sorts_and_pages(station: Station, member: Visitor) -> None:
    for number in range(27):
        make(station, f"LIST-{number:02}", title=f"Liste d'été {number:02}", team="Listeurs")
    make(station, "LIST-X", title="Autre", team="Listeurs", cells=["E6C3"], **PLANNED)
    first = member.get("/experiments?search=listeurs&sort=title&order=asc").text
    codes = re.findall(r"LIST-\w+", first)
    assert codes[:3] == ["LIST-X", "LIST-00", "LIST-01"]
    assert "1–25 of 28" in text(first)
    second = member.get("/experiments?search=listeurs&sort=title&order=asc&page=2").text
    assert re.findall(r"LIST-\w+", second) == ["LIST-24", "LIST-25", "LIST-26"]
    assert re.findall(r"LIST-\w+", member.get("/experiments?search=listeurs&state=planned").text) == ["LIST-X"]
    assert "LIST-X" in member.get("/experiments?cell=E6C3").text
    # A link in an old mail may name a column or a state that is no more.
    assert member.get("/experiments?sort=nonsense&order=up&state=gone&cell=E9C9").status_code == 200
    assert member.get("/experiments?page=0").status_code == 400


def test_archived_ones_are_listed_where_they_are_asked_for(station: Station, member: Visitor) -> None:
    made = make(station, "OLD", team="Archivistes")
    change_experiment(station.sessions, station.technician, made.id, ExperimentChange(version=1, state="archived"))
    listed = {state: "OLD" in member.get(f"/experiments?search=archivistes&state={state}").text for state in STATES}
    assert listed == {"": False, "draft": False, "archived": True, "all": True}


def test_empty_list_says_what_to_do_next(member: Visitor, technician: Visitor) -> None:
    nothing = member.get(f"/experiments?search={'x' * 10_000}")
    assert nothing.status_code == 200
    assert "No experiment matches. Look among the archived ones, too · Show all experiments" in text(nothing.text)
    assert "To the last page" in text(member.get("/experiments?page=400").text)
    assert 'href="/experiments/new"' in technician.get("/experiments").text
    assert 'href="/experiments/new"' not in member.get("/experiments").text


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "%F0%9F%8C%B1", "%25_%5C", "'%22%3E%3Cscript%3Ealert"])
def test_odd_searches_are_answered(member: Visitor, odd: str) -> None:
    answer = member.get(f"/experiments?search={odd}&cell={odd}&state={odd}&sort={odd}&order={odd}")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


# New


def test_changes_name_the_person_not_the_login(station: Station, member: Visitor) -> None:
    made = make(station, "NAMED")
    assert "<strong>Technician</strong>" in member.get(f"/experiments/{made.id}").text


def test_what_is_typed_is_kept_and_shown_escaped(station: Station, technician: Visitor, member: Visitor) -> None:
    texts = ("title", "team", "scientific_contact", "technical_contact", "objective", "description")
    form: dict[str, object] = {name: f"{EVIL} {name}" for name in texts}
    form |= {"code": "EVIL", "description": f"{EVIL}\r\nsecond line", "cell": ["E1C1", "E2C2"], "parameter": "co2"}
    form |= {"low-co2": "380,5", "high-co2": "1 000", "delay-co2": "0,5", "severity-co2": "major"}
    answer = technician.post("/experiments/new", form)
    assert answer.status_code == 303, text(answer.text)
    number = int(answer.headers["location"].split("/")[2].partition("?")[0])
    kept = view(station, number)
    assert kept.title == f"{EVIL} title"
    assert kept.description == f"{EVIL}\nsecond line"
    assert kept.cells == ("E1C1", "E2C2")
    assert kept.parameters[0].model_dump() == {
        "parameter": "co2", "deviation": None, "low": 380.5, "high": 1000.0, "delay": 30, "severity": "major",
    }  # fmt: skip
    for path in (f"/experiments/{number}", f"/experiments/{number}/edit", "/experiments?search=drop"):
        page = (technician if path.endswith("edit") else member).get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert '"onmouseover="' not in page.text
        assert EVIL in html.unescape(page.text)
    form = fields_of(technician.get(f"/experiments/{number}/edit", "fr").text, f"/experiments/{number}/edit")
    assert (form["low-co2"], form["high-co2"], form["delay-co2"]) == ("380,5", "1000", "0,5")


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"title": "x" * 10_000}, "title", "Too long: 200 characters at most."),
        ({"title": "  "}, "title", "Required."),
        ({"code": ""}, "code", "Required."),
        ({"code": "a b"}, "code", "Letters, digits, dots, dashes and underscores only"),
        ({"planned_start": "2026-05-02", "planned_end": "2026-05-01"}, "planned_end", "The end is before the start."),
        ({"planned_start": "2026-02-29"}, "planned_start", "Not a date"),
        ({"state": "planned"}, "planned_start", "A planned experiment needs a first and a last day."),
        ({"state": "running"}, "state", "Choose one of these"),
        ({"cell": ["E9C9"]}, "cells", "There is no cell E9C9."),
        ({"parameter": "co2", "deviation-co2": "much"}, "deviation-co2", "Not a number."),
        ({"parameter": "co2", "deviation-co2": "-1"}, "deviation-co2", "A deviation must be greater than 0."),
        ({"parameter": "co2", "low-co2": "2", "high-co2": "1"}, "high-co2", "The highest value is below the lowest."),
        ({"parameter": "co2", "delay-co2": "99999"}, "delay-co2", "Minutes from 0 to 10080."),
        ({"parameter": "co2", "delay-co2": "NaN"}, "delay-co2", "Minutes from 0 to 10080."),
        ({"parameter": "co2", "severity-co2": "funny"}, "severity-co2", "Choose one of these"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field_and_stays(
    technician: Visitor, typed: dict[str, object], field: str, words: str
) -> None:
    form = {"code": "STAYS", "title": "Stays", "objective": "kept\ntext", "description": EVIL} | typed
    answer = technician.post("/experiments/new", form)
    assert answer.status_code == 422
    fault = re.search(rf'id="{field}-fault">([^<]*)<', answer.text)
    assert fault is not None, f"no words at {field}"
    assert words in html.unescape(fault[1])
    assert f'href="#{field}"' in answer.text
    again = fields_of(answer.text, "/experiments/new")
    kept = {name: value for name, value in form.items() if value not in (["E9C9"], "running", "funny")}
    assert {name: again[name] for name in kept} == kept


def test_what_the_form_does_not_offer_is_refused_in_words(technician: Visitor) -> None:
    forged = technician.post("/experiments/new", {"code": "P", "title": "P", "parameter": "o2", "deviation-o2": "1"})
    assert forged.status_code == 422
    assert "This parameter has no setpoint: give lowest and highest values." in text(forged.text)
    answer = technician.post("/experiments/new", {"code": "P", "title": "P", "parameter": ["phlogiston", "co2"]})
    assert answer.status_code == 422
    assert "There is no parameter phlogiston." in text(answer.text)


def test_taken_code_is_said_at_the_code(station: Station, technician: Visitor) -> None:
    make(station, "TAKEN")
    answer = technician.post("/experiments/new", {"code": "TAKEN", "title": "Second"})
    assert answer.status_code == 422
    assert 'id="code-fault">Another experiment has this code.' in answer.text


def test_form_of_another_site_is_refused(pages: TestClient[Any], technician: Visitor) -> None:
    headers = {"cookie": f"octopus_session={technician.secret}", "accept": "text/html"}
    form = {"code": "FORGED", "title": "Forged", "_csrf_token": "0" * 64}
    for data in (form, {"code": "FORGED", "title": "Forged"}):
        assert pages.post("/experiments/new", data=data, headers=headers).status_code == 403
    assert "FORGED" not in technician.get("/experiments?search=forged").text


# Two people


def edited(technician: Visitor, number: int, **changes: object) -> dict[str, object]:
    path = f"/experiments/{number}/edit"
    return fields_of(technician.get(path).text, path) | changes


def test_saving_unchanged_changes_nothing(station: Station, technician: Visitor) -> None:
    tolerances = [{"parameter": "co2", "low": 380.25, "high": 405.0, "delay": 45}, {"parameter": "o2"}]
    made = make(station, "SAME", description="one\ntwo", cells=["E1C1"], parameters=tolerances, **PLANNED)
    for language in ("fr", "en"):
        path = f"/experiments/{made.id}/edit"
        form = fields_of(technician.get(path, language).text, path)
        assert technician.post(path, form, language).status_code == 303
    assert view(station, made.id) == made


def test_second_of_two_sees_both_versions_and_takes_over_field_by_field(station: Station, technician: Visitor) -> None:
    made = make(station, "BOTH", title="Old", team="Old team", objective="Old aim", description="Old\ntext")
    mine = edited(technician, made.id, title="Mine", objective="My aim", description="Mine\n" + EVIL)
    other = ExperimentChange.model_validate({"version": 1, "title": "Theirs", "team": "Their team", "cells": ["E1C2"]})
    change_experiment(station.sessions, station.admin, made.id, other)

    path = f"/experiments/{made.id}/edit"
    answer = technician.post(path, mine)
    assert answer.status_code == 409
    shown = text(answer.text)
    assert "Somebody else saved while you were typing" in shown
    assert "Admin · experiment changed" in shown
    for words in ("Mine", "Theirs", "Their team", "My aim"):
        assert words in shown
    assert view(station, made.id).title == "Theirs"
    form = fields_of(answer.text, path)
    # Only what both changed is left open; the rest is as nobody would miss it.
    assert "pick-title" not in form
    assert (form["pick-team"], form["pick-objective"], form["pick-cells"]) == ("saved", "mine", "saved")

    undecided = technician.post(path, form)
    assert undecided.status_code == 409
    assert "Choose one of the two." in undecided.text
    assert view(station, made.id).title == "Theirs"
    form = fields_of(undecided.text, path)

    again = technician.post(path, form | {"pick-title": "saved", "action": "edit"})
    assert again.status_code == 200
    back = fields_of(again.text, path)
    assert (back["title"], back["team"], back["objective"]) == ("Theirs", "Their team", "My aim")

    done = technician.post(path, form | {"pick-title": "mine"})
    assert done.status_code == 303, text(done.text)
    kept = view(station, made.id)
    assert (kept.title, kept.team, kept.objective, kept.cells) == ("Mine", "Their team", "My aim", ("E1C2",))
    assert kept.description == "Mine\n" + EVIL


def test_third_version_is_not_lost_either(station: Station, technician: Visitor) -> None:
    made = make(station, "THREE", title="One")
    path = f"/experiments/{made.id}/edit"
    mine = edited(technician, made.id, title="Mine")
    change_experiment(station.sessions, station.admin, made.id, ExperimentChange(version=1, title="Two"))
    form = fields_of(technician.post(path, mine).text, path) | {"pick-title": "mine"}
    change_experiment(station.sessions, station.admin, made.id, ExperimentChange(version=2, title="Three"))
    for action in ("save", "edit"):
        answer = technician.post(path, form | {"action": action})
        assert answer.status_code == 409
        assert "Three" in text(answer.text)
    assert view(station, made.id).title == "Three"


def test_refused_edit_keeps_the_version_that_it_began_with(station: Station, technician: Visitor) -> None:
    made = make(station, "KEEPS")
    path = f"/experiments/{made.id}/edit"
    mine = edited(technician, made.id, title="")
    change_experiment(station.sessions, station.admin, made.id, ExperimentChange(version=1, team="Others"))
    refused = technician.post(path, mine)
    assert refused.status_code == 422
    assert technician.post(path, fields_of(refused.text, path) | {"title": "Mine"}).status_code == 409


@pytest.mark.parametrize("version", ["", "0", "abc", "-1", "9" * 30, "٣"])
def test_forged_version_overwrites_nothing(station: Station, technician: Visitor, version: str) -> None:
    made = make(station, f"V{abs(hash(version))}")
    form = edited(technician, made.id, title="Forged", version=version)
    assert technician.post(f"/experiments/{made.id}/edit", form).status_code == 409
    assert view(station, made.id).title != "Forged"


def test_vanished_experiment_is_not_found(technician: Visitor) -> None:
    assert technician.get("/experiments/999999").status_code == 404
    assert technician.get("/experiments/999999/edit").status_code == 404
    fields: dict[str, dict[str, object]] = {
        "edit": {"version": 1, "title": "x", "code": "x"},
        "state": {"version": 1, "state": "ended"},
        "cells": {"cell": "E1C1", "held-E1C1": ""},
        "cells/end": {"cell": "E1C1"},
    }
    for path, form in fields.items():
        assert technician.post(f"/experiments/999999/{path}", form).status_code == 404, path
    assert technician.get("/experiments/99999999999999999999").status_code in {400, 404}


# States


def test_states_move_by_buttons_and_ending_frees_the_cells(station: Station, technician: Visitor) -> None:
    made = make(station, "MOVES")
    path = f"/experiments/{made.id}/state"
    refused = technician.post(path, {"version": 1, "state": "planned"})
    assert refused.status_code == 422
    assert "A planned experiment needs a first and a last day." in text(refused.text)
    change_experiment(
        station.sessions, station.technician, made.id,
        ExperimentChange.model_validate({"version": 1, "planned_start": "2026-03-01", "planned_end": "2026-04-30"}),
    )  # fmt: skip
    assert technician.post(path, {"version": view(station, made.id).version, "state": "planned"}).status_code == 303
    assign(station.sessions, station.technician, made.id, ["E5C1"])
    running = technician.get(f"/experiments/{made.id}").text
    assert "It ends in E5C1." in text(running)
    old = technician.post(path, {"version": 1, "state": "ended"})
    assert (old.status_code, held(station, made.id)) == (409, ["E5C1"])
    assert technician.post(path, fields_of(running, path)).status_code == 303
    assert (view(station, made.id).state, held(station, made.id)) == ("ended", [])
    wrong = technician.post(path, {"version": view(station, made.id).version, "state": "planned"}, "fr")
    assert wrong.status_code == 422
    assert "« terminée » ne peut pas passer à « planifiée »" in text(wrong.text).replace("\u202f", " ")


# Cells


def test_several_cells_in_one_act_and_replacing_is_confirmed(station: Station, technician: Visitor) -> None:
    one, two = make(station, "ONE", **PLANNED), make(station, "TWO", **PLANNED)
    path = f"/experiments/{one.id}/cells"
    form = fields_of(technician.get(f"/experiments/{one.id}").text, path) | {"cell": ["E3C1", "E3C2"]}
    assert technician.post(path, form).status_code == 303
    assert held(station, one.id) == ["E3C1", "E3C2"]

    path = f"/experiments/{two.id}/cells"
    form = fields_of(technician.get(f"/experiments/{two.id}").text, path) | {"cell": ["E3C2", "E3C3"]}
    refused = technician.post(path, form)
    assert refused.status_code == 422
    assert "Occupied: E3C2 (ONE). Confirm that you replace what they hold." in text(refused.text)
    again = fields_of(refused.text, path)
    assert again["cell"] == ["E3C2", "E3C3"]
    assert held(station, two.id) == []
    assert technician.post(path, again | {"replace": "yes"}).status_code == 303
    assert (held(station, one.id), held(station, two.id)) == (["E3C1"], ["E3C2", "E3C3"])
    end = f"/experiments/{two.id}/cells/end"
    assert technician.post(end, {"cell": ["E3C2", "E3C3"]}).status_code == 303
    assert held(station, two.id) == []
    assert technician.post(end, {"cell": ["E3C1"]}).status_code == 409
    assert held(station, one.id) == ["E3C1"]
    assert technician.post(end, {}).status_code == 422


def test_what_changed_since_the_page_was_looked_at_is_not_replaced(station: Station, technician: Visitor) -> None:
    one, two, three = (make(station, code, **PLANNED) for code in ("R1", "R2", "R3"))
    assign(station.sessions, station.technician, one.id, ["E4C1"])
    path = f"/experiments/{three.id}/cells"
    form = fields_of(technician.get(f"/experiments/{three.id}").text, path)
    assign(station.sessions, station.technician, two.id, ["E4C1", "E4C2"])
    for cell, told in (("E4C1", "Cell E4C1 now holds R2."), ("E4C2", "Cell E4C2 now holds R2.")):
        answer = technician.post(path, form | {"cell": [cell, "E4C3"], "replace": "yes"})
        assert answer.status_code == 409
        assert told in text(answer.text)
    assert held(station, three.id) == []
    unassign(station.sessions, station.technician, "E4C1")
    assert "is free now" in text(technician.post(path, form | {"cell": "E4C1", "replace": "yes"}).text)
    unassign(station.sessions, station.technician, "E4C2")


def test_drafts_and_unknown_cells_are_refused_in_words(station: Station, technician: Visitor) -> None:
    draft = make(station, "DRAFT")
    answer = technician.post(f"/experiments/{draft.id}/cells", {"cell": "E1C3", "held-E1C3": ""}, "fr")
    assert answer.status_code == 422
    assert "« brouillon » ne peut pas être placée dans une cellule" in text(answer.text).replace("\u202f", " ")
    planned = make(station, "NOCELL", **PLANNED)
    path = f"/experiments/{planned.id}/cells"
    assert technician.post(path, {"cell": "E9C9", "held-E9C9": EVIL}).status_code == 404
    assert technician.post(path, {}).status_code == 422


# What is shown


def test_members_see_changes_without_addresses_and_no_button(
    station: Station, technician: Visitor, member: Visitor
) -> None:
    made = make(station, "SEEN", title="Before")
    change_experiment(station.sessions, station.technician, made.id, ExperimentChange(version=1, title="After"))
    page = member.get(f"/experiments/{made.id}").text
    assert re.search(r"Technician · experiment changed.*Title before: Before → after: After", text(page))
    assert "192.0.2.1" not in page
    assert f"/experiments/{made.id}/edit" not in page
    assert f'action="/experiments/{made.id}' not in page
    assert f"/experiments/{made.id}/edit" in technician.get(f"/experiments/{made.id}").text
    admin = changes_of_experiment(station.sessions, station.admin, made.id)
    assert {line.address for line in admin} == {"192.0.2.1"}


def test_cells_now_and_earlier_with_their_readings(station: Station, member: Visitor) -> None:
    made = make(station, "WHERE", parameters=[{"parameter": "air_temperature", "deviation": 0.5}], **PLANNED)
    now = times.now()
    for start, end in ((50, 26), (20, None)):
        form = {
            "experiment": made.id, "cell": "E2C3", "reason": "noted late", "started_at": now - timedelta(hours=start),
            "ended_at": None if end is None else now - timedelta(hours=end),
        }  # fmt: skip
        assign_back_dated(station.sessions, station.admin, BackDated.model_validate(form))
    page = member.get(f"/experiments/{made.id}").text
    links = [html.unescape(link) for link in re.findall(r'href="(/api/cells/E2C3/readings.csv[^"]*)"', page)]
    assert len(links) == 2
    assert all("parameters=air_temperature%2Cair_temperature_setpoint" in link for link in links)
    assert [("to=" in link) for link in links] == [False, True]
    assert all(member.get(link).status_code == 200 for link in links)
    assert member.get(f"/api/calendars/experiments/{made.id}").status_code == 200
    assert "past assignment added (E2C3)" in text(page)
    assert len(assignments_of_experiment(station.sessions, station.member, made.id)) == 2
    unassign(station.sessions, station.technician, "E2C3")


def test_all_free_cells_takes_no_occupied_one(station: Station, technician: Visitor, site: Site) -> None:
    holder, free = make(station, "HOLDER", **PLANNED), make(station, "FREE", **PLANNED)
    assign(station.sessions, station.technician, holder.id, ["E6C1"])
    before = {cell for cell in site.unit_of_cell if cell not in _occupied(station)}
    path = f"/experiments/{free.id}/cells"
    assert technician.post(path, {"free": "yes", "cell": "E6C1", "replace": "yes"}).status_code == 303
    assert set(held(station, free.id)) == before
    assert held(station, holder.id) == ["E6C1"]
    assert technician.post(path, {"free": "yes"}).status_code == 409
    technician.post(f"/experiments/{free.id}/cells/end", {"cell": held(station, free.id)})


def _occupied(station: Station) -> set[str]:
    return {one.cell for one in occupants_now(station.sessions, station.member)}
