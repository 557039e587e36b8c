"""compose.yaml and Dockerfile: valid, closed to the network, and every command runs as written, without Docker."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from schemas.site import Site
from tests.deploy import compose
from tests.services.mariadb import MariaDB
from tests.services.process import Process, free_port, listens, program, wait_for

CONTENT = compose.read()
SERVICES: dict[str, dict[str, Any]] = CONTENT["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
UNITS = ["ecolab-1", "ecolab-2", "ecolab-3", "ecolab-4", "ecolab-5", "ecocube-1"]
ONCE = {"secrets", "migrate"}
SECRET = re.compile(r"password|token|secret", re.IGNORECASE)


def test_it_is_a_compose_file() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
        cwd=compose.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_of_the_site_is_there(site: Site) -> None:
    assert [unit.code for unit in site.units] == UNITS
    assert set(UNITS) < set(SERVICES)
    for unit in UNITS:
        settings = SERVICES[unit]["environment"]
        assert settings["OCTOPUS_PUBLISHER__UNIT"] == settings["OCTOPUS_BROKER__USERNAME"] == unit
        assert SERVICES[unit]["secrets"] == [f"broker_{unit}"], "a unit sees its own password alone"
        assert SERVICES[unit]["networks"] == ["mqtt"], "a unit cannot reach the database"


def test_images_are_pinned_and_nobody_is_root() -> None:
    text = (compose.ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)(?: AS (\S+))?", text, re.MULTILINE)
    stages = {name for _, name in bases}
    for image, _ in bases:
        assert image in stages or re.fullmatch(r"\S+:\d+\.\d+\.\d+\S*", image), image
    assert re.fullmatch(r"mysql:8\.\d+\.\d+", SERVICES["database"]["image"])
    for target in {SERVICES[name]["build"]["target"] for name in OURS}:
        stage = text.partition(f" AS {target}\n")[2].partition("\nFROM ")[0]
        assert "\nUSER 10001:10001\n" in stage, target
    assert [name for name in OURS if SERVICES[name].get("user")] == ["secrets"], "it alone gives files to the others"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_service_is_closed_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    for port in service.get("ports", []):
        assert compose.without_defaults(port).startswith("127.0.0.1:"), port
    for key, value in service.get("environment", {}).items():
        assert not SECRET.search(key) or key.endswith("_FILE"), f"{key} would stand in `docker inspect`"
        assert not re.search(r"//\w+:\w+@", str(value)), key
    assert service["restart"] == ("no" if name in ONCE else "unless-stopped")
    assert name in ONCE or "test" in service["healthcheck"]
    if name in OURS:
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
        assert service["security_opt"] == ["no-new-privileges:true"]
    for secret in service.get("secrets", []):
        assert CONTENT["secrets"][secret]["file"].startswith("./secrets/"), "a folder that git ignores"


def test_what_waits_for_what() -> None:
    for name in ("ingestor", "watchdog", "web", "bot"):
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_passwords_stay_out_of_git_and_images() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "secrets/broker/web", "secrets/discord", ".env"],
        cwd=compose.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ignored.stdout.split() == ["secrets/broker/web", "secrets/discord", ".env"]
    assert "secrets" in (compose.ROOT / ".dockerignore").read_text().split()


class Station:
    """What `docker compose up` would start, as processes of this machine."""

    def __init__(self, directory: Path, mariadb: MariaDB) -> None:
        self.directory, self.mariadb = directory, mariadb
        self.broker_port, self.web_port = free_port(), free_port()
        self.database = mariadb.make_database().rpartition("/")[2]
        self.outside = compose.Outside(
            CONTENT,
            directory,
            {
                "octopus@database/octopus": f"{self.database}@127.0.0.1:{mariadb.port}/{self.database}",
                "--port=3306": f"--port={mariadb.port}",
                "-p 1883": f"-p {self.broker_port}",
                "127.0.0.1:8000": f"127.0.0.1:{self.web_port}",
                "^8000$": str(self.web_port),
                "^0.0.0.0$": "127.0.0.1",
                "^broker$": "127.0.0.1",
                "^/secrets$": str(directory / "secrets"),
                "^10001$": compose.owner(),
                "^mosquitto$": program("mosquitto"),
                "/mosquitto/config/mosquitto.conf": str(directory / "mosquitto.conf"),
            },
        )
        self.running: list[Process] = []

    def run(self, name: str) -> str:
        """Run a service that ends by itself, and return what it said."""
        once = self.start(name)
        wait_for(lambda: not once.running, f"{name} has ended", 120)
        assert once.stop() == 0, once.text()
        return once.text()

    def start(self, name: str) -> Process:
        process = self.outside.process(name, OCTOPUS_BROKER__PORT=str(self.broker_port))
        process.start()
        self.running.append(process)
        return process

    def prepare(self) -> None:
        """Do what the images do: MySQL's makes its account, the broker's has its configuration."""
        password = (self.directory / "secrets" / "database" / "octopus").read_text().strip()
        with self.mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE USER {self.database}@'127.0.0.1' IDENTIFIED BY '{password}'")
            cursor.execute(f"GRANT ALL ON {self.database}.* TO {self.database}@'127.0.0.1'")
        data = self.directory / "broker-data"
        data.mkdir()
        config = (compose.ROOT / "broker" / "compose.conf").read_text()
        for inside, outside in {
            "listener 1883": f"listener {self.broker_port} 127.0.0.1",
            "/run/secrets/broker_passwords": str(self.directory / "secrets" / "broker" / "passwords"),
            "/run/secrets/broker_acl": str(self.directory / "secrets" / "broker" / "acl"),
            "/var/lib/mosquitto/": f"{data}/",
        }.items():
            assert inside in config
            config = config.replace(inside, outside)
        (self.directory / "mosquitto.conf").write_text(f"{config}user root\n")

    def cells_with_readings(self) -> set[str]:
        with self.mariadb.connect(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT cell.code FROM latest_reading JOIN series ON series.id = latest_reading.series_id"
                " JOIN cell ON cell.id = series.cell_id"
                " WHERE latest_reading.observed_at > UTC_TIMESTAMP() - INTERVAL 1 MINUTE"
            )
            return {row[0] for row in cursor.fetchall()}

    def healthy(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the service's health check with its own environment."""
        environment = self.outside.process(name, OCTOPUS_BROKER__PORT=str(self.broker_port)).env or {}
        return subprocess.run(
            self.outside.health(name), env={**os.environ, **environment}, cwd=self.directory / name,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def station(tmp_path: Path, mariadb_server: MariaDB) -> Iterator[Station]:
    station = Station(tmp_path, mariadb_server)
    yield station
    for process in station.running:
        process.kill()


def test_every_command_runs_as_written(station: Station, site: Site) -> None:
    assert "made: ecolab-1" in station.run("secrets")
    station.prepare()
    assert "database at version" in station.run("migrate")
    started = {name: station.start(name) for name in ("broker", "ingestor", "web", *UNITS)}
    wait_for(lambda: station.cells_with_readings() == set(site.unit_of_cell), "readings of all cells are stored", 90)
    wait_for(lambda: listens(station.web_port), "the pages are there")

    for name in ("broker", "database", "ingestor", "web", "ecolab-1"):
        looked = station.healthy(name)
        assert looked.returncode == 0, f"{name}: {looked.stdout}{looked.stderr}"
    with urlopen(f"http://127.0.0.1:{station.web_port}/health", timeout=10) as answer:
        assert answer.status == 200
    passwords = [file.read_text().strip() for file in (station.directory / "secrets").rglob("*") if file.is_file()]
    for name, process in reversed(started.items()):
        assert process.running, f"{name}: {process.text()}"
        assert process.stop() == 0, f"{name}: {process.text()}"
        assert not [word for word in passwords if word in process.text()], f"{name} tells a secret"

    assert "made: nothing" in station.run("secrets"), "a second run changes no password"
    assert station.healthy("broker").returncode != 0
    assert station.healthy("web").returncode != 0
    assert station.healthy("ingestor").returncode == 69


def test_the_bot_says_what_it_lacks(station: Station) -> None:
    station.run("secrets")
    station.prepare()
    (station.directory / "secrets" / "bot.toml").write_text("[bot]\nguild = 1\n")
    bot = station.start("bot")
    wait_for(lambda: not bot.running, "the bot has ended")
    assert bot.stop() == 78
    assert "token_file" in bot.text()
