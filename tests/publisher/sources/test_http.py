"""A real HTTP server that answers, hangs, drips, talks nonsense, fails and goes away."""

import base64
import gzip
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
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
from tests.publisher.sources.http_server import DOCUMENT, Behaviour, Server, says, sends
from tests.services.process import free_port, wait_for

VALUES = {
    "air_temperature": "air.return",
    "air_temperature_setpoint": "air.setpoint",
    "co2": "co2",
    "door": {"path": "door", "words": {"open": 1, "closed": 0}},
}
CELLS = [{"cell": cell, "path": f"cells[name={cell}]", "values": VALUES} for cell in ("E2C1", "E2C2")]


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
        (sends(b"[" * 60_000), "no whole JSON"),
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


ONE_CELL = [{"cell": "E2C1", "values": {"air_temperature": "T°", "co2": "co2"}}]


@pytest.mark.parametrize(
    "odd",
    [
        b"nan", b"-nan(ind)", b"1.#QNAN", b"NaN", b"", b"-", b"9" * 5000, b'"a\xb0"', b'"a\0b"', b'"a\nb"', b'"\\x"',
        b"[" * 5000 + b"]" * 5000, b"18,02",
    ],
    ids=lambda odd: repr(odd[:9]),
)  # fmt: skip
def test_what_nobody_reads_costs_nothing(site: Site, server: Server, odd: bytes) -> None:
    server.behave = sends('{"T°": 18.02, "odd": %b, "co2": 412}'.encode() % odd)
    result = drive(open_http(site, server.url, cells=ONE_CELL), most=1)
    assert result.faults == []
    assert dict(result.samples[0].values) == {"air_temperature": 18.02, "co2": 412}


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (b"nan", None), (b"-nan(ind)", None), (b"1.#QNAN", None), (b'"-1.#IND"', None), (b'"Nan"', None),
        (b"", None), (b'"\0"', None), (b'" NULL "', None), (b'"n/a"', None), (b'"412\0\0"', 412),
        (b'"\xe2\x88\x92412"', -412), (b'"1\xe2\x80\xaf412"', 1412),
    ],
    ids=repr,
)  # fmt: skip
def test_values_are_what_they_mean(site: Site, server: Server, written: bytes, value: float | None) -> None:
    server.behave = sends('{"T°": 18.02, "co2": %b}'.encode() % written)
    result = drive(open_http(site, server.url, cells=ONE_CELL), most=1)
    assert result.faults == []
    assert dict(result.samples[0].values) == {"air_temperature": 18.02, "co2": value}


@pytest.mark.parametrize("written", [b"9" * 5000, b"9" * 400, b"inf", b"1.#INF", b'"4\xb02"', b"18,02"])
def test_a_value_that_is_none_costs_itself(site: Site, server: Server, written: bytes) -> None:
    server.behave = sends('{"T°": 18.02, "co2": %b}'.encode() % written)
    result = drive(open_http(site, server.url, cells=ONE_CELL), None, lambda: None)
    assert dict(result.samples[0].values) == {"air_temperature": 18.02}
    assert len(result.faults) == 1
    assert result.reasons[0].startswith("E2C1 co2: ")
    result.faults[0].raw.encode()


@pytest.mark.parametrize(
    "around", [(b"\xef\xbb\xbf", b""), (b"", b"\0\0"), (b"\0", b""), (b"\xef\xbb\xbf\xef\xbb\xbf", b"\r\n\0")]
)
def test_marks_and_nuls_around_the_document(site: Site, server: Server, around: tuple[bytes, bytes]) -> None:
    server.behave = sends(around[0] + json.dumps(DOCUMENT).encode() + around[1])
    assert drive(open_http(site, server.url), most=1).values("co2", "E2C1")[0][1] == 412


@pytest.mark.parametrize(
    ("encoding", "kind", "more"),
    [
        ("latin-1", "application/json; charset=iso-8859-1", {}),
        ("cp1252", 'text/plain;charset="Windows-1252"', {}),
        ("utf-8", "application/json; charset=utf8", {}),
        ("utf-16", "application/json", {}),
        ("utf-16-le", "application/json; charset=utf-16le", {}),
        ("latin-1", "application/json", {"encoding": "latin-1"}),
        ("utf-8", "application/json; charset=x-unknown", {}),
    ],
)
def test_the_declared_encoding(site: Site, server: Server, encoding: str, kind: str, more: dict[str, str]) -> None:
    server.behave = sends('{"T°": "18.02 °C", "co2": 412}'.encode(encoding), kind=kind)
    cells = [{"cell": "E2C1", "values": {"air_temperature": {"path": "T°", "unit": "°C"}, "co2": "co2"}}]
    result = drive(open_http(site, server.url, cells=cells, **more), most=1)
    assert result.faults == []
    assert dict(result.samples[0].values) == {"air_temperature": 18.02, "co2": 412}


def test_a_packed_answer(site: Site, server: Server) -> None:
    server.behave = sends(gzip.compress(json.dumps(DOCUMENT).encode()), Content_Encoding="gzip")
    assert drive(open_http(site, server.url), most=1).values("co2", "E2C1")[0][1] == 412


@pytest.mark.parametrize(
    "written", ["-9999", "-9999.0", '"-9999,00"', '"-9999.0"', "-9999.900390625", '"-9999,9004"', "-9999.9", "-9.999E3"]
)
def test_missing_is_compared_as_the_number_meant(site: Site, server: Server, written: str) -> None:
    server.behave = sends(f'{{"co2": {written}}}'.encode())
    value = {"path": "co2", "missing": ["-9999", -9999.9], "decimal": ","}
    if "." in written and '"' in written:
        value["decimal"] = "."
    result = drive(open_http(site, server.url, cells=[{"cell": "E2C1", "values": {"co2": value}}]), most=1)
    assert result.faults == []
    assert result.values("co2")[0][1] is None


def test_scaling_is_done_in_decimal(site: Site, server: Server) -> None:
    server.behave = sends(b'{"T": 273.05, "U": "183"}')
    values = {
        "air_temperature": {"path": "T", "offset": -273.15},
        "rain_water_temperature": {"path": "U", "factor": 0.1},
    }
    result = drive(open_http(site, server.url, cells=[{"cell": "E2C1", "values": values}]), most=1)
    assert dict(result.samples[0].values) == {"air_temperature": -0.1, "rain_water_temperature": 18.3}


def test_texts_with_decimal_comma_and_unit(site: Site, server: Server) -> None:
    server.behave = says({"T": "18,02 °C", "H": "60,25%", "co2": "1 412,5 ppm", "m": "1.412,5", "o2": "20.9"})
    values = {
        "air_temperature": {"path": "T", "unit": "°C"},
        "relative_humidity": {"path": "H", "unit": "%"},
        "co2": {"path": "co2", "unit": "ppm"},
        "lysimeter_mass": "m",
        "o2": {"path": "o2", "decimal": "."},
    }
    spaced = open_http(site, server.url, cells=[{"cell": "E2C1", "values": values}], decimal=",", thousands=" ")
    assert dict(drive(spaced, most=1).samples[0].values) == {
        "air_temperature": 18.02, "relative_humidity": 60.25, "co2": 1412.5, "o2": 20.9,
    }  # fmt: skip
    pointed = open_http(site, server.url, cells=[{"cell": "E2C1", "values": values}], decimal=",", thousands=".")
    assert dict(drive(pointed, most=1).samples[0].values)["lysimeter_mass"] == 1412.5


def test_a_unit_or_comma_that_no_setting_names_is_told_once_with_the_setting(site: Site, server: Server) -> None:
    def now_is(text: str) -> Callable[[], None]:
        return lambda: setattr(server, "behave", says({"T": text, "H": "61 %"}))

    values = {"air_temperature": "T", "relative_humidity": {"path": "H", "unit": "°C"}}
    now_is("18,02 °C")()
    source = open_http(site, server.url, cells=[{"cell": "E2C1", "values": values}])
    result = drive(source, None, now_is("18,03 °C"), now_is("18,04 °C"))
    assert result.samples == []
    assert [(fault.reason, fault.raw) for fault in result.faults] == [
        (
            'E2C1 air_temperature: a text where a number should be; it would be one with decimal = "," and unit = "°C"',
            "18,02 °C",
        ),
        ('E2C1 relative_humidity: a text where a number should be; it would be one with unit = "%"', "61 %"),
    ]


def test_a_connection_closed_while_idle_costs_no_question(site: Site, server: Server) -> None:
    answered: set[Any] = set()

    def once_a_connection(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        if handler.client_address in answered:
            handler.close_connection = True  # the request came when the server had just had enough
            return
        answered.add(handler.client_address)
        handler.close_connection = False
        says(DOCUMENT)(handler)

    server.behave = once_a_connection
    result = drive(open_http(site, server.url), None, lambda: None, lambda: None, lambda: None)
    assert result.faults == []
    assert len(result.values("co2", "E2C1")) == 4
    assert server.asked > 4, "the kept connection was tried"


def test_a_fault_is_recorded_once_while_the_time_stands_still(site: Site, server: Server) -> None:
    def at(second: int) -> Callable[[], None]:
        document = changed(time=f"2026-11-23T14:28:{second:02d}Z")
        document["cells"][0]["co2"] = "much"
        return lambda: setattr(server, "behave", says(document))

    at(1)()
    source = open_http(site, server.url, time={"path": "time"})
    result = drive(source, None, lambda: None, at(2), lambda: None, at(3), lambda: None)
    assert len(result.values("air_temperature", "E2C1")) == 3
    assert result.reasons == ["E2C1 co2: a text where a number should be"]


def test_an_outage_does_not_make_old_faults_new(site: Site, server: Server) -> None:
    document = changed()
    document["cells"][0]["co2"] = "much"

    def answers(behave: Behaviour) -> Callable[[], None]:
        return lambda: setattr(server, "behave", behave)

    good, down, busy = says(document), sends(b"", 500), sends(b"", 502)
    server.behave = good
    steps = map(answers, (down, busy, down, busy, good, good, down, good))
    reasons = drive(open_http(site, server.url), None, *steps).reasons
    assert [reason.partition("answers ")[2] or reason for reason in reasons] == [
        "E2C1 co2: a text where a number should be",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "500 Internal Server Error",
    ]


def test_a_server_that_wants_to_be_left_alone_is(site: Site, server: Server) -> None:
    server.behave = sends(b"", 429, Retry_After="120")
    waits: list[float] = []

    class Watch(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0)
            self.set()
            return True

    list(open_http(site, server.url).batches(None, Watch()))
    assert [round(wait) for wait in waits] == [120]


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


def test_a_token_that_was_changed_in_its_file_needs_no_restart(site: Site, server: Server, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first\n")
    server.behave = sends(b"", 401)

    def change() -> None:
        secret.write_text("second\n")

    drive(open_http(site, server.url, token_file=secret), None, change)
    assert server.headers[0]["Authorization"] == "Bearer first"
    assert server.headers[-1]["Authorization"] == "Bearer second"


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
