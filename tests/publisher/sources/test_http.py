"""A real HTTP server that answers, hangs, drips, talks nonsense, fails and goes away."""

import base64
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from publisher.sources.http import Settings, open_source
from publisher.sources.http_paths import Absent, find, parse_path
from publisher.sources.source import Source
from schemas import times
from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import drive
from tests.services.process import free_port, wait_for

DOCUMENT = {
    "time": "2026-11-23T14:28:23Z",
    "cells": [
        {"name": "E2C1", "air": {"return": 18.02, "setpoint": None}, "door": "closed", "co2": "412"},
        {"name": "E2C2", "air": {"return": 21.5, "setpoint": 21}, "door": "open", "co2": 415},
    ],
}
VALUES = {
    "air_temperature": "air.return",
    "air_temperature_setpoint": "air.setpoint",
    "co2": "co2",
    "door": {"path": "door", "words": {"open": 1, "closed": 0}},
}
CELLS = [{"cell": cell, "path": f"cells[name={cell}]", "values": VALUES} for cell in ("E2C1", "E2C2")]

Behaviour = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Answers by `behave`, which a test exchanges while it runs."""

    def __init__(self) -> None:
        self.behave: Behaviour = says(DOCUMENT)
        self.asked = 0
        self.headers: list[dict[str, str]] = []
        self.over = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked += 1
                outer.headers.append(dict(self.headers))
                try:
                    outer.behave(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the source has left, as it should

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def sends(body: bytes, status: int = 200, length: int | None = None, kind: str = "application/json") -> Behaviour:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def says(document: Any) -> Behaviour:
    return sends(json.dumps(document).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


def open_http(site: Site, *urls: str, **more: Any) -> Source:
    raw = {"kind": "http", "urls": urls, "interval": 0.05, "timeout": 0.5, "cells": CELLS} | more
    return open_source(Settings.model_validate(raw), site, site.unit_by_code["ecolab-2"])


def changed(**more: Any) -> dict[str, Any]:
    return json.loads(json.dumps(DOCUMENT)) | more


def test_every_cell_is_read_and_missing_is_not_zero(site: Site, server: Server) -> None:
    before = times.now()
    result = drive(open_http(site, server.url), most=1)
    assert result.faults == []
    assert [(sample.cell, dict(sample.values)) for sample in result.samples] == [
        ("E2C1", {"air_temperature": 18.02, "air_temperature_setpoint": None, "co2": 412, "door": 0}),
        ("E2C2", {"air_temperature": 21.5, "air_temperature_setpoint": 21, "co2": 415, "door": 1}),
    ]
    assert before <= result.samples[0].observed_at <= times.now(), "without a time of its own: when it was asked"


def test_a_server_whose_time_stands_still_gives_nothing_new(site: Site, server: Server) -> None:
    timed = {"time": {"path": "time"}}

    def later() -> None:
        server.behave = says(changed(time="2026-11-23T14:28:33Z"))

    source = open_http(site, server.url, **timed)
    result = drive(source, None, lambda: None, lambda: None, later, lambda: None)
    assert [at for at, _ in result.values("co2", "E2C1")] == [
        datetime(2026, 11, 23, 14, 28, 23, tzinfo=UTC),
        datetime(2026, 11, 23, 14, 28, 33, tzinfo=UTC),
    ]
    assert drive(open_http(site, server.url, **timed), result.position, lambda: None).samples == [], (
        "nor after restarts"
    )


def test_the_servers_local_time_in_the_repeated_hour(site: Site, server: Server) -> None:
    clock = {"time": {"path": "time", "formats": ["%d/%m/%Y %H:%M"], "timezone": "Europe/Paris"}}
    texts = ["25/10/2026 02:40", "25/10/2026 02:50", "25/10/2026 02:00", "25/10/2026 02:10"]

    def set_to(text: str) -> Callable[[], None]:
        return lambda: setattr(server, "behave", says(changed(time=text)))

    set_to(texts[0])()
    result = drive(open_http(site, server.url, **clock), None, *map(set_to, texts[1:]))
    assert [(at.hour, at.minute) for at, _ in result.values("co2", "E2C1")] == [(0, 40), (0, 50), (1, 0), (1, 10)]


@pytest.mark.parametrize(
    ("behave", "told"),
    [
        (sends(b"<html>Wartung</html>", kind="text/html"), "no whole JSON"),
        (sends(b'{"cells": [{"name": "E2C1", "air"'), "no whole JSON"),
        (sends(b"", 500), "answers 500"),
        (sends(b"{}", 302), "answers 302"),
        (sends(b"", 204), "answers 204"),
        (sends(b"[" * 60_000), "more levels than can be read"),
        (sends(b" " * 70_000), "more than 65536 bytes"),
        (sends(b"{}", length=50), "does not answer (breaks off)"),
        (sends(b"\xff\xfe\x00"), "no whole JSON"),
    ],
    ids=["html", "truncated", "500", "redirect", "nothing", "deep", "huge", "short", "binary"],
)
def test_garbage_is_told_once_and_survived(site: Site, server: Server, behave: Behaviour, told: str) -> None:
    server.behave = behave

    def heal() -> None:
        server.behave = says(DOCUMENT)

    source = open_http(site, server.url, max_bytes=65536)
    result = drive(source, None, lambda: None, lambda: None, heal, lambda: None)
    assert len(result.faults) == 1, "three answers of the same garbage are one fault"
    assert told in result.reasons[0]
    assert len(result.faults[0].raw) <= 200
    assert len(result.samples) >= 2


def test_single_values_of_the_wrong_kind_cost_only_themselves(site: Site, server: Server) -> None:
    document = changed()
    first, second = document["cells"]
    first |= {"air": {"return": float("nan"), "setpoint": "warm"}, "co2": [412], "door": True}
    second |= {"air": "off", "co2": float("inf")}
    server.behave = sends(json.dumps(document).encode())
    result = drive(open_http(site, server.url), None, lambda: None)
    assert [dict(sample.values) for sample in result.samples][:2] == [
        {"air_temperature": None, "door": 1},
        {"door": 1},
    ]
    assert result.reasons == [
        "E2C1 air_temperature_setpoint: a text where a number should be",
        "E2C1 co2: a list where a number should be",
        "E2C2 air_temperature: nothing at air.return: no 'return'",
        "E2C2 air_temperature_setpoint: nothing at air.setpoint: no 'setpoint'",
        "E2C2 co2: inf is no number that can be stored",
    ]


@pytest.mark.parametrize("time_of_it", ["soon", 7, True, None, {"a": 1}, "2026-99-99T00:00:00Z"])
def test_a_time_that_is_none_is_told(site: Site, server: Server, time_of_it: Any) -> None:
    server.behave = says(changed(time=time_of_it))
    result = drive(open_http(site, server.url, time={"path": "time"}), None, lambda: None)
    assert result.samples == []
    assert len(result.faults) == 2, "one for each cell, once"
    assert all("time" in reason for reason in result.reasons)


def test_a_server_that_hangs_or_drips_is_left_in_time(site: Site, server: Server) -> None:
    def hang(handler: BaseHTTPRequestHandler) -> None:
        server.over.wait(20)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        sends(b"{", length=1000)(handler)
        while not server.over.wait(0.1):
            handler.wfile.write(b" ")

    for behave in (hang, drip):
        server.behave = behave
        started = time.monotonic()
        result = drive(open_http(site, server.url, timeout=0.4))
        assert "no whole answer within 0.4 s" in result.reasons[0] or "time-out" in result.reasons[0]
        assert time.monotonic() - started < 3


def test_a_stop_does_not_wait_for_a_server_that_hangs(site: Site, server: Server) -> None:
    def hang(handler: BaseHTTPRequestHandler) -> None:
        server.over.wait(20)

    server.behave = hang
    stop = Event()
    source = open_http(site, server.url, timeout=60)
    reading = Thread(target=lambda: list(source.batches(None, stop)))
    reading.start()
    wait_for(lambda: server.asked, "the server is asked")
    stop.set()
    reading.join(3)
    assert not reading.is_alive()


def test_the_next_server_is_asked_where_the_first_is_gone(site: Site, server: Server) -> None:
    gone = f"http://127.0.0.1:{free_port()}/"
    result = drive(open_http(site, gone, server.url), most=1)
    assert len(result.samples) == 2
    result = drive(open_http(site, gone))
    assert result.reasons == [f"http: {gone} does not answer (connection refused or host unknown)"]


def test_a_server_that_is_gone_is_asked_less_and_less_often(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        waits: list[float] = []

        class Watch(Event):
            def wait(self, timeout: float | None = None) -> bool:
                waits.append(timeout or 0)
                if len(waits) == 6:
                    self.set()
                return self.is_set()

        list(open_http(site, f"http://127.0.0.1:{taken.getsockname()[1]}/", interval=10).batches(None, Watch()))
    assert [round(wait) for wait in waits] == [10, 20, 40, 60, 60, 60]


def test_credentials_go_to_the_server_and_nowhere_else(
    site: Site, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3same-open\n")
    caplog.set_level(logging.DEBUG)
    server.behave = sends(b"", 401)
    basic = drive(open_http(site, server.url, username="octopus", password_file=secret))
    bearer = drive(open_http(site, server.url, token_file=secret))
    assert server.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"octopus:s3same-open").decode()
    assert server.headers[-1]["Authorization"] == "Bearer s3same-open"
    assert "answers 401" in basic.reasons[0]
    assert "s3same" not in caplog.text + repr(basic) + repr(bearer)


def test_settings_that_cannot_be_meant_are_refused(site: Site, tmp_path: Path) -> None:
    for wrong in (
        {"urls": ["http://me:secret@127.0.0.1/"]},
        {"urls": ["ftp://127.0.0.1/"]},
        {"username": "me"},
        {"time": {"path": "a..b"}},
        {"time": {"path": "time", "formats": ["%H:%M"]}},
    ):
        with pytest.raises(ValueError, match="1 validation error"):
            open_http(site, "http://127.0.0.1/", **wrong)
    with pytest.raises(SettingsError, match="password_file"):
        open_http(site, "http://127.0.0.1/", username="me", password_file=tmp_path / "absent")
    with pytest.raises(SettingsError, match="did you mean co2"):
        open_http(site, "http://127.0.0.1/", cells=[{"cell": "E2C1", "values": {"co3": "x"}}])
    with pytest.raises(SettingsError, match="no cell E1C1"):
        open_http(site, "http://127.0.0.1/", cells=[{"cell": "E1C1", "values": {"co2": "x"}}])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", {"a": [{"id": 3, "b.c": 1}, {"id": 4, "b": {"0": 2}}]}),
        ("a[0].id", 3),
        ("a[-1].b.0", 2),
        ("a[id=4].id", 4),
        ("/a/0/b.c", 1),
        ("a.1.id", 4),
    ],
)
def test_paths(path: str, found: Any) -> None:
    assert find({"a": [{"id": 3, "b.c": 1}, {"id": 4, "b": {"0": 2}}]}, parse_path(path)) == found


@pytest.mark.parametrize("path", ["a[2]", "a[id=5]", "a.b", "b", "/a/x", "a[0].id.more"])
def test_paths_that_lead_nowhere(path: str) -> None:
    with pytest.raises(Absent):
        find({"a": [{"id": 3}]}, parse_path(path))
