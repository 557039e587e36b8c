"""The web server as a process, attacked from the network: memory, time, connections, cookies, what is closed."""

import re
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from schemas.site import Site
from tests.conftest import prepare_database
from tests.facility.conftest import PASSWORD, make_station
from tests.services.process import wait_for
from tests.web.conftest import WebServer
from web import server_limits
from web.server_limits import PlaceCounter, Proxies

HERE = {"OCTOPUS_WEB__PROXIES": "192.0.2.1"}  # loopback is no proxy here, so its requests are counted


class Server(WebServer):
    def answers(self) -> bool:
        """Tell whether it serves what everybody may see."""
        assert self.running, self.text()
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.base}/login", timeout=10).status_code == 200
        return False


class Station:
    """A database and servers on it, each on a port of its own."""

    def __init__(self, directory: Path, site: Site) -> None:
        self.directory, self.file = directory, directory / "octopus.sqlite"
        self.url = f"sqlite:///{self.file}"
        self.engine: Engine = prepare_database(self.url, site)
        make_station(self.engine)
        self.servers: list[Server] = []

    def serve(self, **more: str) -> Server:
        name = f"web{len(self.servers)}"
        server = Server(self.directory, broker=1, database=self.url, name=name, **more)
        self.servers.append(server)
        server.start()
        return server


@pytest.fixture
def served(tmp_path: Path, site: Site) -> Iterator[Station]:
    station = Station(tmp_path, site)
    yield station
    for server in station.servers:
        server.stop()
    station.engine.dispose()


def memory(server: Server) -> float:
    """Return the megabytes that the server holds."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{server.pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


ENDLESS = {
    "one header": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: ", b"a" * 65536),
    "many headers": (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n" * 8192),
    "address": (b"GET /", b"a" * 65536),
    "trailers": (
        b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"X-A: b\r\n" * 8192,
    ),
    "chunk extension": (b"POST /login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;a=", b"a" * 65536),
}  # fmt: skip


@pytest.mark.parametrize("what", ENDLESS)
def test_what_never_ends_is_cut_off_and_takes_no_memory(served: Station, what: str) -> None:
    server = served.serve()
    before = memory(server)
    start, more = ENDLESS[what]
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(start)
        try:
            while sent < 200_000_000:
                line.sendall(more)
                sent += len(more)
        except OSError:
            pass
    assert sent < 20_000_000, "it was read to the end"
    assert memory(server) - before < 20
    assert server.answers()


def test_a_long_header_that_ends_is_no_attack(served: Station) -> None:
    server = served.serve()
    assert httpx.get(f"{server.base}/login", headers={"x-long": "a" * 30_000}).status_code == 200


def test_a_slow_request_is_cut_off(served: Station) -> None:
    server = served.serve(OCTOPUS_WEB__HEAD_SECONDS="1", OCTOPUS_WEB__REQUEST_SECONDS="2")
    for text in (
        b"",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\na",
    ):
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
            line.sendall(text)
            with suppress(ConnectionResetError):
                while line.recv(65536):
                    assert time.monotonic() - began < 20
        assert time.monotonic() - began < 20
    # A live stream goes on for longer than any request may take to arrive.
    with httpx.stream("GET", f"{server.base}/live", timeout=30) as live:
        began, pieces = time.monotonic(), live.iter_raw()
        assert next(pieces)
        while time.monotonic() - began < 4:
            assert next(pieces)


def test_one_address_has_so_many_streams_and_connections(served: Station) -> None:
    server = served.serve(OCTOPUS_WEB__STREAMS_PER_ADDRESS="3", OCTOPUS_WEB__CONNECTIONS_PER_ADDRESS="20", **HERE)
    with ExitStack() as held:
        live = [held.enter_context(httpx.stream("GET", f"{server.base}/live", timeout=10)) for _ in range(3)]
        pieces = [one.iter_raw() for one in live]
        assert all(next(one).startswith(b"retry") for one in pieces)
        assert not free(server)
        assert httpx.get(f"{server.base}/login").status_code == 200
    wait_for(lambda: free(server), "an ended stream makes room")
    with ExitStack() as held:
        lines = [held.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(40)]
        wait_for(lambda: sum(closed(line) for line in lines) >= 20, "more than twenty are closed")
    wait_for(server.answers, "ended connections make room")


def free(server: Server) -> bool:
    with httpx.stream("GET", f"{server.base}/live", timeout=10) as live:
        return live.status_code == 200


def closed(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return line.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


def test_places_are_networks_and_proxies_are_not_counted() -> None:
    counter = PlaceCounter(2, Proxies("127.0.0.1, 10.0.0.0/8"))
    for address in ("2001:db8::1", "2001:db8::2"):
        assert not counter.full(address)
        counter.add(address)
    assert counter.full("2001:db8::3")
    assert not counter.full("2001:db8:0:1::1")
    for _ in range(5):
        counter.add("10.1.2.3")
    assert not counter.full("10.1.2.3")
    counter.remove("2001:db8::1")
    assert not counter.full("2001:db8::3")
    assert server_limits.LARGEST_HEAD <= 65536


def log_in(browser: httpx.Client, base: str, name: str = "member", **headers: str) -> httpx.Response:
    page = browser.get(f"{base}/login", headers={"accept": "text/html"} | headers)
    token = re.search(r'name="_token" value="([^"]+)"|name="\w+" value="([0-9a-f]{64})"', page.text)
    assert token is not None
    field = re.search(r'name="(\w+)" value="[0-9a-f]{64}"', page.text)
    assert field is not None
    form = {"login": name, "password": PASSWORD, field[1]: token[1] or token[2]}
    return browser.post(f"{base}/login", data=form, headers={"accept": "text/html"} | headers)


def test_two_instances_of_one_host_do_not_log_each_other_out(served: Station) -> None:
    one, other = served.serve(), served.serve()
    with httpx.Client() as browser:
        assert log_in(browser, one.base).status_code == 303
        assert log_in(browser, other.base, "technician").status_code == 303
        for server, name in ((one, "member"), (other, "technician")):
            assert browser.get(f"{server.base}/api/account").json()["login"] == name


def test_cookies_and_headers_where_there_is_tls(served: Station) -> None:
    # What the proxy says is believed of loopback.
    server = served.serve()
    tls = {"x-forwarded-proto": "https"}
    plain, secure = (httpx.get(f"{server.base}/login", headers=more) for more in ({}, tls))
    assert "strict-transport-security" not in plain.headers
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "base-uri 'none'" in plain.headers["content-security-policy"]
    assert "__Host-" not in plain.headers["set-cookie"]
    assert re.match(r"__Host-octopus_form_\d+=.*Path=/.*Secure", secure.headers["set-cookie"])
    with httpx.Client() as browser:
        # httpx does not send a Secure cookie over http: as the proxy would have it arrive.
        page = browser.get(f"{server.base}/login", headers=tls)
        jar = page.headers["set-cookie"].partition(";")[0]
        done = log_in(browser, server.base, cookie=jar, **tls)
    assert re.match(r"__Host-octopus_session_\d+=[^;]+;.*Path=/.*Secure", done.headers["set-cookie"])
    assert "Domain" not in done.headers["set-cookie"]
    # A neighbour in the domain can set a cookie, but not one of this name.
    name, _, value = done.headers["set-cookie"].partition(";")[0].partition("=")
    for cookie, status in ((f"{name}={value}", 200), (f"octopus_session={value}", 401)):
        answer = httpx.get(f"{server.base}/api/account", headers=tls | {"cookie": cookie})
        assert answer.status_code == status


CLOSED = ["/health", "/metrics", "/schema", "/manifest.webmanifest", "/", "/plan", "/wall", "/live", "/api/units"]


def test_what_is_not_public_is_closed_and_machines_have_a_token(served: Station) -> None:
    token = served.directory / "machine"
    token.write_text("m" * 40 + "\n")
    server = served.serve(OCTOPUS_WEB__PUBLIC="false", OCTOPUS_WEB__MACHINE_TOKEN_FILE=str(token))
    assert {path: httpx.get(f"{server.base}{path}").status_code for path in CLOSED} == dict.fromkeys(CLOSED, 401)
    machine = {"authorization": f"Bearer {'m' * 40}"}
    assert {
        path: httpx.get(f"{server.base}{path}", headers=machine).status_code
        for path in ("/health", "/metrics", "/schema")
    } == {"/health": 503, "/metrics": 200, "/schema": 200}
    for path in ("/plan", "/api/units", "/api/people", "/api/account"):
        assert httpx.get(f"{server.base}{path}", headers=machine).status_code == 401
    wrong = {"authorization": f"Bearer {'m' * 39}"}
    assert httpx.get(f"{server.base}/metrics", headers=wrong).status_code == 401
    assert httpx.get(f"{server.base}/login").status_code == 200


def test_links_come_from_the_settings_and_not_from_the_request(served: Station) -> None:
    server = served.serve(OCTOPUS_WEB__ADDRESS="https://octopus.example/")
    evil = {"host": "evil.example"}
    with httpx.Client() as browser:
        log_in(browser, server.base, "admin")
        page = browser.get(f"{server.base}/people", headers={"accept": "text/html"})
        field = re.search(r'name="(\w+)" value="([0-9a-f]{64})"', page.text)
        number = re.search(r"/people/(\d+)/password-link", page.text)
        assert field is not None
        assert number is not None
        link = browser.post(
            f"{server.base}/people/{number[1]}/password-link", data={field[1]: field[2]},
            headers={"accept": "text/html", **evil},
        )  # fmt: skip
        calendar = browser.get(f"{server.base}/api/calendars/cells/E1C1", headers=evil)
    assert "https://octopus.example/password/" in link.text
    assert "evil.example" not in link.text + calendar.text


def test_every_export_leaves_a_line(served: Station) -> None:
    server = served.serve()
    with httpx.Client() as browser:
        log_in(browser, server.base, "admin")
        path = "/api/cells/E1C1/readings.csv?parameters=co2&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z"
        assert browser.get(f"{server.base}{path}").status_code == 200
        lines = browser.get(f"{server.base}/api/audit?act=export").json()
    [line] = lines if isinstance(lines, list) else lines["lines"]
    assert (line["actor"], line["subject"], line["subject_id"]) == ("admin", "cell", "E1C1")
    assert line["after"]["parameters"] == ["co2"]
    assert line["after"]["from"] == "2026-11-01T00:00:00.000Z"


def test_the_database_file_is_its_owners_alone(served: Station) -> None:
    files = [file for file in served.directory.iterdir() if file.name.startswith("octopus.sqlite")]
    assert files
    served.file.chmod(0o644)
    served.serve()
    assert {file.name: stat.S_IMODE(file.stat().st_mode) for file in files if file.exists()} == {
        file.name: 0o600 for file in files if file.exists()
    }
