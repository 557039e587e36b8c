"""What docs/examples offers for a server is usable: systemd units, compose overrides, a backup that is restored."""

import os
import subprocess
import sys
from pathlib import Path

from schemas.site import Site
from tests.conftest import prepare_database
from tests.deploy.compose import ROOT
from tests.services.mariadb import MariaDB
from tests.services.process import program

EXAMPLES = ROOT / "docs" / "examples"
INSTALLING = ROOT / "octopus" / "installing"
UNITS = sorted((INSTALLING / "systemd").iterdir())


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for file in UNITS:
        # The programs are not installed on a machine that runs the tests.
        text = file.read_text().replace("/opt/octopus/bin/", f"{Path(sys.executable).parent}/")
        (tmp_path / file.name).write_text(text.replace("/usr/local/sbin/octopus-backup", "/bin/true"))
    done = subprocess.run(
        [program("systemd-analyze"), "verify", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_no_service_of_ours_is_root_or_gives_up() -> None:
    services = [file for file in UNITS if file.suffix == ".service" and "backup" not in file.name]
    assert len(services) == 6
    for file in services:
        text = file.read_text()
        own = "octopus" if "publisher" in file.name else file.stem
        assert f"\nUser={own}\nGroup={own}\n" in text, file.name
        assert "\nNoNewPrivileges=true\n" in text, file.name
        if "Type=oneshot" not in text:
            assert "\nRestart=always\n" in text, file.name
            assert "\nRestartPreventExitStatus=78\n" in text, file.name


def test_the_compose_override_is_one() -> None:
    subprocess.run(
        [
            sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec",
            str(EXAMPLES / "server" / "compose.tls.yaml"),
        ],
        check=True, capture_output=True,
    )  # fmt: skip


def test_the_override_asks_for_accounts_as_the_real_one_does() -> None:
    real = set((ROOT / "broker" / "compose.conf").read_text().splitlines()[1:])
    override = set((EXAMPLES / "server" / "mosquitto.tls.conf").read_text().splitlines()[1:])
    assert override - real == {
        "listener 8883",
        "certfile /run/secrets/server_crt",
        "keyfile /run/secrets/server_key",
    }
    assert real - override == set()


def test_a_backup_is_restored(tmp_path: Path, mariadb_server: MariaDB, site: Site) -> None:
    url = mariadb_server.make_database()
    name = url.rpartition("/")[2]
    prepare_database(url, site).dispose()
    with mariadb_server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO reading VALUES (1, '2026-11-23 12:00:00.123', 18.02, 0)")
    options = tmp_path / "options"
    options.touch(mode=0o600)
    options.write_text(
        f"[client]\nhost=127.0.0.1\nport={mariadb_server.port}\nuser=octopus\npassword={mariadb_server.password}\n"
    )
    script = tmp_path / "octopus-backup"
    script.write_text((INSTALLING / "octopus-backup").read_text().replace("--databases octopus", f"--databases {name}"))
    backups = tmp_path / "backups"
    backups.mkdir()
    for number in range(16):
        (backups / f"octopus-20200101T0000{number:02}Z.sql.gz").touch()
    subprocess.run(["bash", str(script), str(backups), f"--defaults-extra-file={options}"], check=True)
    kept = sorted(backups.iterdir())
    assert len(kept) == 14
    assert kept[-1].stat().st_mode & 0o077 == 0, "it holds people's names and password hashes"

    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")
    dump = subprocess.run(["zcat", str(kept[-1])], check=True, capture_output=True).stdout
    client = [program("mariadb"), f"--defaults-extra-file={options}"]
    subprocess.run(client, input=dump, check=True)
    environment = {**os.environ, "OCTOPUS_DATABASE__URL": url, "PYTHONPATH": str(ROOT)}
    checked = subprocess.run(
        [sys.executable, "-m", "octopus", "db", "check"], env=environment, capture_output=True, text=True, check=False,
        cwd=tmp_path,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    with mariadb_server.connect(name) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT value FROM readings")
        assert cursor.fetchall() == ((18.02,),)
        cursor.execute("SHOW TRIGGERS")
        assert len(cursor.fetchall()) > 0, "the audit stays protected"


def test_a_backup_that_fails_leaves_the_old_ones(tmp_path: Path) -> None:
    old = tmp_path / "octopus-20200101T000000Z.sql.gz"
    old.touch()
    script = INSTALLING / "octopus-backup"
    words = ["bash", str(script), str(tmp_path), "--host=127.0.0.1", "--port=1"]
    assert subprocess.run(words, capture_output=True, check=False).returncode != 0
    assert list(tmp_path.iterdir()) == [old]
