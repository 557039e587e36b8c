"""The pages of occupancy and audit as a server answers them: what they say, what they refuse, what they escape."""

import csv
import html
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine

from facility.acting.auditing import AuditQuery, search_audit
from facility.assignments.assigning import assign
from facility.assignments.correcting import BackDated, assign_back_dated
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.people import PersonChange, change_person, get_person
from facility.people.tokens import TokenDraft, create_token, revoke_token
from schemas import times
from schemas.site import Site
from service.settings import BrokerSettings
from tests.facility.conftest import Station, make_station
from tests.web.visitor import Visitor, visit
from web.app import create_app
from web.settings import WebSettings

DAY = timedelta(days=1)
EVIL = "<img src=x onerror=alert(1)>' OR 1=1 --"


def plan(station: Station, code: str, first: int, last: int, *, cells: list[str], title: str = "") -> int:
    today = times.now().date()
    values = {"planned_start": (today + first * DAY).isoformat(), "planned_end": (today + last * DAY).isoformat()}
    members = {"code": code, "title": title or code, "state": "planned", "cells": cells}
    draft = ExperimentDraft.model_validate(members | values)
    return create_experiment(station.sessions, station.technician, draft).id


@pytest.fixture(scope="module")
def station(shared: Engine) -> Station:
    station = make_station(shared)
    now = times.now()
    running = plan(station, "RUN", -20, 30, cells=["E1C1"], title=EVIL)
    plan(station, "CLASH", 10, 40, cells=["E1C1"])
    plan(station, "LATE", -9, -2, cells=["E2C1"])
    assign(station.sessions, station.technician, running, ["E1C1"])
    gone = BackDated(
        experiment=running, cell="E1C2", started_at=now - 30 * DAY, ended_at=now - 10 * DAY, reason="from the log"
    )
    assign_back_dated(station.sessions, station.technician, gone)
    return station


@pytest.fixture(scope="module")
def pages(shared: Engine, site: Site, station: Station) -> Iterator[TestClient[Any]]:
    del station
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), site, shared)) as client:
        yield client


@pytest.fixture(scope="module")
def member(pages: TestClient[Any], station: Station) -> Visitor:
    return visit(pages, station, station.member)


@pytest.fixture(scope="module")
def admin(pages: TestClient[Any], station: Station) -> Visitor:
    return visit(pages, station, station.admin)


def bars(page: str) -> list[tuple[str, str]]:
    """Return each bar's kind and the words that it is read out with."""
    found = re.findall(r'<a class="assignment-bar (\w+)[^"]*" href="/experiments/\d+" aria-label="([^"]*)"', page)
    return [(kind, html.unescape(words)) for kind, words in found]


@pytest.mark.parametrize("zoom", ["", "?zoom=weeks", "?zoom=months", "?zoom=year", "?zoom=" + "x" * 99])
def test_past_present_and_planned_have_their_words_at_every_zoom(member: Visitor, zoom: str) -> None:
    answer = member.get(f"/occupancy{zoom}")
    assert answer.status_code == 200
    told = bars(answer.text)
    assert [kind for kind, words in told if words.startswith("E1C1: RUN ")] == ["present", "planned"]
    assert any(kind == "past" and words.startswith("E1C2: RUN past, ") and ", from " in words for kind, words in told)
    # What was planned for days that are over and never came is no part of the past.
    assert not any("LATE" in words for _, words in told)
    assert "is claimed by CLASH and RUN from" in answer.text
    assert "1 of 18 cells are occupied now" in answer.text
    assert "<img" not in answer.text
    assert "/api/calendars/cells/E6C3" in answer.text
    assert len(re.findall(r"<div class=\"occupancy-row[^\"]*\" data-row>", answer.text)) == 18


def test_typed_days_are_shown_and_moved_from(member: Visitor) -> None:
    page = member.get("/occupancy?from=2028-02-28&to=29%2F02%2F2028").text
    assert "28 Feb 2028 – 29 Feb 2028" in page
    assert 'href="/occupancy?from=2028-02-27&amp;to=2028-02-28"' in page
    assert "28 Feb 2028 – 29 May 2028" in member.get("/occupancy?from=2028-02-28").text


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2027-02-29", "Ce n’est pas une date"),
        ("from=2026-13-01&to=2026-12-01", "Ce n’est pas une date"),
        ("from=2026-02-01&to=2026-01-01", "La fin "),
        ("from=2001-01-01&to=2026-01-01", "Cinq ans au plus"),
        ("from=0001-01-01", "L’année doit être comprise"),
        ("to=9999-12-31", "L’année doit être comprise"),
        (f"from={EVIL}", "Ce n’est pas une date"),
        (f"from={'9' * 5000}", "Ce n’est pas une date"),
    ],
)
def test_days_that_cannot_be_are_refused_in_words_and_stay_typed(member: Visitor, query: str, words: str) -> None:
    answer = member.get(f"/occupancy?{query}", language="fr")
    assert (answer.status_code, words in html.unescape(answer.text)) == (422, True)
    assert "<img" not in answer.text
    typed = query.split("=", 1)[1].partition("&")[0][:40]
    assert f'value="{typed}"' in html.unescape(answer.text)


@pytest.mark.parametrize("query", ["from=2199-12-30", "from=2000-01-01&to=2000-01-02", "to=2000-01-01"])
def test_the_first_and_the_last_days_can_be_shown(member: Visitor, query: str) -> None:
    assert member.get(f"/occupancy?{query}").status_code == 200


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="line-\d+">.*?</tr>', page, re.DOTALL)


def test_the_audit_says_who_did_what_before_and_after(admin: Visitor, station: Station) -> None:
    person = get_person(station.sessions, station.admin, station.member.id or 0)
    changed = PersonChange.model_validate({"version": person.version, "role": "technician"})
    changed = change_person(station.sessions, station.admin, person.id, changed)  # type: ignore[assignment]
    page = admin.get("/audit?act=person.change", language="fr").text
    first = rows(page)[0]
    assert "personne modifiée" in first
    assert ">Member</a>" in first
    assert re.search(r"<dt>Rôle</dt><dd><del>membre</del>.*<ins>technicien</ins>", first)
    back = PersonChange.model_validate({"version": changed.version, "role": "member"})
    change_person(station.sessions, station.admin, person.id, back)
    cell = rows(admin.get("/audit?subject=cell&subject_id=E1C2").text)[0]
    assert "past assignment added" in cell
    assert re.search(r"<dt>Experiment</dt><dd><ins>RUN</ins>", cell)
    assert "from the log" in cell


def test_the_audit_says_what_a_token_may(admin: Visitor, station: Station) -> None:
    made = create_token(station.sessions, station.member, TokenDraft(name="script", scope="read"))
    first = rows(admin.get("/audit?act=token.create", language="fr").text)[0]
    assert re.search(r"<dt>Droits</dt><dd><ins>lecture seule</ins>", first)
    assert re.search(rf"<dt>Commence par</dt><dd><ins>{made.hint}</ins>", first)
    revoke_token(station.sessions, station.member, made.id)


def test_the_audit_is_searched_by_person_act_subject_and_day(admin: Visitor) -> None:
    today = times.now().date()

    def found(query: str) -> int:
        return len(rows(admin.get(f"/audit?{query}").text))

    assert found("who=technician") == found("who=Technician") > 0
    assert found("who=nobody-at-all") == 0
    assert found("act=experiment.create") == found("act=experiment.create&who=technician") == 3
    assert found("subject=experiment&subject_id=RUN") == found("subject_id=run") == 2
    assert found(f"since={today - DAY}&until={today + DAY}") == found("")
    assert found(f"until={today - 2 * DAY}") == 0
    assert found(f"since={today + 2 * DAY}") == 0
    for evil in (EVIL, "%", "_", "\\", "é" * 64, "x" * 10_000):
        for name in ("who", "act", "subject", "subject_id"):
            answer = admin.get(f"/audit?{name}={evil}")
            assert (answer.status_code, "<img" in answer.text) == (200, False), (name, evil)
            assert "No line matches." in answer.text


def test_a_day_that_is_none_and_a_name_of_several_are_refused_in_words(admin: Visitor) -> None:
    answer = admin.get("/audit?who=i&since=2027-02-29&until=x")
    assert answer.status_code == 422
    assert "Several people have this name: " in answer.text
    assert answer.text.count("Not a date") == 2
    answer = admin.get("/audit?since=2026-02-02&until=2026-02-01")
    assert (answer.status_code, "The end is before the start." in answer.text) == (422, True)


def test_the_audit_is_turned_page_by_page_to_its_end(admin: Visitor, station: Station) -> None:
    for number in range(60):
        plan(station, f"PAGE-{number}", 100, 101, cells=[])
    path, seen = "/audit?act=experiment.create&who=technician", []
    while True:
        page = admin.get(path).text
        seen += re.findall(r'id="line-(\d+)"', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        if older is None:
            break
        path = html.unescape(older[1])
    assert len(seen) == len(set(seen)) == 63
    assert seen == sorted(seen, key=int, reverse=True)
    assert "Newest" in page
    assert "63 lines in all" in page


def test_an_export_holds_what_the_page_found_and_is_itself_a_line(admin: Visitor, station: Station) -> None:
    page = admin.get("/audit?subject=cell&subject_id=E1C2").text
    addresses = [html.unescape(one) for one in re.findall(r'href="(/api/audit/export[^"]+)"', page)]
    assert [address.rsplit("=", 1)[1] for address in addresses] == ["csv", "json"]
    table = list(csv.DictReader(io.StringIO(admin.get(addresses[0]).text)))
    assert [line["subject_id"] for line in table] == ["E1C2"] * len(rows(page))
    assert [line["act"] for line in admin.get(addresses[1]).json()] == ["assignment.correct"]
    told = search_audit(station.sessions, station.admin, AuditQuery(act="audit.export", limit=2))
    assert [line.after for line in told] == [{"subject": "cell", "subject_id": "E1C2"}] * 2
    assert "audit exported" in rows(admin.get("/audit").text)[0]


def test_the_audit_is_for_admins_and_never_changed(admin: Visitor, member: Visitor, pages: TestClient[Any]) -> None:
    assert member.get("/audit").status_code == 403
    assert Visitor(pages, "").get("/audit").headers["location"] == "/login?next=/audit"
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/audit", "/api/audit"):
            answer = pages.request(method, path, headers={"x-csrf-token": "none"})
            assert answer.status_code in {403, 405}
    assert "/audit" in admin.get("/people").text
    assert 'href="/audit"' not in member.get("/occupancy").text
