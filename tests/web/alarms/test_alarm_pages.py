"""The list of alarms, their acts in place, the history page by page, statistics and the API."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.acting.permissions import Role
from facility.people.tokens import TokenDraft, create_token
from schemas import times
from schemas.tables import Alarm
from tests.facility.conftest import Station
from tests.web.alarms.raising import raise_alarm
from tests.web.visitor import Visitor, visit

EVIL = "<script>alert(1)</script>'; DROP TABLE alarm; --"


def test_nobody_sees_the_list_without_login_and_members_have_no_buttons(
    pages: TestClient[Any], station: Station, member: Visitor
) -> None:
    number = raise_alarm(station.sessions, "E1C1", "members-only")
    asked = pages.get("/alarms", headers={"accept": "text/html"}, follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/alarms")
    page = member.get("/alarms")
    assert (page.status_code, f'id="alarm-{number}"' in page.text) == (200, True)
    assert "/acknowledge" not in page.text
    assert member.post(f"/alarms/{number}/acknowledge", {}).status_code == 403
    assert member.client.get("/api/alarms", headers={"cookie": f"octopus_session={member.secret}"}).status_code == 200
    assert pages.get("/api/alarms").status_code == 401
    assert pages.get("/api/alarms/now").status_code == 200


def test_an_alarm_is_acknowledged_with_its_comment_and_the_list_keeps_its_filters(
    technician: Visitor, station: Station
) -> None:
    number = raise_alarm(station.sessions, "E1C2", text=EVIL)
    list_page = technician.get("/alarms?cell=E1C2&sort=since&order=asc")
    back = re.search(r'name="back" value="([^"]+)"', list_page.text)
    assert back is not None
    assert "<script>alert" not in list_page.text
    done = technician.post(f"/alarms/{number}/acknowledge", {"comment": EVIL, "back": back[1].replace("&amp;", "&")})
    assert done.status_code == 303
    assert done.headers["location"].startswith("/alarms?cell=E1C2&sort=since&order=asc")
    page = technician.get(done.headers["location"])
    assert "The alarm is acknowledged." in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    one = technician.get(f"/alarms/{number}", language="fr").text
    assert "<script>alert" not in one
    assert [word in one for word in ("acquittée", "déclenchée", "Technician")] == [True] * 3


def test_two_people_at_once_and_an_alarm_that_is_over_are_conflicts_in_words(
    technician: Visitor, admin: Visitor, station: Station
) -> None:
    number = raise_alarm(station.sessions, "E1C3")
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda who: who.post(f"/alarms/{number}/acknowledge", {}), (technician, admin)))
    assert sorted(one.status_code for one in answers) == [303, 409]
    late = next(one for one in answers if one.status_code == 409)
    assert "Already acknowledged by" in late.text
    over = raise_alarm(station.sessions, "E1C3", "over", lasts=timedelta(minutes=3))
    for act in ("acknowledge", "shelve", "unshelve"):
        answer = technician.post(f"/alarms/{over}/{act}", {"back": f"/alarms/{over}"}, language="fr")
        assert (answer.status_code, "Cette alarme est terminée." in answer.text) == (409, True)
    answer = technician.post("/alarms/99999999/acknowledge", {})
    assert (answer.status_code, "There is no such alarm." in answer.text) == (404, True)


@pytest.mark.parametrize("act", ["acknowledge", "shelve", "unshelve"])
def test_a_comment_that_does_not_fit_is_refused_whole(technician: Visitor, station: Station, act: str) -> None:
    number = raise_alarm(station.sessions, "E2C1", f"long-{act}")
    answer = technician.post(f"/alarms/{number}/{act}", {"comment": "x" * 100_000})
    assert (answer.status_code, "Too long: 1000 characters at most." in answer.text) == (422, True)
    with station.sessions() as session:
        row = session.get_one(Alarm, number)
        assert (row.state, row.comment, row.acknowledged_at, row.shelved_until) == ("active", "", None, None)


def test_shelved_out_of_service_and_back(technician: Visitor, station: Station) -> None:
    number = raise_alarm(station.sessions, "E2C2", "co2-high")
    assert technician.post(f"/alarms/{number}/shelve", {"minutes": "60", "comment": "calibrating"}).status_code == 303
    assert "shelved" in technician.get("/alarms?state=shelved").text
    assert technician.post(f"/alarms/{number}/shelve", {"minutes": "60"}).status_code == 409
    assert technician.post(f"/alarms/{number}/unshelve", {}).status_code == 303
    for minutes in ("0", "-5", "1441", "x", "9" * 400):
        assert technician.post(f"/alarms/{number}/shelve", {"minutes": minutes}).status_code == 422
    condition = {"place": "E2C2", "code": "co2-high"}
    without = technician.post("/alarms/service", condition | {"out": "1"})
    assert (without.status_code, "Required." in without.text) == (422, True)
    assert technician.post("/alarms/service", condition | {"out": "1", "comment": "no bottle"}).status_code == 303
    page = technician.get("/alarms").text
    assert "no bottle" in page
    assert "Back in service" in page
    assert technician.post("/alarms/service", condition).status_code == 303
    assert "no bottle" not in technician.get("/alarms").text.partition("<h2>Out of service")[2]
    changes = technician.get(f"/alarms/{number}").text
    assert [word in changes for word in ("taken out of service", "put back into service", "calibrating")] == [True] * 3


def test_a_form_leads_back_to_the_alarms_alone(technician: Visitor, station: Station) -> None:
    for number, target in enumerate(("https://evil.example/alarms", "//evil.example/alarms", "/people", "\\evil")):
        alarm = raise_alarm(station.sessions, "E2C3", f"back-{number}")
        answer = technician.post(f"/alarms/{alarm}/acknowledge", {"back": target})
        assert answer.headers["location"].startswith("/alarms?")


def test_the_history_is_paged_filtered_and_sorted_in_its_address(member: Visitor, station: Station) -> None:
    begin = times.from_text("2025-01-01T00:00:00Z")
    for number in range(55):
        raise_alarm(station.sessions, "E3C1", f"old-{number}", since=begin + timedelta(hours=number),
                    lasts=timedelta(minutes=5), text=f"Old {number}.")  # fmt: skip
    asked = "/alarms/history?cell=E3C1&from=2025-01-01&to=2025-01-03"
    first, second = member.get(asked).text, member.get(f"{asked}&page=2").text
    assert "1–50 of 55" in first
    assert "51–55 of 55" in second
    assert "Old 54." in first
    assert "Old 54." not in second
    upwards = member.get(f"{asked}&sort=since&order=asc").text
    assert 'aria-sort="ascending"' in upwards
    assert "Old 0." in upwards
    one_day = member.get("/alarms/history?cell=E3C1&from=2025-01-02&to=2025-01-02").text
    assert "1–24 of 24" in one_day
    for wrong, words in (("from=31/02/2025", "Not a date"), ("from=2025-01-03&to=2025-01-01", "before the start")):
        assert words in member.get(f"/alarms/history?{wrong}").text
    for wrong in ("page=0", "page=999999999", "page=x"):
        assert member.get(f"/alarms/history?{wrong}").status_code in {400, 422}
    assert member.get(f"/alarms/history?severity={EVIL}&state=x&cell=nowhere&sort=x&order=x").status_code == 200


def test_statistics_count_days_nuisances_waiting_and_share(technician: Visitor, station: Station) -> None:
    begin = times.from_text("2024-06-03T10:00:00Z")
    for number in range(3):
        raise_alarm(station.sessions, "E4C1", "rh-high", since=begin + timedelta(days=number),
                    lasts=timedelta(hours=2), text="RH high")  # fmt: skip
    raise_alarm(station.sessions, "E4C1", "door", severity="major", since=begin, lasts=timedelta(hours=1))
    answer = technician.client.get(
        "/api/alarms/statistics?from=2024-06-03T00:00:00Z&to=2024-06-06T00:00:00Z",
        headers={"cookie": f"octopus_session={technician.secret}"},
    )
    found = answer.json()
    assert found["raised"] == 4
    assert [(one["total"], one["by_severity"]) for one in found["days"][:2]] == [
        (2, {"warning": 1, "major": 1}), (1, {"warning": 1})]  # fmt: skip
    assert [(one["code"], one["times"]) for one in found["worst"]] == [("rh-high", 3), ("door", 1)]
    assert found["share"] == pytest.approx(6 / 72)
    assert found["share_grave"] == pytest.approx(1 / 72)
    assert found["waiting"] == {"acknowledged": 0, "never": 4, "median": None, "slowest_tenth": None}
    for wrong in ("from=2024-06-06T00:00:00Z&to=2024-06-03T00:00:00Z", "from=2020-01-01T00:00:00Z", "from=yesterday"):
        refused = technician.client.get(
            f"/api/alarms/statistics?{wrong}", headers={"cookie": f"octopus_session={technician.secret}"}
        )
        assert refused.status_code in {400, 422}, wrong
    raise_alarm(station.sessions, "E4C2", "fresh", since=times.now() - timedelta(minutes=10))
    page = technician.get("/alarms/statistics?days=7")
    assert (page.status_code, "The ten worst nuisances" in page.text) == (200, True)
    assert technician.get(f"/alarms/statistics?days={EVIL}").status_code == 200


def test_the_api_acknowledges_shelves_and_tells_who_was_first(pages: TestClient[Any], station: Station) -> None:
    ada = visit(pages, station, station.add("ada", Role.TECHNICIAN))
    number = raise_alarm(station.sessions, "E5C1", "api")
    made = pages.post(
        "/api/alarms/1/acknowledge", json={"comment": "x"}, headers={"cookie": f"octopus_session={ada.secret}"}
    )
    assert made.status_code == 403, "a cookie alone forges nothing"
    secret = create_token(station.sessions, station.technician, TokenDraft(name="t", scope="all")).secret
    headers = {"Authorization": f"Bearer {secret}"}
    done = pages.post(f"/api/alarms/{number}/acknowledge", json={"comment": "seen"}, headers=headers)
    assert (done.status_code, done.json()["state"]) == (200, "acknowledged")
    again = pages.post(f"/api/alarms/{number}/acknowledge", json={}, headers=headers)
    assert (again.status_code, again.json()["current"]["acknowledged_by"]) == (409, "Technician")
    assert pages.post(f"/api/alarms/{number}/shelve", json={"minutes": 5}, headers=headers).status_code == 200
    assert pages.post(f"/api/alarms/{number}/unshelve", json={}, headers=headers).status_code == 200
    long = pages.post(f"/api/alarms/{number}/acknowledge", json={"comment": "x" * 100_000}, headers=headers)
    assert long.status_code in {400, 422}
    listed = pages.get("/api/alarms?cell=E5C1", headers=headers).json()
    assert [one["id"] for one in listed["alarms"]] == [number]
    history = pages.get(f"/api/alarms/{number}", headers=headers).json()
    assert [one["change"] for one in history["transitions"]] == ["raised", "acknowledged", "shelved", "unshelved"]
    assert pages.get("/api/alarms?severity=purple", headers=headers).status_code == 422
    assert pages.get("/api/alarms?since=yesterday", headers=headers).status_code == 422
    condition = {"place": "E5C1", "code": "api", "out": True, "comment": "why"}
    assert pages.post("/api/alarms/service", json=condition, headers=headers).json()[-1]["comment"] == "why"
