"""`octopus install` below a directory: modes, what is kept, what a second run and a dry run do."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from octopus import install
from octopus.__main__ import main
from octopus.installing.unit_pc import windows_steps
from tests.install.documents import ROOT, other_block
from tooling import programs


def octopus(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
    return subprocess.run(
        [sys.executable, "-m", "octopus", *words],
        env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def install_server(prefix: Path, *more: str) -> str:
    done = octopus("install", "server", "--prefix", str(prefix), *more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def everything(directory: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path): (path.stat().st_mode, path.stat().st_mtime_ns, b"" if path.is_dir() else path.read_bytes())
        for path in directory.rglob("*")
    }


def test_a_dry_run_says_everything_and_does_nothing(tmp_path: Path) -> None:
    said = install_server(tmp_path / "here", "--dry-run")
    assert not (tmp_path / "here").exists()
    really = install_server(tmp_path / "here")
    told = {line.removeprefix("would ") for line in said.splitlines() if line.startswith("would ")}
    assert told <= set(really.splitlines())
    assert any("octopus-web.service" in line for line in told)


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    install_server(tmp_path)
    before = everything(tmp_path)
    assert install_server(tmp_path) == "nothing to do, all is there\n"
    assert everything(tmp_path) == before


def test_what_somebody_edited_stays_and_wrong_modes_are_put_right(tmp_path: Path) -> None:
    install_server(tmp_path)
    web, unit = tmp_path / "etc/octopus/web.toml", tmp_path / "etc/systemd/system/octopus-web.service"
    secret, cnf = tmp_path / "etc/octopus/secrets/broker/web", tmp_path / "etc/mysql/conf.d/octopus.cnf"
    web.write_text(web.read_text() + 'address = "https://octopus.example"\n')
    unit.write_text("[Unit]\n")
    secret.chmod(0o666)
    cnf.chmod(0o600)
    password, edited = secret.read_text(), web.read_text()
    said = install_server(tmp_path)
    assert web.read_text() == edited
    assert "octopus-web" in str(unit)
    assert "-m web" in unit.read_text(), "units are this version's"
    assert secret.read_text() == password
    assert (secret.stat().st_mode & 0o777, cnf.stat().st_mode & 0o777) == (0o640, 0o644)
    assert len(said.split("Next")[0].splitlines()) == 3


def test_no_secret_is_open_and_settings_are_settings(tmp_path: Path) -> None:
    install_server(tmp_path)
    for file in (tmp_path / "etc/octopus/secrets").rglob("*"):
        assert file.stat().st_mode & 0o007 in ({0o001} if file.is_dir() else {0}), file
    for service in ("ingestor", "watchdog", "web", "bot"):
        settings = tomllib.loads((tmp_path / f"etc/octopus/{service}.toml").read_text())
        assert settings["broker"]["username"] == service
        assert settings["database"]["url"] == f"mysql+pymysql://octopus_{service}@127.0.0.1/octopus"
        for table in ("broker", "database"):
            assert Path(settings[table]["password_file"]).read_text().strip()


def test_the_distribution_s_mosquitto_conf_gives_way_once(tmp_path: Path) -> None:
    file = tmp_path / "etc/mosquitto/mosquitto.conf"
    file.parent.mkdir(parents=True)
    file.write_text("# Place your local configuration in /etc/mosquitto/conf.d/\n")
    install_server(tmp_path)
    assert file.with_name("mosquitto.conf.before-octopus").read_text().startswith("# Place your")
    file.write_text(file.read_text() + "include_dir /etc/mosquitto/conf.d\n")
    install_server(tmp_path)
    assert file.read_text().endswith("include_dir /etc/mosquitto/conf.d\n"), "ours stays as somebody edits it"


def test_a_password_that_became_known_is_made_anew(tmp_path: Path) -> None:
    install_server(tmp_path)
    secrets, hashes = tmp_path / "etc/octopus/secrets", tmp_path / "etc/mosquitto/octopus/passwords"
    before = dict(line.split(":", 1) for line in hashes.read_text().splitlines())
    known = (secrets / "database/web").read_text().strip()
    for kind in ("broker", "database"):
        (secrets / kind / "web").unlink()
    install_server(tmp_path)
    after = dict(line.split(":", 1) for line in hashes.read_text().splitlines())
    assert {name for name in before if before[name] != after[name]} == {"web"}
    assert known not in (secrets / "database/accounts.sql").read_text()


def test_a_unit_s_pc(tmp_path: Path) -> None:
    words = ("install", "publisher", "--unit", "ecolab-2", "--broker", "mqtt.example", "--prefix", str(tmp_path))
    assert "octopus.toml" in octopus(*words).stdout
    settings = tomllib.loads((tmp_path / "etc/octopus/octopus.toml").read_text())
    assert settings["broker"]["username"] == settings["publisher"]["unit"] == "ecolab-2"
    assert "source" not in settings, "nobody sends made-up readings by mistake"
    (tmp_path / "etc/octopus/password").write_text("x")
    (tmp_path / "etc/octopus/password").chmod(0o666)
    octopus(*words)
    assert (tmp_path / "etc/octopus/password").stat().st_mode & 0o777 == 0o640
    assert octopus(*words).stdout == "nothing to do, all is there\n"
    wrong = octopus(*words[:3], "ecolab-9", *words[4:])
    assert wrong.returncode == 78
    assert "no unit ecolab-9" in wrong.stderr


def test_a_site_of_its_own(tmp_path: Path) -> None:
    site = ROOT / "docs/examples/greenhouses/own-site/site.toml"
    install_server(tmp_path, "--site", str(site))
    assert (tmp_path / "etc/octopus/site.toml").read_text() == site.read_text()
    settings = tomllib.loads((tmp_path / "etc/octopus/web.toml").read_text())
    assert settings["site"] == str(tmp_path / "etc/octopus/site.toml")


def test_windows_gets_the_steps_of_the_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install.sys, "platform", "win32")
    assert main(["install", "publisher", "--unit", "ecolab-1", "--broker", "mqtt.example"]) == 0
    assert windows_steps() in capsys.readouterr().out
    assert other_block("install", "Windows", "powershell") == windows_steps()


def test_below_the_root_one_must_be_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["install", "server"]) == install.EXIT_NO_PERMISSION
    assert "run it as root, or with --prefix" in capsys.readouterr().err


def test_a_bare_machine_is_told_everything_that_the_tests_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.shutil, "which", lambda *_args, **_kinds: None)
    monkeypatch.setattr(programs.Path, "exists", lambda _file: False)
    assert {"python3-dev", "gcc", "libldap-dev", "debootstrap", "iproute2", "mosquitto"} <= set(programs.missing())
