"""Rules set, changed and reset on the web and by the API; what makes no sense is said and stays typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine

from facility.people.tokens import TokenDraft, create_token
from schemas import times
from tests.facility.conftest import Station
from tests.web.conftest import store
from tests.web.visitor import Visitor

RULE = {
    "kind": "deviation", "severity": "warning", "parameter": "air_temperature", "cell": "E1C1", "experiment": "",
    "threshold": "0,5", "delay": "20", "enabled": "1", "guidance_fr": "Voir <b>la porte</b>", "guidance_en": "See it",
    "link": "https://wiki.example.org/door", "version": "",
}  # fmt: skip


def test_a_rule_is_set_changed_by_one_at_a_time_and_reset(technician: Visitor, member: Visitor) -> None:
    assert technician.post("/alarms/rules", RULE).status_code == 303
    assert "Somebody else changed this rule" in technician.post("/alarms/rules", RULE).text
    page = technician.get("/alarms/rules?cell=E1C1").text
    assert "± 0.5 °C" in page
    assert "<b>la porte" not in page
    number = re.search(r"/alarms/rules\?rule=(\d+)", page)
    assert number is not None
    form = technician.get(f"/alarms/rules?rule={number[1]}").text
    assert 'name="threshold" type="text" value="0.5"' in form
    assert 'name="delay" type="text" value="20"' in form
    assert technician.post("/alarms/rules", RULE | {"version": "1", "delay": "30"}).status_code == 303
    assert technician.post(f"/alarms/rules/{number[1]}/reset", {"version": "1"}).status_code == 409
    assert technician.post(f"/alarms/rules/{number[1]}/reset", {"version": "x"}).status_code == 409
    assert technician.post(f"/alarms/rules/{number[1]}/reset", {"version": "2"}).status_code == 303
    assert technician.post(f"/alarms/rules/{number[1]}/reset", {"version": "2"}).status_code == 404
    assert member.post("/alarms/rules", RULE).status_code == 403
    assert "Save the rule" not in member.get("/alarms/rules").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"threshold": "-1"}, "greater than 0"),
        ({"threshold": "x"}, "Not a number"),
        ({"threshold": "nan"}, "Not a number"),
        ({"delay": "-5"}, "Out of range"),
        ({"delay": "1e9"}, "Out of range"),
        ({"delay": "x"}, "Not a number"),
        ({"parameter": "nonsense"}, "No parameter is called nonsense"),
        ({"parameter": ""}, "Required"),
        ({"kind": "nonsense"}, "Choose one of these"),
        ({"link": "javascript:alert(1)"}, "Letters, digits"),
        ({"guidance_fr": "x" * 100_000}, "Too long"),
        ({"experiment": "999999"}, "There is no such experiment"),
        ({"threshold": "5", "severity": "warning"}, "narrower threshold"),
    ],
)
def test_what_makes_no_sense_is_said(technician: Visitor, fields: dict[str, object], words: str) -> None:
    answer = technician.post("/alarms/rules", RULE | {"cell": "E1C2"} | fields)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_a_rule_is_tried_on_the_last_days_before_it_is_set(
    technician: Visitor, shared: Engine, pages: TestClient[Any], station: Station
) -> None:
    end = times.now().replace(second=0, microsecond=0)
    moments = [end - timedelta(minutes=5 * n) for n in range(200, 0, -1)]
    store(shared, "E3C1", "air_temperature_setpoint", [(at, 20.0) for at in moments])
    # Three hours too warm, once.
    store(shared, "E3C1", "air_temperature", [(at, 23.0 if 100 < n < 136 else 20.0) for n, at in enumerate(moments)])
    tried = technician.post("/alarms/rules/preview", RULE | {"cell": "E3C1", "threshold": "2"})
    assert (tried.status_code, "it would have fired 1 time in E3C1" in tried.text) == (200, True)
    assert 'name="threshold" type="text" value="2"' in tried.text
    wide = technician.post("/alarms/rules/preview", RULE | {"cell": "E3C1", "threshold": "5"})
    assert "it would have fired 0 times in E3C1" in wide.text
    assert "Nothing is stored" in technician.post("/alarms/rules/preview", RULE | {"cell": "E6C3"}).text
    for wrong in ({"threshold": "-1"}, {"kind": "no_effect"}, {"parameter": ""}, {"parameter": "x"}, {"cell": "x"}):
        assert technician.post("/alarms/rules/preview", RULE | wrong).status_code == 422
    secret = create_token(station.sessions, station.member, TokenDraft(name="try")).secret
    body = {"kind": "deviation", "severity": "warning", "parameter": "air_temperature", "cell": "E3C1",
            "threshold": 2, "delay": 900}  # fmt: skip
    found = pages.post("/api/alarms/rules/preview", json=body, headers={"Authorization": f"Bearer {secret}"})
    assert (found.status_code, found.json()["times"]) == (200, 1)
    assert technician.get("/api/alarms/rules").status_code == 200


def test_the_api_of_rules(pages: TestClient[Any], station: Station) -> None:
    secret = create_token(station.sessions, station.technician, TokenDraft(name="rules")).secret
    headers = {"Authorization": f"Bearer {secret}"}
    rule = {"kind": "no_data", "severity": "major", "cell": "E2C1", "threshold": 1200}
    made = pages.put("/api/alarms/rules", json=rule, headers=headers)
    assert (made.status_code, made.json()["version"]) == (200, 1)
    assert pages.put("/api/alarms/rules", json=rule, headers=headers).status_code == 409
    assert [one["cell"] for one in pages.get("/api/alarms/rules?cell=E2C1", headers=headers).json()] == ["E2C1"]
    assert pages.put("/api/alarms/rules", json=rule | {"parameter": "co2"}, headers=headers).status_code == 422
    gone = pages.delete(f"/api/alarms/rules/{made.json()['id']}?version=1", headers=headers)
    assert gone.status_code == 204
    assert pages.get("/api/alarms/rules").status_code == 401
