"""Many at the door, and a directory that hangs, do not hold up those who are inside."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine

from facility.acting.secret_texts import form_token
from facility.people.ldap_settings import LdapSettings
from schemas.site import Site
from service.settings import BrokerSettings
from service.threads import Threads
from tests.services.process import wait_for
from tests.web.conftest import member_token
from web.app import create_app
from web.http.auth import FORM_COOKIE, FORM_FIELD
from web.settings import WebSettings
from web.threads import WebThreads

SECRET = "a-cookie-of-a-visitor"
SECONDS = 4.0  # longer than a busy machine needs for two pages


@pytest.fixture
def hanging(engine: Engine, site: Site) -> Iterator[TestClient[Any]]:
    """The application with a directory that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        ldap = LdapSettings(
            url=f"ldap://127.0.0.1:{silent.getsockname()[1]}",
            unencrypted=True,
            timeout=SECONDS,
            user_dn="uid={login},dc=example",
        )
        settings = WebSettings(broker=BrokerSettings(port=1), ldap=ldap)
        with TestClient(create_app(settings, site, engine)) as client:
            client.headers["Authorization"] = f"Bearer {member_token(engine)}"
            assert client.get("/api/experiments").status_code == 200
            yield client


def log_in(client: TestClient[Any], number: int) -> int:
    fields = {"login": f"somebody{number}", "password": "not the right one", FORM_FIELD: form_token(SECRET)}
    headers = {"cookie": f"{FORM_COOKIE}={SECRET}", "authorization": "", "accept": "text/html"}
    return client.post("/login", data=fields, headers=headers, follow_redirects=False).status_code


def test_pages_answer_while_the_directory_hangs(hanging: TestClient[Any]) -> None:
    with ThreadPoolExecutor(12) as visitors:
        logins = [visitors.submit(log_in, hanging, number) for number in range(12)]
        answered = 0
        while not any(login.done() for login in logins):
            assert hanging.get("/api/experiments").status_code == 200
            answered += not any(login.done() for login in logins)
    assert {login.result() for login in logins} == {401}
    # One may come before the logins; behind them, each would wait until one of them has ended.
    assert answered >= 2


def test_more_than_a_crowd_is_asked_to_come_back(engine: Engine, site: Site) -> None:
    threads, opened = WebThreads(login=Threads("login", 1, most=2)), Event()
    for _ in range(2):
        threads.login.submit(opened.wait, 60)
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), site, engine, threads=threads)) as client:
        assert log_in(client, 1) == 429
        opened.set()
        wait_for(lambda: log_in(client, 1) == 401, "somebody may log in again")
    assert threads.close()
