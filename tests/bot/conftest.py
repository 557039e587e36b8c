"""A bot with everything around it, on a database of its own."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.context import Context
from bot.database import Database
from bot.drawing import font_files
from bot.policy import Policy
from bot.settings import BotSettings
from bot.station_reader import StationReader
from bot.texts import read_catalogue
from broker.live_picture import LivePicture
from schemas.site import Site
from service.settings import DatabaseSettings
from storage.database import connect
from tests.bot.discord.server import LocalDiscord
from tests.bot.rig import Rig
from tests.conftest import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker of the test's own: retained alarms of one test are no business of another."""
    (tmp_path / "broker").mkdir()
    server = Mosquitto(tmp_path / "broker")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def bot_engine(tmp_path: Path, site: Site) -> Iterator[Engine]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", site)
    yield engine
    engine.dispose()


@pytest.fixture
async def rig(tmp_path: Path, broker: Mosquitto, bot_engine: Engine, site: Site) -> AsyncIterator[Rig]:
    """Everything but the bot, which the test starts. What Discord would have refused fails the test."""
    async with around(tmp_path, broker, bot_engine, site) as rig:
        yield rig


@pytest.fixture
def own_mariadb(tmp_path: Path) -> Iterator[MariaDB]:
    """A MariaDB to be killed and frozen."""
    (tmp_path / "database").mkdir()
    server = MariaDB(tmp_path / "database")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def rig_on_mariadb(tmp_path: Path, broker: Mosquitto, own_mariadb: MariaDB, site: Site) -> AsyncIterator[Rig]:
    engine = prepare_database(own_mariadb.make_database(), site)
    async with around(tmp_path, broker, engine, site) as rig:
        yield rig
    engine.dispose()


@pytest.fixture
def context(site: Site) -> Context:
    """What the bot's parts are given, without any server."""
    database = Database(connect(DatabaseSettings()), 1)
    settings = BotSettings(mention_role=77, web_address="http://octopus.example")
    return Context(
        settings, site, Policy(settings.show, site), LivePicture(), StationReader(database.read, site.period), database,
        read_catalogue(), font_files(),
    )  # fmt: skip


@asynccontextmanager
async def around(directory: Path, broker: Mosquitto, engine: Engine, site: Site) -> AsyncIterator[Rig]:
    discord = LocalDiscord()
    await discord.start()
    rig = Rig(directory, broker, engine, site, discord)
    try:
        yield rig
    finally:
        try:
            await rig.stop()
        finally:
            await discord.stop()
    assert discord.violations == []
    log = rig.bot.text() if rig.bot.command else ""
    assert "Traceback" not in log, log
    assert discord.token not in log
