"""A cell that the site file no longer has keeps its page, its API, its history and its export; a renamed one moves."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.assignments.assigning import assign, unassign
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.tokens import TokenDraft, create_token
from schemas import times
from schemas.site import Site
from service.settings import BrokerSettings
from storage.database import write_sessions
from storage.sites import apply_site
from tests.conftest import prepare_database
from tests.facility.conftest import make_station
from tests.web.conftest import store
from tests.web.visitor import Visitor, visit
from web.app import create_app
from web.http.auth import SESSION_COOKIE
from web.settings import WebSettings

START = datetime(2026, 10, 1, tzinfo=UTC)


def changed(site: Site) -> Site:
    """The site without E5C3 and ozone, and with E5C2 under another code. It has no links, as a small site's file."""
    content = site.model_dump(exclude={"links"})
    unit = content["units"][4]
    unit |= {"code": "hall-west", "formerly": "ecolab-5"}
    unit["cells"] = ("E5C1", {"code": "WEST", "formerly": "E5C2"})
    content["parameters"] = [
        one | {"cells": None if one["cells"] is None else [code for code in one["cells"] if code in {"E1C1", "E5C1"}]}
        for one in content["parameters"]
        if one["code"] != "o3"
    ]
    for one in content["parameters"]:
        if one["code"] == "co2":
            one["formerly"] = "carbon"
    return Site.model_validate(content)


@pytest.fixture(scope="module")
def technician(application: TestClient[Any]) -> Visitor:
    """Somebody who may put experiments into cells."""
    station = application.app.state.station_of_test
    return visit(application, station, station.technician)


@pytest.fixture(scope="module")
def later(application: TestClient[Any], technician: Visitor) -> TestClient[Any]:
    application.cookies.set(SESSION_COOKIE, technician.secret)
    return application


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[TestClient[Any]]:
    """The application after the site has changed."""
    folder: Path = tmp_path_factory.mktemp("retired")
    engine = prepare_database(f"sqlite:///{folder}/octopus.sqlite", site)
    for number, cell in enumerate(("E5C2", "E5C3")):
        values: list[tuple[datetime, float | None]] = [
            (START + timedelta(seconds=10 * count), 18.5 + number) for count in range(100)
        ]
        store(engine, cell, "air_temperature", values)
    station = make_station(engine)
    draft = ExperimentDraft.model_validate(
        {"code": "TERN", "title": "T", "state": "planned", "planned_start": "2026-01-01", "planned_end": "2026-12-31"}
    )
    number = create_experiment(station.sessions, station.technician, draft).id
    assign(station.sessions, station.technician, number, ["E5C2", "E5C3"])
    unassign(station.sessions, station.technician, "E5C3")
    new = changed(site)
    with write_sessions(engine)() as session, session.begin():
        apply_site(session, new)
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), new, engine)) as client:
        client.app.state.station_of_test = station
        client.app.state.experiment_of_test = number
        yield client
    engine.dispose()


def span() -> dict[str, str]:
    return {"from": times.to_text(START), "to": times.to_text(START + timedelta(hours=1))}


@pytest.mark.parametrize(("code", "value"), [("E5C3", 19.5), ("WEST", 18.5), ("E5C2", 18.5)])
def test_api_history_and_export(later: TestClient[Any], code: str, value: float) -> None:
    view = later.get(f"/api/cells/{code}").json()
    assert view["cell"] == ("E5C3" if code == "E5C3" else "WEST")
    assert {one["parameter"]: one["value"] for one in view["values"]}["air_temperature"] == value
    assert later.get(f"/api/cells/{code}/air_temperature").json()["value"] == value
    history = later.get(f"/api/cells/{code}/history", params=span() | {"parameters": "air_temperature"}).json()
    assert set(history["series"]["air_temperature"]["mean"]) == {value}
    lines = later.get(f"/api/cells/{code}/readings.csv", params=span()).text.splitlines()
    assert len(lines) == 101


def test_former_codes_of_units_and_parameters(later: TestClient[Any]) -> None:
    assert later.get("/api/units/ecolab-5").json()["unit"] == "hall-west"
    assert later.get("/api/cells/WEST/carbon").json()["parameter"] == "co2"


def test_a_cell_that_never_was_is_still_404(later: TestClient[Any]) -> None:
    for path in ("/api/cells/E9C9", "/api/cells/E9C9/history", "/cells/E9C9"):
        assert later.get(path).status_code == 404, path


@pytest.mark.parametrize("path", ["/", "/cells/E1C1", "/plan", "/wall", "/occupancy", "/experiments", "/login"])
def test_pages_of_a_site_without_links(later: TestClient[Any], path: str) -> None:
    assert later.get(path, follow_redirects=True).status_code == 200


def test_the_page_of_a_retired_cell_says_so(technician: Visitor) -> None:
    page = technician.get("/cells/E5C3")
    assert page.status_code == 200
    assert "This cell is retired" in page.text
    assert 'data-chart="E5C3"' in page.text
    assert 'action="/cells/E5C3/experiment"' not in page.text


def test_the_address_of_a_renamed_cell_leads_to_its_present_one(later: TestClient[Any]) -> None:
    answer = later.get("/cells/E5C2", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (301, "/cells/WEST")


def test_what_a_retired_cell_held_stays_on_the_occupancy_and_is_never_free_again(later: TestClient[Any]) -> None:
    rows = {row["cell"]: row for row in later.get("/api/occupancy").json()["rows"]}
    assert [bar["experiment"]["code"] for bar in rows["E5C3"]["bars"]] == ["TERN"]
    assert rows["E5C3"]["retired"]
    assert list(rows)[-1] == "E5C3"
    now = times.to_text(times.now())
    assert all(gap["ended_at"] <= now for gap in rows["E5C3"]["gaps"])
    assert not any(row["retired"] for row in rows.values() if row["cell"] != "E5C3")
    future = later.get("/api/occupancy", params={"from": "2031-01-01", "to": "2031-02-01"}).json()["rows"]
    assert "E5C3" not in {row["cell"] for row in future}


def test_the_occupancy_page_counts_the_cells_in_use(technician: Visitor) -> None:
    page = technician.get("/occupancy").text
    assert "1 of 17 cells are occupied now" in page
    assert 'href="/cells/E5C3"' in page
    assert "E5C3 (retired)" in re.sub(r"<[^>]+>", "", page)


def test_an_experiment_compares_also_the_retired_cells_that_it_was_in(
    application: TestClient[Any], technician: Visitor
) -> None:
    page = technician.get(f"/experiments/{application.app.state.experiment_of_test}").text

    def content(name: str) -> Any:
        found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
        assert found, name
        return json.loads(found[1])

    assert set(content("days")["cells"]) == {"WEST", "E5C3"}
    assert "air_temperature" in content("site")["cells"]["E5C3"]["parameters"]
    assert 'href="/cells/E5C3"' in page


def test_calendars_and_assignments_know_retired_and_former_cells(later: TestClient[Any]) -> None:
    for cell, shown in (("E5C3", "E5C3"), ("E5C2", "WEST"), ("WEST", "WEST")):
        answer = later.get(f"/api/calendars/cells/{cell}")
        assert answer.status_code == 200, cell
        assert f"SUMMARY:{shown} TERN" in answer.text
        assert {one["cell"] for one in later.get(f"/api/cells/{cell}/assignments").json()} == {shown}
    assert later.get("/api/calendars/cells/E9C9").status_code == 404
    assert later.get("/experiments?cell=E5C2").text.count("WEST") >= 2


def test_an_act_on_a_former_code_is_one_on_the_present_cell(
    application: TestClient[Any], later: TestClient[Any]
) -> None:
    number = application.app.state.experiment_of_test
    token = create_token(
        (station := application.app.state.station_of_test).sessions, station.technician, TokenDraft(name="act")
    )
    head = {"Authorization": f"Bearer {token.secret}", "cookie": ""}
    ended = later.delete(f"/api/cells/E5C2/experiment?experiment={number}", headers=head)
    assert (ended.status_code, ended.json()["cell"]) == (200, "WEST")
    put = later.put("/api/cells/E5C2/experiment", json={"experiment": number, "replaces": None}, headers=head)
    assert (put.status_code, put.json()["cell"]) == (200, "WEST")
