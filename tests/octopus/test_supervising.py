"""The command as a person runs it: demo, doctor, and what is left when the supervisor itself is killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, free_port, listens, wait_for


def octopus(directory: Path, *words: str, **environment: str) -> Process:
    return Process(
        [sys.executable, "-m", "octopus", *words], directory / "log", {"PYTHONPATH": str(Path.cwd()), **environment}
    )


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def demo(directory: Path, *more: str) -> tuple[Process, int]:
    port = free_port()
    words = ("demo", "--directory", str(directory / "kept"), "--port", str(port), "--broker-port", str(free_port()))
    return octopus(directory, *words, "--history", "0s", *more), port


def answer(port: int, path: str) -> dict[str, object]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answered:
            found: dict[str, object] = json.load(answered)
    except urllib.error.URLError:
        return {}
    return found


def open_alarms(directory: Path) -> set[str]:
    """Return where the demo has alarms that are not over."""
    with closing(sqlite3.connect(directory / "kept" / "octopus.sqlite", timeout=30)) as database:
        return {place for (place,) in database.execute("SELECT place FROM alarm WHERE ended_at IS NULL")}


def test_the_demo_starts_and_stops_in_order(tmp_path: Path) -> None:
    running, port = demo(tmp_path)
    running.start()
    wait_for(lambda: listens(port) and running.text().count("connected to the broker") >= 6, "the demo runs", 90)
    children = children_of(running.pid)
    assert len(children) >= 9
    wait_for(lambda: "password of admin: " in running.text(), "the first admin's password is printed")
    wait_for(lambda: answer(port, "/api/cells/E2C1/air_temperature").get("state") == "ok", "a live value is there")
    wait_for(lambda: open_alarms(tmp_path) >= {"E6C3", "E5C3"}, "two loggers that fell silent are alarms", 180)
    assert running.stop(60) == 0
    assert not [pid for pid in children if alive(pid)]
    assert "killed" not in running.text()
    assert "Traceback" not in running.text()
    # The second start keeps the data, the admin and with it the password.
    running.start()
    wait_for(lambda: listens(port), "the demo runs again", 90)
    assert running.stop(60) == 0
    assert running.text().count("password of admin: ") == 1


def test_the_demo_without_mosquitto(tmp_path: Path) -> None:
    running, port = demo(tmp_path, "--broker", "amqtt")
    running.start()
    wait_for(lambda: listens(port), "the pages are there", 90)
    wait_for(lambda: answer(port, "/api/cells/E6C3/co2").get("state") == "ok", "a live value is there", 60)
    assert running.stop(60) == 0
    assert "Traceback" not in running.text()


def test_kill_9_of_the_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    running, _ = demo(tmp_path)
    running.start()
    wait_for(lambda: "connected to the broker" in running.text(), "the demo runs", 90)
    children = children_of(running.pid)
    assert children
    running.kill()
    wait_for(lambda: not [pid for pid in children if alive(pid)], "no orphan is left", 10)


def test_a_service_that_dies_comes_back(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "octopus.toml"
    config.write_text(f'[broker]\nport = {port}\n[private_broker]\ndirectory = "{tmp_path}/b"\n')
    running = octopus(tmp_path, "up", "--config", str(config), "broker")
    running.start()
    wait_for(lambda: listens(port), "the broker listens")
    first = children_of(running.pid)[0]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: listens(port) and children_of(running.pid) not in ([], [first]), "another one listens")
    assert "broker ended (by SIGKILL)" in running.text()
    assert running.stop() == 0


def doctor(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
    return subprocess.run(
        [sys.executable, "-m", "octopus", "doctor"],
        env={**inherited, "PYTHONPATH": str(Path.cwd()), **environment},
        cwd=directory, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_doctor_names_an_empty_database_and_a_closed_port(tmp_path: Path) -> None:
    result = doctor(tmp_path, OCTOPUS_BROKER__PORT=str(free_port()))
    assert result.returncode == 69
    assert "FAIL broker" in result.stdout
    assert "octopus db upgrade" in result.stdout
    assert result.stderr == ""


def test_the_doctor_names_a_wrong_password_without_telling_it(tmp_path: Path, mariadb_server: MariaDB) -> None:

    url = f"mysql+pymysql://octopus:guessed@127.0.0.1:{mariadb_server.port}/octopus"
    result = doctor(tmp_path, OCTOPUS_DATABASE__URL=url)
    assert result.returncode == 69
    assert "Access denied" in result.stdout
    assert "guessed" not in result.stdout + result.stderr


def test_unknown_settings_are_a_line_and_exit_78(tmp_path: Path, mosquitto_server: Mosquitto) -> None:
    result = doctor(tmp_path, OCTOPUS_BROKR__PORT=str(mosquitto_server.port))
    assert result.returncode == 78
    assert "did you mean broker?" in result.stderr


def test_a_publisher_runs_while_the_database_is_late(tmp_path: Path, mosquitto_server: Mosquitto) -> None:
    """What needs no database starts at once; the rest is said, tried again, and started when the database comes."""
    database = MariaDB(tmp_path)
    web = free_port()
    config = tmp_path / "octopus.toml"
    config.write_text(
        f"""[broker]
port = {mosquitto_server.port}
[database]
url = "{database.url("late")}"
timeout = 2
[web]
port = {web}
[publisher]
unit = "ecocube-1"
outbox = "{tmp_path}/outbox.sqlite"
[source]
kind = "simulated"
period = "1s"
history = "0s"
"""
    )
    running = octopus(tmp_path, "up", "--config", str(config), "publisher", "ingestor", "web")
    running.start()
    try:
        wait_for(lambda: "publisher | " in running.text() and "connected" in running.text(), "the publisher runs", 60)
        wait_for(lambda: "database did not succeed (exit 69): tried again in 1 s" in running.text(), "it is said", 60)
        assert "until it succeeds ingestor, web cannot be started" in running.text()
        assert running.running
        database.start()
        try:
            with database.connect() as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE late CHARACTER SET utf8mb4")
            wait_for(lambda: listens(web), "the pages are there", 120)
            ours = "/api/cells/E6C1/air_temperature"
            wait_for(lambda: answer(web, ours).get("state") == "ok", "a live value is there", 60)
        finally:
            database.stop()
    finally:
        assert running.stop(60) == 0
    assert "Traceback" not in running.text()


def test_a_step_that_needs_a_person_keeps_nothing_else_from_running(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "octopus.toml"
    config.write_text(
        f"""[broker]
port = {port}
[private_broker]
directory = "{tmp_path}/b"
[database]
url = "postgresql://nowhere/octopus"
"""
    )
    running = octopus(tmp_path, "up", "--config", str(config), "broker", "ingestor")
    running.start()
    wait_for(lambda: "database needs a person: ingestor is not started" in running.text(), "it is said", 60)
    assert listens(port)
    assert running.stop(30) == 78
    alone = octopus(tmp_path, "up", "--config", str(config), "ingestor")
    alone.start()
    wait_for(lambda: not alone.running, "with nothing left to run it ends", 60)
    assert alone.stop() == 78
