"""The examples of docs/mqtt.md, sent as they are written through a real broker and ingestor."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.messages import Alarm, Backlog, CellExperiment, Reading, Status, Stored
from schemas.site import Site
from tests.broker.guarded import Guarded
from tests.conftest import prepare_database
from tests.docs.documented import ROOT
from tests.services.mariadb import MariaDB
from tests.services.process import Process, program, wait_for

TEXT = (ROOT / "docs" / "mqtt.md").read_text(encoding="utf-8")
REFUSED = re.findall(r"^\| `(.+)` \| `(.+)` \|$", TEXT.partition("## What is refused")[2], re.MULTILINE)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands(tool: str) -> list[list[str]]:
    return [words for block in blocks("sh") if (words := shlex.split(block))[0] == tool]


class Rig:
    """A guarded broker, an ingestor and a database; the Mosquitto tools find host and account in files."""

    def __init__(self, directory: Path, mariadb: MariaDB, site: Site) -> None:
        self.mariadb = mariadb
        (directory / "broker").mkdir()
        self.broker = Guarded(directory / "broker")
        self.broker.start()
        url = mariadb.make_database()
        self.database = url.rpartition("/")[2]
        prepare_database(url, site).dispose()
        self.directory = directory
        for tool, account in (("mosquitto_pub", "ecolab-2"), ("mosquitto_sub", "reader")):
            lines = ("-h 127.0.0.1", f"-p {self.broker.port}", f"-u {account}", f"-P {self.broker.password(account)}")
            (directory / tool).write_text("".join(f"{line}\n" for line in lines))
        self.ingestor = Process(
            [sys.executable, "-m", "ingestor"],
            directory / "ingestor.log",
            {
                "PYTHONPATH": str(ROOT),
                "OCTOPUS_BROKER__PORT": str(self.broker.port),
                "OCTOPUS_BROKER__USERNAME": "ingestor",
                "OCTOPUS_BROKER__PASSWORD_FILE": str(self.broker.secrets / "ingestor"),
                "OCTOPUS_DATABASE__URL": url,
            },
        )
        self.ingestor.start()
        # A backlog is not retained: who sends it before the first ingestor has ever been there sends it to nobody.
        wait_for(lambda: self.ingestor.text().count("new session") == 2, "the ingestor has subscribed")

    def run(self, words: list[str]) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "XDG_CONFIG_HOME": str(self.directory)}
        return subprocess.run(
            [program(words[0]), *words[1:]], env=environment, capture_output=True, text=True, timeout=20, check=False
        )

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.mariadb.connect(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())


@pytest.fixture
def rig(tmp_path: Path, mariadb_server: MariaDB, site: Site) -> Iterator[Rig]:
    rig = Rig(tmp_path, mariadb_server, site)
    yield rig
    rig.ingestor.kill()
    rig.broker.kill()


def test_the_commands_do_what_is_said(rig: Rig) -> None:
    sent = commands("mosquitto_pub")
    assert len(sent) == 2
    for words in sent:
        done = rig.run(words)
        assert (done.returncode, done.stderr) == (0, "")
    stored = (
        "SELECT parameter, DATE_FORMAT(observed_at, '%H:%i:%s'), value FROM readings ORDER BY observed_at, parameter"
    )
    expected = [
        ("co2", "14:00:00", 412.0), ("co2", "14:00:10", 413.0),
        ("air_temperature", "14:28:23", 18.02), ("co2", "14:28:23", None),
    ]  # fmt: skip
    wait_for(lambda: rig.rows(stored) == expected, "the readings of the examples are stored")

    seen, *_ = commands("mosquitto_sub")
    # `-C 2`: a reader would go on for ever.
    told = rig.run([*seen, "-C", "2", "-W", "10"]).stdout
    assert '"air_temperature": 18.02' in told
    assert "octopus/v1/services/ingestor/status" in told


def test_the_program_sends_a_reading(rig: Rig) -> None:
    (script,) = blocks("python")
    (rig.directory / "ecolab-2.password").write_text(rig.broker.password("ecolab-2") + "\n")
    script = script.replace('"mqtt.example", 1883', f'"127.0.0.1", {rig.broker.port}')
    subprocess.run([sys.executable, "-c", script], cwd=rig.directory, check=True, timeout=30)
    wait_for(
        lambda: rig.rows("SELECT parameter, value FROM readings") == [("soil_temperature_1", 14.2)], "it is stored"
    )


def test_what_is_refused_is_kept_with_its_reason(rig: Rig) -> None:
    assert len(REFUSED) == 7
    for payload, _ in REFUSED:
        words = ["mosquitto_pub", "-q", "1", "-t", "octopus/v1/ecolab-2/E2C1/readings", "-m", payload]
        assert rig.run(words).returncode == 0
    rejected = "SELECT CONVERT(payload USING utf8mb4), reason FROM rejected_message"
    wait_for(lambda: len(rig.rows(rejected)) == len(REFUSED), "all are recorded")
    told = {str(payload): str(reason) for payload, reason in rig.rows(rejected)}
    for payload, reason in REFUSED:
        assert told[payload] == reason
    assert rig.rows("SELECT COUNT(*) FROM reading") == [(0,)]
    for statement in blocks("sql"):
        assert len(rig.rows(statement)) == len(REFUSED)


def test_the_messages_are_messages() -> None:
    kinds = [Reading, Status, Stored, Stored, Stored, Alarm, CellExperiment]
    examples = blocks("json")
    assert len(examples) == len(kinds)
    for kind, example in zip(kinds, examples, strict=True):
        message = kind.model_validate_json(example)
        assert set(json.loads(example)) <= set(kind.model_fields), "a member that no receiver knows"
        assert kind.model_validate_json(message.to_json()) == message
    for words in commands("mosquitto_pub"):
        (Backlog if words[words.index("-t") + 1].endswith("backlog") else Reading).model_validate_json(words[-1])
