"""People of the station in MariaDB, which a real station has."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from schemas.site import Site
from tests.facility.conftest import Station, make_station
from tests.services.databases import Databases


@pytest.fixture
def engine(databases: Databases, site: Site) -> Iterator[Engine]:
    with databases.lent(site) as engine:
        yield engine


@pytest.fixture
def station(engine: Engine) -> Station:
    return make_station(engine)
