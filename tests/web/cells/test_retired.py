"""A cell that the site file no longer has keeps its page, its API, its history and its export; a renamed one moves."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient

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
    station = make_station(application.app.state.engine_of_test)
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
    new = changed(site)
    with write_sessions(engine)() as session, session.begin():
        apply_site(session, new)
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), new, engine)) as client:
        client.app.state.engine_of_test = engine
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
