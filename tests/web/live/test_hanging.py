"""A database that hangs holds up what needs it, and nothing else; a picture may be read while it changes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest
from sqlalchemy import Engine

from broker.live_picture import LivePicture
from schemas import times
from schemas.messages import Alarm, CellExperiment, Status
from schemas.picture import Latest
from schemas.site import Site
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import wait_for
from tests.web.conftest import WebServer, member_token, publish, reading
from web.live.hub import Hub
from web.live.snapshot import take_snapshot

# Seconds within which a live page must answer, on a busy machine; a hanging query ends after 30 at the earliest.
SOON = 15.0


@pytest.fixture
def hung(tmp_path: Path, site: Site) -> Iterator[tuple[WebServer, str, MariaDB, Engine]]:
    """A web server, a member's token, and the database under it, which is about to hang."""
    (tmp_path / "database").mkdir()
    database, broker = MariaDB(tmp_path / "database"), Mosquitto(tmp_path)
    database.start()
    broker.start()
    url = database.make_database()
    engine = prepare_database(url, site)
    token = member_token(engine)
    publish(broker.port, "octopus/v1/ecolab-1/E1C1/readings", reading(air_temperature=18.0))
    server = WebServer(tmp_path, broker=broker.port, database=url)
    server.start()
    wait_for(lambda: server.get("/health").json()["broker"] == "connected", "the broker is connected")
    yield server, token, database, engine
    database.thaw()
    server.stop()
    engine.dispose()
    database.stop()
    broker.stop()


def test_live_pages_answer_while_the_database_hangs(hung: tuple[WebServer, str, MariaDB, Engine]) -> None:
    server, token, database, _ = hung
    style = server.get("/").text.partition('href="/static/')[2].partition('"')[0]
    database.freeze()
    with ThreadPoolExecutor(40) as visitors:
        # More than there are threads, of pages that cannot do without it.
        asked = [visitors.submit(ask, server, "/api/experiments", token) for _ in range(30)]
        time.sleep(1)
        for path in (
            "/",
            "/plan",
            "/wall",
            "/cells/E1C1",
            "/api/cells/E1C1",
            "/api/units/ecolab-1",
            f"/static/{style}",
        ):
            for known in ("", token):
                began = time.monotonic()
                assert ask(server, path, known) == 200, path
                assert time.monotonic() - began < SOON, path
        began = time.monotonic()
        assert ask(server, "/health", "") == 503
        assert time.monotonic() - began < SOON
        database.thaw()
        assert {one.result() for one in asked} <= {200, 503}
    wait_for(lambda: ask(server, "/api/experiments", token) == 200, "all is as before", 60)


def test_the_server_ends_while_the_database_hangs(hung: tuple[WebServer, str, MariaDB, Engine]) -> None:
    server, token, database, _ = hung
    database.freeze()
    with ThreadPoolExecutor(3) as visitors:
        asked = [visitors.submit(ask, server, "/api/experiments", token) for _ in range(3)]
        time.sleep(0.5)
        assert server.stop(seconds=20) == 0
        for one in asked:
            assert one.exception() is not None or one.result() in {200, 503}


def ask(server: WebServer, path: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.get(server.base + path, headers=headers, timeout=90).status_code


def test_a_picture_is_read_in_threads_while_it_changes(site: Site) -> None:
    live, done, now = LivePicture(), Event(), times.now()
    cells = list(site.unit_of_cell)

    def read() -> int:
        count = 0
        while not done.is_set():
            picture = live.picture
            snapshot = take_snapshot(picture, now)
            assert snapshot["cells"].keys() == picture.cells.keys()
            count += 1
        return count

    with ThreadPoolExecutor(4) as readers:
        reading_ = [readers.submit(read) for _ in range(4)]
        ends = time.monotonic() + 2
        number = 0
        while time.monotonic() < ends or number < 2000:
            number += 1
            cell = f"{cells[number % len(cells)]}x{number % 50}"
            live.put_values(cell, {f"p{number % 30}": Latest(now, float(number))})
            live.put_service(
                f"s{number % 70}", Status(state="online", since=now) if number % 3 else None, retained=False
            )
            alarm = Alarm(
                id=1, place="E1C1", code=f"c{number % 40}", severity="major", state="active", since=now, text={}
            )
            live.put_alarm("E1C1", alarm.code, alarm if number % 2 else None)
            held = CellExperiment(id=1, code="A", title="A", state="running", started_at=now)
            live.put_experiment(cell, held if number % 5 else None)
        done.set()
        assert all(one.result() for one in reading_)


def test_what_the_hub_gives_out_is_never_changed_afterwards() -> None:
    hub, now = Hub(), times.now()
    before = hub.picture
    hub.live.picture = before.__class__(cells={"E1C1": {"co2": Latest(now, 400.0)}})
    taken = hub.picture
    hub.put_experiments({})
    assert before.cells == {}
    assert taken.cells == {"E1C1": {"co2": Latest(now, 400.0)}}
