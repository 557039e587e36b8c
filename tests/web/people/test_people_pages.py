"""Registering, logging in, one's account and everybody's, as a browser meets them."""

import re
from typing import Any

import pytest
from litestar.testing import TestClient

from facility.people.people import get_person
from facility.people.tokens import TokenDraft, create_token, list_tokens
from tests.facility.conftest import PASSWORD, Station
from tests.web.visitor import Visitor, visit
from web.http.auth import FORM_COOKIE, FORM_FIELD, SESSION_COOKIE

EVIL = "<script>alert(1)</script>'; DROP TABLE person; --"


def send(pages: TestClient[Any], path: str, fields: dict[str, str]) -> Any:
    """Send a form as somebody who is not logged in: its token comes with the page and a cookie."""
    pages.cookies.clear()
    page = pages.get(path, headers={"accept": "text/html", "cookie": "language=en"})
    token = re.search(rf'name="{FORM_FIELD}" value="([^"]+)"', page.text)
    assert token is not None
    cookies = f"language=en; {FORM_COOKIE}={page.cookies[FORM_COOKIE]}"
    pages.cookies.clear()
    return pages.post(
        path,
        data=fields | {FORM_FIELD: token[1]},
        headers={"accept": "text/html", "cookie": cookies},
        follow_redirects=False,
    )


def test_a_request_for_an_account_waits_and_tells_nothing(
    pages: TestClient[Any], station: Station, admin: Visitor
) -> None:
    form = {"name": EVIL, "email": "eve@example.org", "password": PASSWORD, "again": PASSWORD, "note": EVIL}
    first, second = (send(pages, "/register", form) for _ in range(2))
    assert [(one.status_code, one.headers["location"]) for one in (first, second)] == [(303, "/register?done=true")] * 2
    page = admin.get("/people?state=pending").text
    assert page.count("eve@example.org") == 1
    assert "<script>alert" not in page
    early = send(pages, "/login", {"login": "eve@example.org", "password": PASSWORD})
    assert (early.status_code, "approval" in early.text) == (401, True)
    number = int(re.search(r'id="person-(\d+)"', page)[1])  # type: ignore[index] # one row
    fields = {"version": get_person(station.sessions, station.admin, number).version, "state": "active"}
    assert admin.post(f"/people/{number}", fields | {"role": "emperor"}).status_code == 422
    assert admin.post(f"/people/{number}", fields | {"role": "member"}).status_code == 303
    stale = admin.post(f"/people/{number}", fields | {"role": "admin"})
    assert (stale.status_code, "in the meantime" in stale.text) == (409, True)
    done = send(pages, "/login", {"login": "eve@example.org", "password": PASSWORD, "next": "//evil.example.org"})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert "HttpOnly" in done.headers["set-cookie"]
    assert "SameSite=Lax" in done.headers["set-cookie"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"again": "another"}, "The two passwords differ."),
        ({"email": "no address"}, "Not an e-mail address."),
        ({"name": ""}, "Required."),
        ({"name": "x" * 10_000}, "Too long"),
        ({"note": "x" * 10_000}, "Too long"),
    ],
)
def test_what_cannot_be_registered_is_said_and_the_rest_stays_typed(
    pages: TestClient[Any], fields: dict[str, str], words: str
) -> None:
    form = {"name": "Zoé", "email": "zoe@example.org", "password": PASSWORD, "again": PASSWORD, "note": "why not"}
    answer = send(pages, "/register", form | fields)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert PASSWORD not in answer.text
    assert "why not" in answer.text or "note" in fields


def test_a_wrong_password_and_an_unknown_name_look_alike(pages: TestClient[Any]) -> None:
    answers = [
        send(pages, "/login", {"login": name, "password": "not this one at all"}) for name in ("admin", "nobody")
    ]
    assert [one.status_code for one in answers] == [401, 401]
    plain = [re.sub(r'value="[^"]*"', "", one.text) for one in answers]
    assert plain[0] == plain[1]


def test_a_token_is_shown_once_and_nobody_revokes_anothers(member: Visitor, station: Station) -> None:
    made = member.post("/account/tokens", {"name": EVIL, "scope": "read", "days": ""})
    secret = re.search(r'class="secret"[^>]*>([^<]+)<', made.text)
    assert secret is not None
    assert "<script>alert" not in made.text
    again = member.get("/account").text
    assert secret[1] not in again
    assert secret[1][:6] in again
    asked = member.client.get("/api/experiments", headers={"authorization": f"Bearer {secret[1]}"})
    assert asked.status_code == 200
    other = create_token(station.sessions, station.admin, TokenDraft(name="of the admin"))
    assert member.post(f"/account/tokens/{other.id}/revoke", {}).status_code == 404
    own = list_tokens(station.sessions, station.member)[0].id
    assert member.post(f"/account/tokens/{own}/revoke", {}).status_code == 303
    asked = member.client.get("/api/experiments", headers={"authorization": f"Bearer {secret[1]}"})
    assert asked.status_code == 401


def test_another_browser_is_logged_out_and_anothers_is_not(
    pages: TestClient[Any], station: Station, member: Visitor, admin: Visitor
) -> None:
    second = visit(pages, station, station.member)
    assert second.get("/account").status_code == 200
    sessions = re.findall(r'action="/account/sessions/(\d+)/end"', member.get("/account").text)
    foreign = re.findall(
        r'action="/account/sessions/(\d+)/end"', visit(pages, station, station.admin).get("/account").text
    )
    assert sessions
    assert foreign
    assert member.post(f"/account/sessions/{foreign[0]}/end", {}).status_code == 404
    assert [member.post(f"/account/sessions/{one}/end", {}).status_code for one in sessions] == [303] * len(sessions)
    assert second.get("/account").headers["location"] == "/login?next=/account"
    assert admin.get("/account").status_code == 200


def test_a_form_of_another_site_or_with_anothers_token_changes_nothing(member: Visitor, admin: Visitor) -> None:
    stolen = re.search(rf'name="{FORM_FIELD}" value="([^"]+)"', admin.get("/account").text)
    assert stolen is not None
    for token in ("", "forged", stolen[1]):
        answer = member.client.post(
            "/account",
            data={"name": "Mallory", FORM_FIELD: token},
            headers={"accept": "text/html", "cookie": f"{SESSION_COOKIE}={member.secret}"},
            follow_redirects=False,
        )
        assert answer.status_code == 403
    assert "Mallory" not in member.get("/account").text


def test_the_last_admin_stays_and_is_told_why(admin: Visitor, station: Station) -> None:
    number = station.admin.id or 0
    version = get_person(station.sessions, station.admin, number).version
    for change in ({"role": "member"}, {"state": "deactivated"}):
        answer = admin.post(f"/people/{number}", {"version": version} | change, language="fr")
        assert answer.status_code in {409, 422}
        assert "dernier administrateur" in answer.text
    assert admin.get("/people").status_code == 200


def test_a_link_sets_a_password_once(pages: TestClient[Any], admin: Visitor, station: Station) -> None:
    number = station.technician.id or 0
    made = admin.post(f"/people/{number}/password-link", {})
    path = re.search(r"/password/[^<\s]+", made.text)
    assert path is not None
    new = {"password": "une toute autre phrase", "again": "une toute autre phrase"}
    assert send(pages, path[0], new).headers["location"] == "/login?done=password"
    again = pages.get(path[0], headers={"accept": "text/html"})
    assert again.status_code == 404
    assert "This link was used" in again.text or "Ce lien" in again.text
    assert send(pages, "/login", {"login": "technician", "password": new["password"]}).status_code == 303
