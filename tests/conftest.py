"""Fixtures that many tests share. A service that is missing makes its tests fail, never skip."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from schemas.site import Site, read_site
from tests.services.databases import Databases, prepare_database
from tests.services.mariadb import NO_SYNC, MariaDB
from tests.services.mosquitto import Mosquitto

# A busy machine must not break a test.
settings.register_profile("octopus", deadline=None)
settings.load_profile("octopus")


@pytest.fixture(scope="session")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDB]:
    """A MariaDB for the whole run. A test that kills its server makes one of its own."""
    server = MariaDB(tmp_path_factory.mktemp("mariadb"), *NO_SYNC)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def databases(mariadb_server: MariaDB) -> Databases:
    """Prepared databases of that MariaDB, used again by one test after another."""
    return Databases(mariadb_server)


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
        return f"sqlite:///{tmp_path}/empty.sqlite"
    server: MariaDB = request.getfixturevalue("mariadb_server")
    return server.make_database()


@pytest.fixture(params=["mariadb", "sqlite"])
def engine(request: pytest.FixtureRequest, tmp_path: Path, site: Site) -> Iterator[Engine]:
    """A database at the newest version with the Ecotron's site in it, once in MariaDB and once in SQLite."""
    with prepared_engine(request, tmp_path, site) as engine:
        yield engine


@contextmanager
def prepared_engine(request: pytest.FixtureRequest, directory: Path, site: Site) -> Iterator[Engine]:
    """Open a prepared database of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        engine = prepare_database(f"sqlite:///{directory}/octopus.sqlite", site)
        yield engine
        engine.dispose()
        return
    databases: Databases = request.getfixturevalue("databases")
    with databases.lent(site) as engine:
        yield engine
