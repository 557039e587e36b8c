"""What no browser of ours would send: bodies too large, too many, of the wrong kind; and what is kept of them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from litestar._parsers import parse_url_encoded_form_data
from litestar.testing import TestClient
from sqlalchemy import Engine, select

from facility.acting.acts import Actor
from facility.acting.permissions import Role
from facility.acting.secret_texts import form_token
from facility.people.tokens import TokenDraft, create_token
from schemas.tables import Person
from storage.database import write_sessions
from web.http.auth import FORM_COOKIE, FORM_FIELD
from web.http.form_bodies import LARGEST_BODY, MOST_FIELDS


@pytest.fixture
def technician(client: TestClient[Any], shared: Engine) -> Iterator[TestClient[Any]]:
    sessions, kept = write_sessions(shared), client.headers["Authorization"]
    with sessions() as session:
        number = session.scalars(select(Person.id).where(Person.login == "technician")).one()
    actor = Actor(number, "technician", "Technician", Role.TECHNICIAN, "web")
    client.headers["Authorization"] = f"Bearer {create_token(sessions, actor, TokenDraft(name='test')).secret}"
    yield client
    client.headers["Authorization"] = kept


SECRET = "a-cookie-of-a-visitor"
FORM = "application/x-www-form-urlencoded"


def post(client: TestClient[Any], content: bytes, kind: str = FORM, token: str = "") -> Any:
    headers = {"content-type": kind, "cookie": f"{FORM_COOKIE}={SECRET}", "authorization": "", "accept": "text/html"}
    if token:
        headers["x-csrf-token"] = token
    return client.post("/login", content=content, headers=headers, follow_redirects=False)


@pytest.mark.parametrize("token", ["", form_token(SECRET)])
def test_no_form_stays_in_memory(client: TestClient[Any], token: str) -> None:
    before = parse_url_encoded_form_data.cache_info().currsize
    answer = post(client, urlencode({"login": "nobody", "password": f"not to be kept {token}"}).encode(), token=token)
    assert answer.status_code == (401 if token else 403)
    assert parse_url_encoded_form_data.cache_info().currsize == before


def test_a_body_that_is_larger_than_any_form_is_refused(client: TestClient[Any]) -> None:
    assert post(client, b"login=" + b"a" * LARGEST_BODY).status_code == 413


def test_more_fields_than_any_form_has_are_refused(client: TestClient[Any]) -> None:
    assert post(client, b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1))).status_code == 400


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/json",
        "text/plain; charset=utf-99",
        "nonsense",
        "",
    ],
)
@pytest.mark.parametrize("charset", ["", "\r\nContent-Type: text/plain; charset=utf-99"])
def test_only_forms_are_read_as_forms(client: TestClient[Any], kind: str, charset: str) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name="{FORM_FIELD}"{charset}\r\n\r\n'
    body = head.encode() + form_token(SECRET).encode() + b"\xff\r\n--x--\r\n"
    assert post(client, body, kind).status_code == 403


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b'{"code":' + b"9" * 6000 + b"}", b"\xff"])
def test_json_of_no_use_is_refused(technician: TestClient[Any], content: bytes) -> None:
    answer = technician.post("/api/experiments", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_letters_that_are_none_are_shown_as_such(client: TestClient[Any]) -> None:
    fields = f"{FORM_FIELD}={form_token(SECRET)}&login=%ff\xe9%00&login=b&password=x".encode("latin-1")
    assert post(client, fields).status_code == 401


@pytest.mark.parametrize("path", ["/", "/login", "/cells/E1C1", "/api/units", "/plan", "/manifest.webmanifest"])
def test_a_head_is_answered_like_a_get(client: TestClient[Any], path: str) -> None:
    assert client.head(path).status_code == 200


def test_a_head_of_the_stream_does_not_wait_for_its_end(client: TestClient[Any]) -> None:
    assert client.head("/live").status_code == 405


@pytest.mark.parametrize(
    "path", ["/api/experiments", "/api/cells/E1C1/readings.csv", "/api/account", "/schema", "/password/unknown"]
)
def test_nothing_personal_is_kept_on_the_way(client: TestClient[Any], path: str) -> None:
    assert client.get(path).headers["cache-control"] == "no-store"
