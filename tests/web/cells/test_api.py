"""Every route of the API without a broker, on both databases; nonsense ends in words, never in a 500."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine, insert, select

from schemas import times
from schemas.messages import Status
from schemas.picture import Presence
from schemas.tables import Publisher, Unit
from tests.web.conftest import store

CELL = "/api/cells/E2C1"


def ago(**span: float) -> Any:
    return times.now() - timedelta(**span)


def test_health_and_metrics_say_that_nothing_was_stored(client: TestClient[Any]) -> None:
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["words"][:2] == ["no reading has been stored yet", "the broker is not connected"]
    assert answer.json()["database"] == "ok"
    assert "octopus_database_up 1.0" in client.get("/metrics").text
    assert "octopus_broker_connected 0.0" in client.get("/metrics").text


def test_the_ledger_adds_up_and_browsers_get_a_page(client: TestClient[Any], shared: Engine) -> None:
    at = ago(seconds=5)
    with shared.begin() as connection:
        unit = connection.scalar(select(Unit.id).where(Unit.code == "ecolab-3"))
        row = {"unit_id": unit, "last_sequence": 120, "stored": 100, "rejected": 3, "repeated": 7}
        for name in ("here", "gone"):
            connection.execute(insert(Publisher).values(id=name, first_seen_at=at, last_seen_at=at, **row))
    status = {"state": "online", "since": times.to_text(at), "publisher": "here", "sequence": 130, "waiting": 27}
    hub = client.app.dependencies["hub"].dependency()
    hub.live.picture = replace(hub.live.picture, units={"ecolab-3": Presence(Status.model_validate(status), at)})
    accounts = {one["publisher"]: one for one in client.get("/health").json()["ledger"]}
    told = {name: accounts["here"][name] for name in ("assigned", "stored", "rejected", "waiting", "unaccounted")}
    assert told == {"assigned": 130, "stored": 100, "rejected": 3, "waiting": 27, "unaccounted": 0}
    assert (accounts["gone"]["assigned"], accounts["gone"]["waiting"]) == (120, None)
    assert 'octopus_readings_stored_total{publisher="here",unit="ecolab-3"} 100.0' in client.get("/metrics").text
    page = client.get("/health", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert page.headers["content-type"].startswith("text/html")
    assert "le compte est bon" in page.text
    assert "le PC de l’unité est muet" in page.text


def test_every_value_carries_age_state_and_setpoint(client: TestClient[Any], shared: Engine) -> None:
    at = ago(seconds=5)
    store(shared, "E2C1", "air_temperature", [(at, 18.5)])
    store(shared, "E2C1", "air_temperature_setpoint", [(at, 18.0)])
    store(shared, "E2C1", "co2", [(at, None)])
    store(shared, "E2C1", "par", [(ago(hours=2), 0.0)], quality=1)
    store(shared, "E2C1", "light_command", [(ago(hours=2), 40.0)])
    values = {one["parameter"]: one for one in client.get(CELL).json()["values"]}

    air = values["air_temperature"]
    assert (air["value"], air["setpoint"], air["deviation"], air["state"]) == (18.5, 18.0, 0.5, "ok")
    assert air["unit"] == "°C"
    assert 5 <= air["age_seconds"] < 60
    assert (values["co2"]["value"], values["co2"]["state"]) == (None, "no_value")
    par = values["par"]
    assert (par["value"], par["state"], par["quality"], par["deviation"]) == (0.0, "stale", 1, None)
    assert (values["door"]["value"], values["door"]["state"], values["door"]["age_seconds"]) == (None, "no_data", None)
    assert client.get(f"{CELL}/air_temperature").json() | {"age_seconds": 0} == air | {"age_seconds": 0}


def test_a_unit_has_every_latest_value_of_its_cells(client: TestClient[Any], shared: Engine) -> None:
    store(shared, "E3C1", "air_temperature", [(ago(seconds=5), 18.5)])
    answer = client.get("/api/units/ecolab-3").json()
    assert [cell["cell"] for cell in answer["values"]] == ["E3C1", "E3C2", "E3C3"]
    assert all(len(cell["values"]) == 16 for cell in answer["values"])
    assert [cell["state"] for cell in answer["values"]] == ["incomplete", "no_data", "no_data"]
    assert len(client.get("/api/units").json()) == 6


def test_values_of_other_times_are_not_subtracted(client: TestClient[Any], shared: Engine) -> None:
    store(shared, "E4C3", "air_temperature", [(ago(seconds=5), 18.5)])
    store(shared, "E4C3", "air_temperature_setpoint", [(ago(days=3), 30.0)])
    air = client.get("/api/cells/E4C3/air_temperature").json()
    assert (air["setpoint"], air["deviation"]) == (30.0, None)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/api/cells/E9C9", 404, "no cell is called E9C9; the site has E1C1, "),
        ("/api/cells/E9C9/history", 404, "no cell is called E9C9"),
        ("/api/cells/E9C9/readings.csv", 404, "no cell is called E9C9"),
        ("/api/cells/" + "x" * 5000, 404, "no cell is called xxx"),
        ("/api/cells/%00", 404, "no cell is called"),
        ("/api/units/ecolab-9", 404, "no unit is called ecolab-9; the site has ecolab-1, "),
        (f"{CELL}/nope", 404, "cell E2C1 has no parameter nope; it has air_temperature, "),
        (f"{CELL}/o3", 404, "cell E2C1 has no parameter o3"),
        (f"{CELL}/history?parameters=nope", 404, "no parameter nope"),
        (f"{CELL}/history?parameters=air_temperature&parameters=nope", 404, "no parameter nope"),
        (f"{CELL}/history?from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z", 400, "must come before"),
        (f"{CELL}/history?from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z", 400, "must come before"),
        (f"{CELL}/history?from=2026-11-24T00:00:00", 400, "from: a time is needed with its offset"),
        (f"{CELL}/history?to=yesterday", 400, "to: a time is needed with its offset"),
        (f"{CELL}/history?from=NaN", 400, "from: a time is needed"),
        (f"{CELL}/history?from=1764000000", 400, "from: a time is needed"),
        (f"{CELL}/history?from=", 400, "from: a time is needed"),
        (f"{CELL}/history?to=9999-12-31T23:59:59-14:00", 400, "to: a time is needed"),
        (f"{CELL}/history?points=1000000000", 400, "points"),
        (f"{CELL}/history?points=0", 400, "points"),
        (f"{CELL}/history?points=NaN", 400, "points"),
        (f"{CELL}/readings.csv?format=xml", 400, "format"),
        (f"{CELL}/readings.csv?separator=x", 400, "separator"),
        (f"{CELL}/readings.csv?decimal=,", 400, "cannot both be a comma"),
        (f"{CELL}/readings.csv?quality=maybe", 400, "quality"),
        ("/api/nope", 404, "no such address"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    client: TestClient[Any], path: str, status: int, words: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert words in answer.json()["detail"]
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01T00:00:00Z",
        "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
        "from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&points=2",
        "from=2026-11-23T00:00:00 01:00&to=2026-11-24T00:00:00%2B01:00",
        "parameters=air_temperature,air_temperature&parameters=air_temperature",
        "parameters=",
        "parameters=,,",
    ],
)
@pytest.mark.parametrize("path", ["history", "readings.csv"])
def test_odd_questions_that_have_an_answer_get_it(
    client: TestClient[Any], shared: Engine, path: str, query: str
) -> None:
    assert client.get(f"{CELL}/{path}?{query}").status_code == 200


def test_posting_is_refused_and_said_so(client: TestClient[Any]) -> None:
    answer = client.post(CELL)
    assert answer.status_code == 405
    assert answer.json()["title"] == "Method Not Allowed"


def test_the_api_describes_itself_without_help_from_outside(client: TestClient[Any]) -> None:
    answer = client.get("/schema")
    assert answer.status_code == 200
    assert re.search(r"https?://", answer.text) is None
    paths = answer.json()["paths"]
    assert {"/api/units", "/api/units/{unit}", "/api/cells/{cell}", "/live", "/health", "/metrics"} <= set(paths)
    asked = {one["name"] for one in paths["/api/cells/{cell}/history"]["get"]["parameters"]}
    assert asked == {"cell", "parameters", "from", "to", "points"}
    assert client.get("/schema/openapi.json").json() == answer.json()
    # What a machine made up says nothing, and would differ at each start.
    assert "examples" not in answer.json()["components"]["schemas"]["CellHistory"]
    assert (
        "examples"
        not in paths["/api/cells/{cell}/readings.csv"]["get"]["responses"]["200"]["content"]["text/csv"]["schema"]
    )


@pytest.mark.parametrize("path", ["/api/units", "/api/nope", "/static/nope.js", "/health", "/nope"])
def test_every_answer_carries_the_security_headers(client: TestClient[Any], path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_health_is_judged_by_rows(client: TestClient[Any], shared: Engine) -> None:
    store(shared, "E5C1", "air_temperature", [(ago(seconds=5), 18.5)])
    store(shared, "E6C1", "air_temperature", [(ago(hours=5), 18.5)])
    units = {unit["unit"]: unit for unit in client.get("/health").json()["units"]}
    assert units["ecolab-5"]["ok"]
    assert not units["ecocube-1"]["ok"]
    assert "s old" in units["ecocube-1"]["words"]
    assert units["ecolab-1"]["words"] == "nothing stored yet"
    assert 'octopus_stored_age_seconds{unit="ecocube-1"} 18' in client.get("/metrics").text


def test_a_reading_ahead_of_the_clock_is_never_fresh(client: TestClient[Any], shared: Engine) -> None:
    store(shared, "E1C1", "air_temperature", [(ago(hours=-2), 18.5)])
    units = {unit["unit"]: unit for unit in client.get("/health").json()["units"]}
    assert not units["ecolab-1"]["ok"]
    assert "ahead of this server's clock" in units["ecolab-1"]["words"]
    store(shared, "E1C2", "air_temperature", [(ago(minutes=20), 18.5)])
    units = {unit["unit"]: unit for unit in client.get("/health").json()["units"]}
    assert not units["ecolab-1"]["ok"]
    assert units["ecolab-1"]["age_seconds"] == pytest.approx(1200, abs=60)
    assert client.get("/api/cells/E1C1/air_temperature").json()["state"] == "suspect"
