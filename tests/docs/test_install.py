"""docs/install.md as somebody follows it: certificates for strict clients, database accounts with just enough."""

import os
import re
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from secrets import token_hex

import pymysql
import pytest

from tests.docs.documented import ROOT
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
    script = script.replace("chown mosquitto: server.crt server.key && ", "").replace("mqtt.example", "localhost")
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


def test_the_database_accounts_may_what_they_need_and_no_more(tmp_path: Path, mariadb_server: MariaDB) -> None:
    name = f"octopus_{token_hex(4)}"
    statements = block("### Database", "sql").replace("analyst", f"{name}_analyst")
    statements = re.sub(r"\boctopus(?=\b|_service)(?!/)", name, re.sub(r"--.*", "", statements))
    before, after = [part.strip() for part in statements.split(f"CREATE USER {name}_analyst")]

    def run(text: str) -> None:
        with mariadb_server.connect() as connection, connection.cursor() as cursor:
            for statement in filter(None, map(str.strip, text.split(";"))):
                cursor.execute(statement)

    def url(user: str, password: str) -> str:
        return f"mysql+pymysql://{user}:{password}@127.0.0.1:{mariadb_server.port}/{name}"

    passwords = re.findall(r"IDENTIFIED BY '([^']+)'", statements)
    run(before)
    upgraded = subprocess.run(
        [sys.executable, "-m", "octopus", "db", "upgrade"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OCTOPUS_DATABASE__URL": url(name, passwords[0])},
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert upgraded.returncode == 0, upgraded.stderr
    run(f"CREATE USER {name}_analyst{after}")

    told = doctor(tmp_path, OCTOPUS_DATABASE__URL=url(f"{name}_service", passwords[1]))
    assert "ok   database: this account may write readings" in told
    assert "ok   database: knows the site's 18 cells" in told

    def may(user: str, password: str, statement: str) -> bool:
        with (
            pymysql.connect(
                host="127.0.0.1", port=mariadb_server.port, user=user, password=password, database=name
            ) as connection,
            connection.cursor() as cursor,
        ):
            try:
                cursor.execute(statement)
            except pymysql.err.OperationalError as error:
                if error.args[0] not in {1142, 1143, 1044}:
                    raise
                return False
            return True

    service, analyst = (f"{name}_service", passwords[1]), (f"{name}_analyst", passwords[2])
    assert may(*service, "SELECT COUNT(*) FROM person")
    assert not may(*service, "ALTER TABLE reading COMMENT 'x'")
    assert not may(*service, "DROP TABLE reading")
    assert may(*analyst, "SELECT * FROM readings")
    assert not may(*analyst, "SELECT * FROM person")
    assert not may(*analyst, "SELECT * FROM reading")
