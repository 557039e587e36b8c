"""`octopus source try` and the doctor, for every kind of source: what they say, and that nothing is touched."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.publisher.sources import http_server, modbus_gateway, opcua_server
from tests.services.process import free_port

PUBLISHER = '[publisher]\nunit = "ecolab-2"\noutbox = "outbox.sqlite"\n'
VALUE = '[[source.values]]\ncell = "E2C1"\nparameter = "air_temperature"\n'


def octopus(directory: Path, config: str, *words: str) -> tuple[int, str, str]:
    (directory / "publisher.toml").write_text(config, encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
    done = subprocess.run(
        [sys.executable, "-m", "octopus", *words, "--config", "publisher.toml"],
        env={**inherited, "PYTHONPATH": str(Path.cwd()), "PYTHONIOENCODING": "utf-8"},
        cwd=directory, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert not list(directory.glob("outbox*")), "no outbox is made"
    return done.returncode, done.stdout, done.stderr


def tried(directory: Path, config: str) -> tuple[int, list[list[str]], str]:
    """Return the exit code, the table's rows as words, and everything that was said."""
    code, said, complaints = octopus(directory, config, "source", "try", "--seconds", "20")
    return code, [line.split() for line in said.splitlines() if line.startswith("20")], said + complaints


def csv_config(directory: Path, text: str) -> str:
    (directory / "log.csv").write_text(text, encoding="utf-8")
    return (
        f"{PUBLISHER}[source]\nkind = 'csv'\njoin_wait = 0\n[[source.files]]\npath = 'log.csv'\ndelimiter = ';'\n"
        "decimal = ','\ntime_columns = ['time']\ncell = 'E2C1'\n"
        "[source.files.columns]\nT = 'air_temperature'\nC = 'co2'\n"
    )


def test_csv(tmp_path: Path) -> None:
    lines = "time;T;C\n2026-11-23T14:28:23Z;18,02;412\n2026-11-23T14:28:33Z;18,03;\n2026-11-23T14:28:43Z;much;41200\n"
    code, rows, said = tried(tmp_path, csv_config(tmp_path, lines))
    assert code == 0
    assert rows == [
        ["2026-11-23", "15:28:23.000+01:00", "E2C1", "air_temperature", "18.02", "°C"],
        ["2026-11-23", "15:28:23.000+01:00", "E2C1", "co2", "412", "ppm"],
        ["2026-11-23", "15:28:33.000+01:00", "E2C1", "air_temperature", "18.03", "°C"],
        ["2026-11-23", "15:28:33.000+01:00", "E2C1", "co2", "no", "value"],
        ["2026-11-23", "15:28:43.000+01:00", "E2C1", "co2", "41200", "ppm", "suspect:", "outside", "180…2000"],
    ]
    assert "3 readings of 1 cells, 3 of them shown; nothing was stored" in said
    assert "fault: " in said
    assert "much" in said


def test_http(tmp_path: Path) -> None:
    server = http_server.Server()
    try:
        server.behave = http_server.sends('{"T": "18,02 °C", "co2": "412 ppm"}'.encode())
        config = (
            f"{PUBLISHER}[source]\nkind = 'http'\nurls = ['{server.url}']\ndecimal = ','\n"
            "[[source.cells]]\ncell = 'E2C1'\n[source.cells.values]\n"
            "air_temperature = { path = 'T', unit = '°C' }\nco2 = 'co2'\n"
        )
        code, rows, said = tried(tmp_path, config)
        assert code == 0
        assert [row[2:] for row in rows] == [["E2C1", "air_temperature", "18.02", "°C"]]
        assert 'fault: E2C1 co2: a text where a number should be; it would be one with unit = "ppm" [412 ppm]' in said
        server.behave = http_server.sends(b"", 503)
        code, rows, said = tried(tmp_path, config)
        assert (code, rows) == (69, [])
        assert f"no reading\nfault: http: {server.url} answers 503" in said
    finally:
        server.close()


def test_modbus(tmp_path: Path) -> None:
    with modbus_gateway.gateway(lambda _unit, _address, count: [183] * count) as server:
        config = f"{PUBLISHER}[source]\nkind = 'modbus'\nhost = '127.0.0.1'\nport = {server.port}\n{VALUE}address = 0\n"
        code, rows, said = tried(tmp_path, config + "factor = 0.1\n")
        assert code == 0
        assert [row[2:] for row in rows] == [["E2C1", "air_temperature", "18.3", "°C"]]
        _, rows, said = tried(tmp_path, config)
        assert rows[0][2:] == ["E2C1", "air_temperature", "183", "°C", "suspect:", "outside", "-13…50"]
        assert "fault" not in said


def test_opcua(tmp_path: Path) -> None:
    server = opcua_server.Server(free_port())
    try:
        config = f"{PUBLISHER}[source]\nkind = 'opcua'\nurl = '{server.url}'\n{VALUE}node = 'ns=2;s=T'\n"
        code, rows, _ = tried(tmp_path, config)
        assert code == 0
        assert [row[2:] for row in rows] == [["E2C1", "air_temperature", "18.02", "°C"]]
    finally:
        server.stop()


def test_simulated(tmp_path: Path) -> None:
    code, rows, _ = tried(tmp_path, f"{PUBLISHER}[source]\nkind = 'simulated'\n")
    assert code == 0
    assert {row[2] for row in rows} == {"E2C1", "E2C2", "E2C3"}


MODBUS = "[source]\nkind = 'modbus'\nhost = '127.0.0.1'\n"
WRONG = {
    "a kind that does not exist": ("[source]\nkind = 'modbuss'\n", "modbuss"),
    "no source": ("", "setting source: Field required"),
    "a misspelt setting": ("[source]\nkind = 'simulated'\nperiode = '10s'\n", "unknown setting"),
    "another unit's cell": (f"{MODBUS}{VALUE.replace('E2C1', 'E1C1')}address = 0\n", "has no cell E1C1"),
    "an unknown parameter": (
        f"{MODBUS}{VALUE.replace('rature', 'rture')}address = 0\n",
        "did you mean air_temperature?",
    ),
    "a node that is none": (
        f"[source]\nkind = 'opcua'\nurl = 'opc.tcp://127.0.0.1:4840'\n{VALUE}node = 'T'\n",
        "not a node, as in",
    ),
    "no file with the password": (
        """
        [source]\nkind = 'http'\nurls = ['http://127.0.0.1/']\nusername = 'me'\npassword_file = 'none'
        [[source.cells]]\ncell = 'E2C1'\nvalues = { co2 = 'co2' }
        """,
        "setting source.password_file: none: No such file",
    ),
    "a form of times that is none": (
        """
        [source]\nkind = 'csv'
        [[source.files]]\npath = 'log.csv'\ntime_columns = ['t']\ntime_formats = ['%H:%M']
        cell = 'E2C1'\ncolumns = { T = 'air_temperature' }
        """,
        "does not name a whole date",
    ),
}


@pytest.mark.parametrize(("source", "told"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_told_before_a_publisher_is_started(tmp_path: Path, source: str, told: str) -> None:
    code, _, said = tried(tmp_path, PUBLISHER + source)
    assert code == 78
    assert told in said
    code, said, _ = octopus(tmp_path, PUBLISHER + source, "doctor")
    assert code == 69
    assert [line for line in said.splitlines() if line.startswith("FAIL source: ") and told in line]


def test_the_doctor_says_what_would_be_stored(tmp_path: Path) -> None:
    server = http_server.Server()
    try:
        config = (
            f"{PUBLISHER}[source]\nkind = 'http'\nurls = ['{server.url}']\ntime = {{ path = 'time' }}\n"
            "[[source.cells]]\ncell = 'E2C1'\npath = 'cells[name=E2C1]'\n"
            "values = { co2 = 'co2', air_temperature = 'air.supply' }\n"
        )
        document: dict[str, Any] = json.loads(json.dumps(http_server.DOCUMENT))
        document["cells"][0]["co2"] = "41200"
        server.behave = http_server.says(document)
        told = octopus(tmp_path, config, "doctor")[1].splitlines()
        assert "ok   source: would store E2C1 at 2026-11-23 15:28:23+01:00: co2 41200 ppm" in told
        assert "warn source: E2C1 co2: suspect: outside 180…2000" in told
        assert "warn source: E2C1 air_temperature: nothing at air.supply: no 'supply'" in told
        server.behave = http_server.sends(b"", 404)
        told = octopus(tmp_path, config, "doctor")[1].splitlines()
        assert f"FAIL source: http: {server.url} answers 404 Not Found" in told
    finally:
        server.close()
