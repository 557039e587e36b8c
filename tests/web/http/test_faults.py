"""What a fault is answered with: an outage, a conflict and a bug differ, and no bytes of a visitor make a bug."""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from litestar import Litestar, get
from litestar.testing import TestClient
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import OperationalError

from schemas import times
from schemas.site import Site
from schemas.tables import Publisher
from service.settings import BrokerSettings
from service.threads import Busy
from tests.web.conftest import member_token
from web.app import create_app
from web.settings import WebSettings

PAGE = {"accept": "text/html"}
Fault = Callable[[Engine], object]


def _twice(engine: Engine) -> None:
    now = times.now()
    row = {"id": "p", "unit_id": 1, "last_sequence": 0, "stored": 0, "rejected": 0, "repeated": 0}
    with engine.begin() as connection:
        connection.execute(insert(Publisher).values(row | {"first_seen_at": now, "last_seen_at": now}))
        connection.execute(insert(Publisher).values(row | {"first_seen_at": now, "last_seen_at": now}))


def _statement(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


def _raise(error: Exception) -> None:
    raise error


@pytest.fixture(scope="module")
def app(shared: Engine, site: Site) -> Litestar:
    """The application with one more page, which fails as it is told."""
    app = create_app(WebSettings(broker=BrokerSettings(port=1)), site, shared)

    @get("/faulty", opt={"access": "anyone"}, sync_to_thread=True)
    def fail() -> None:
        app.state.fault(shared)

    app.register(fail)
    return app


def ask_for(app: Litestar, fault: Fault, headers: dict[str, str]) -> Any:
    app.state.fault = fault
    return TestClient(app, raise_server_exceptions=False).get("/faulty", headers=headers)


@pytest.mark.parametrize(
    ("fault", "status", "logged"),
    [
        (_twice, 409, False),
        (lambda engine: _statement(engine, "SELEKT 1"), 500, True),
        (lambda engine: _statement(engine, "SELECT absent FROM unit"), 500, True),
        (lambda engine: _statement(engine, "SELECT * FROM nowhere"), 500, True),
        (lambda _: _raise(KeyError("x")), 500, True),
        (lambda _: _raise(OperationalError("", {}, ConnectionError("not the driver's"))), 500, True),
        (lambda _: _raise(Busy()), 503, False),
    ],
    ids=["twice", "syntax", "column", "table", "key", "strange", "busy"],
)
def test_outage_conflict_and_bug_are_told_apart(
    app: Litestar,
    caplog: pytest.LogCaptureFixture,
    fault: Fault,
    status: int,
    logged: bool,  # noqa: FBT001 - from the table above
) -> None:
    for headers in ({}, PAGE):
        caplog.clear()
        with caplog.at_level(logging.INFO, "web.http.errors"):
            answer = ask_for(app, fault, headers)
        assert answer.status_code == status
        assert bool([one for one in caplog.records if one.exc_info]) is logged
        assert ("retry-after" in answer.headers) is (status == 503)
        assert "Traceback" not in answer.text


def test_a_page_of_a_fault_that_fails_itself_leaves_words(
    app: Litestar, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.http.errors.page_context", lambda _request: _raise(ValueError("the page fails as well")))
    answer = ask_for(app, lambda _: _raise(KeyError("the first fault")), PAGE)
    assert answer.status_code == 500
    assert answer.text == "500 Internal Server Error: this is a fault of Octopus; it has been logged\n"
    assert "the first fault" in caplog.text
    assert "the page fails as well" in caplog.text


# Encoded and raw bytes that are no UTF-8, half a surrogate pair, NUL, what cannot be decoded, and what is no number.
BYTES = (b"%ff%fe", b"\xff\xfe", b"%00", b"%ed%a0%80", b"\xed\xa0\x80", b"%", b"%zz", b"9" * 400, b"-1", b"1e999")
HOSTS = (b"a:b", b"x:99999999", b"[::", b"\xff", b"")
NAMES = (b"from", b"to", b"parameters", b"limit", b"search", b"state", b"done", b"next", b"token", b"person", b"points")
HEADERS = (b"accept-language", b"authorization", b"if-none-match", b"content-type", b"x-csrf-token", b"referer")
COOKIES = (b"octopus_session", b"octopus_form", b"language", b"theme")
FORM = (b"code", b"title", b"name", b"email", b"login", b"password", b"reason", b"state", b"experiment")
JSON = (
    b'{"code":"\\ud800","title":"\\ud800","name":"\\ud800","reason":"\\ud800","scope":"read"}',
    b'{"code":"A","title":"x\\u0000","state":"planned","planned_start":"2026-01-01","planned_end":"2026-02-01"}',
    b'{"code":"B","title":"\\udfff","state":"planned","planned_start":"2026-01-01","planned_end":"2026-02-01"}',
    b'{"name":"\xed\xa0\x80"}', b'{"\\ud800":1}', b'"\\ud800"',
    b'{"experiment":1e400,"cells":["E1C1\\u0000"]}', b"\xff",
)  # fmt: skip


def requests(app: Litestar, token: bytes) -> Iterator[dict[str, Any]]:
    """Yield hostile requests to every route."""
    known = (b"authorization", b"Bearer " + token)
    page = (b"accept", b"text/html")
    for route in app.routes:
        methods = set(getattr(route, "methods", {"GET"})) - {"OPTIONS", "HEAD"}
        if route.path in {"/live", "/faulty"}:
            continue
        path = re.sub(r"\{[^}]*\}", "E1C1", re.sub(r"\{\w+:int\}", "1", route.path))
        for bad in BYTES:
            for mode in ("replace", "surrogateescape"):
                decoded = unquote_to_bytes(bad).decode("utf-8", mode)
                yield {"path": decoded.join(re.split(r"\{[^}]*\}", route.path)), "headers": [known]}
            yield {"path": path, "query": b"&".join(name + b"=" + bad for name in NAMES), "headers": [known, page]}
            cookies = b"; ".join(
                name + b"=" + bad for name in (b"octopus_session", b"octopus_form", b"language", b"theme")
            )
            for method in methods:
                yield {
                    "path": path,
                    "method": method,
                    "headers": [(name, bad) for name in HEADERS] + [(b"cookie", cookies)],
                }
                if method != "GET":
                    form = (b"content-type", b"application/x-www-form-urlencoded")
                    body = b"&".join(name + b"=" + bad for name in FORM)
                    yield {"path": path, "method": method, "headers": [known, form], "body": body}
        for host in HOSTS:
            yield {"path": path, "headers": [(b"host", host), page]}
            yield {"path": f"{path}/nowhere", "headers": [(b"host", host), page]}
        for content in JSON:
            for method in methods - {"GET"}:
                json = (b"content-type", b"application/json")
                yield {"path": path, "method": method, "headers": [known, json], "body": content}


async def ask(
    app: Litestar, *, path: str, method: str = "GET", query: bytes = b"", headers: Any, body: bytes = b""
) -> int:
    """Ask the application itself: a client would not send such bytes."""
    named = headers if any(name == b"host" for name, _ in headers) else [(b"host", b"x"), *headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode("utf-8", "surrogateescape"), "query_string": query, "root_path": "",
        "headers": named, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    status: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            status.append(message["status"])

    await app(scope, receive, send)  # type: ignore[arg-type]
    return status[0]


def test_no_bytes_of_a_visitor_are_a_fault_of_ours(
    app: Litestar, shared: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    token = member_token(shared).encode()

    async def all_of_them() -> list[tuple[int, dict[str, Any]]]:
        return [(await ask(app, **one), one) for one in requests(app, token)]

    answered = asyncio.run(all_of_them())
    assert len(answered) > 1000
    assert [one for one in answered if one[0] == 500] == []
    assert not [one for one in caplog.records if one.exc_info]
