"""Fixtures that many tests share. A service that is missing makes its tests fail, never skip."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from schemas import times
from schemas.site import Site, read_site
from service.settings import DatabaseSettings
from storage import migrating
from storage.database import connect, write_sessions
from storage.sites import apply_site
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto

# A busy machine must not break a test.
settings.register_profile("octopus", deadline=None)
settings.load_profile("octopus")


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A MariaDB for the whole run. A test that kills its server makes one of its own."""
    server = MariaDB(tmp_path_factory.mktemp("mariadb"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mosquitto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A Mosquitto for the whole run; tests use topics or units of their own, or start another."""
    server = Mosquitto(tmp_path_factory.mktemp("mosquitto"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def site() -> Site:
    return read_site()


@pytest.fixture(params=["mariadb", "sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once in MariaDB and once in SQLite."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/octopus.sqlite"
    server: MariaDB = request.getfixturevalue("mariadb_server")
    return server.make_database()


@pytest.fixture
def engine(database_url: str, site: Site) -> Iterator[Engine]:
    """A database at the newest version with the Ecotron's site in it."""
    engine = prepare_database(database_url, site)
    yield engine
    engine.dispose()


def prepare_database(url: str, site: Site) -> Engine:
    """Do what `octopus db upgrade` does."""
    engine = connect(DatabaseSettings.model_validate({"url": url}))
    migrating.upgrade(engine, times.now())
    with write_sessions(engine)() as session, session.begin():
        apply_site(session, site)
    return engine
