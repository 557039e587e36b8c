"""docs/install.md as somebody follows it: certificates for strict clients, SQL, what the doctor may not see."""

import os
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pymysql
import pytest

import service.settings
from octopus.__main__ import main
from schemas.site import Site
from tests.docs.documented import ROOT
from tests.services.databases import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import free_port

TEXT = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")


def block(heading: str, language: str) -> str:
    part = TEXT.partition(f"\n{heading}\n")[2]
    found = re.search(rf"^```{language}\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    assert found is not None, heading
    return found[1]


def doctor(directory: Path, **settings: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
    done = subprocess.run(
        [sys.executable, "-m", "octopus", "doctor"],
        env={**inherited, "PYTHONPATH": str(ROOT), **settings},
        cwd=directory, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout


def test_the_certificates_are_accepted_by_strict_clients(tmp_path: Path) -> None:
    script = block("### Mosquitto with TLS", "sh").replace("/etc/mosquitto/certs", str(tmp_path))
    # Where there is no account `mosquitto`, and no systemd.
    script = re.sub(r"^(chown|systemctl) .*$", "", script, flags=re.MULTILINE).replace("mqtt.example", "localhost")
    subprocess.run(["sh", "-ec", script], check=True, capture_output=True)
    port = free_port()
    broker = Mosquitto(
        tmp_path, f"listener {port} 127.0.0.1", "allow_anonymous true", f"certfile {tmp_path}/server.crt",
        f"keyfile {tmp_path}/server.key",
    )  # fmt: skip
    broker.port = port
    broker.start()
    try:
        # Python 3.13 is as strict by itself.
        context = ssl.create_default_context(cafile=tmp_path / "ca.crt")
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            context.wrap_socket(plain, server_hostname="localhost").close()
        with socket.create_connection(("127.0.0.1", port), 10) as plain, pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(plain, server_hostname="another.example")
        told = doctor(
            tmp_path, OCTOPUS_BROKER__HOST="localhost", OCTOPUS_BROKER__PORT=str(port),
            OCTOPUS_BROKER__TLS_CA=str(tmp_path / "ca.crt"),
        )  # fmt: skip
        assert f"ok   broker: localhost:{port}" in told
    finally:
        broker.kill()


def test_whoever_comes_with_sql_sees_the_readings_alone(mariadb_server: MariaDB, site: Site) -> None:
    url = mariadb_server.make_database()
    name = url.rpartition("/")[2]
    prepare_database(url, site).dispose()
    statements = block("### Services", "sql").replace("analyst", f"{name}_analyst").replace("octopus.", f"{name}.")
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        for statement in filter(None, map(str.strip, statements.split(";"))):
            cursor.execute(statement)
    password = re.findall(r"IDENTIFIED BY '([^']+)'", statements)[0]
    with (
        pymysql.connect(
            host="127.0.0.1", port=mariadb_server.port, user=f"{name}_analyst", password=password, database=name
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT * FROM readings")
        for table in ("person", "reading"):
            with pytest.raises(pymysql.err.OperationalError, match="denied"):
                cursor.execute(f"SELECT * FROM {table}")


# A name that the system refuses as it refuses a directory that may not be looked into; root may look everywhere.
REFUSED = "x" * 300


def test_settings_that_may_not_be_seen_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(service.settings, "DEFAULT_FILE", Path(REFUSED))
    for words in (["doctor"], ["db", "check"], ["up"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 78
        assert "go to another directory, or name one with --config" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        service.settings.from_command_line(service.settings.Settings, "", [])
    assert "go to another directory" in capsys.readouterr().err


def test_files_that_may_not_be_seen_are_findings(tmp_path: Path) -> None:
    (tmp_path / "octopus.toml").write_text(
        f'[broker]\nport = 1\ntls_ca = "{tmp_path}/{REFUSED}/ca.crt"\n[publisher]\nunit = "ecolab-1"\n'
        f'outbox = "{tmp_path}/{REFUSED}/o.sqlite"\n[source]\nkind = "simulated"\n'
    )
    told = doctor(tmp_path)
    assert "FAIL outbox" in told
    assert "FAIL broker: " in told
    assert "File name too long" in told
    assert "ok   database: none is used here" in told, "it goes on"
