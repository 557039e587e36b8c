"""The environment stands over the file; what is misspelt is refused in one readable line, without secrets."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.settings import DatabaseSettings, Settings, SettingsError, load
from storage.database import connect


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("OCTOPUS_"):
            monkeypatch.delenv(name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "octopus.toml"
    path.write_text('log_level = "DEBUG"\n[broker]\nhost = "mqtt.lab"\nport = 8883\n[web]\nport = 1\n')
    return path


def test_the_environment_stands_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_BROKER__PORT", "1884")
    settings = load(Settings, file)
    assert (settings.broker.host, settings.broker.port, settings.log_level) == ("mqtt.lab", 1884, "DEBUG")


def test_tables_and_lists_are_json(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_BROKER", '{"port": 1884, "keepalive": 10}')
    monkeypatch.setenv("octopus_broker__keepalive", "20")
    broker = load(Settings, file).broker
    assert (broker.host, broker.port, broker.keepalive) == ("mqtt.lab", 1884, 20)

    class WithSource(Settings):
        source: dict[str, Any]

    monkeypatch.setenv("OCTOPUS_SOURCE__KIND", "http")
    monkeypatch.setenv("OCTOPUS_SOURCE__URLS", '["http://a/", "http://b/"]')
    assert load(WithSource).source == {"kind": "http", "urls": ["http://a/", "http://b/"]}


def test_a_secret_that_looks_like_json_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOPUS_BROKER__PASSWORD", "{a[")
    assert load(Settings).broker.secret() == "{a["


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OCTOPUS_BROKR__PORT", "1", "unknown setting brokr; did you mean broker?"),
        ("OCTOPUS_BROKER_PORT", "1", "unknown setting broker_port; did you mean broker?"),
        ("OCTOPUS_BROKER__PROT", "1", r"setting broker\.prot: unknown setting"),
        ("OCTOPUS_BROKER__PORT", "99999", r"setting broker\.port: .*65535"),
        ("OCTOPUS_BROKER__PROTOCOL", "4", r"setting broker\.protocol"),
        ("OCTOPUS_LOG_LEVEL", "LOUD", "setting log_level"),
    ],
)
def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        load(Settings)


def test_a_bad_file_is_named(tmp_path: Path, file: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(Settings, tmp_path / "none.toml")
    file.write_text("broker = [")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(Settings, file)
    file.write_text("[brocker]\n")
    with pytest.raises(SettingsError, match="unknown setting brocker; did you mean broker"):
        load(Settings, file)


def test_a_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OCTOPUS_BROKER__PASSWORD", "hunter2")
    monkeypatch.setenv("OCTOPUS_BROKER__PASSWORD_FILE", str(tmp_path / "password"))
    with pytest.raises(SettingsError, match="not both") as raised:
        load(Settings)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["mysql//x:hunter2@h", "postgresql://x:hunter2@h/d"])
def test_a_database_of_no_use_is_told_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"setting database\.url") as raised:
        connect(DatabaseSettings.model_validate({"url": url}))
    assert "hunter2" not in str(raised.value)


def test_a_service_ends_with_78() -> None:
    code = "from service.settings import *; from_command_line(Settings, 'x', ['--config', 'none.toml'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert done.stderr == "settings file none.toml: No such file or directory\n"
