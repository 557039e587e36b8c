"""What the command says and with which code it ends: 0 done, 65 refused, 69 not now, 78 other settings needed."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.site import Site
from tests.services.mariadb import MariaDB
from tests.services.process import free_port


def octopus(directory: Path, *words: str, **settings: str) -> tuple[int, str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")}
    url = {"OCTOPUS_DATABASE__URL": f"sqlite:///{directory}/octopus.sqlite"}
    done = subprocess.run(
        [sys.executable, "-m", "octopus", *words],
        env={**inherited, "PYTHONPATH": str(Path.cwd()), **url, **settings},
        cwd=directory, capture_output=True, text=True, timeout=60, check=False, input="",
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_a_database_is_made_once(tmp_path: Path, site: Site) -> None:
    code, _, said = octopus(tmp_path, "db", "check")
    assert (code, said.count("\n")) == (69, 1)
    assert "run `octopus db upgrade`" in said
    assert octopus(tmp_path, "db", "upgrade")[0] == 0
    assert "nothing applied" in octopus(tmp_path, "db", "upgrade")[1]
    assert octopus(tmp_path, "db", "check")[0] == 0
    assert octopus(tmp_path, "site", "apply")[1].endswith("nothing to change\n")
    told = octopus(tmp_path, "site", "check")
    assert told == (0, f"{site.name}: 6 units, 18 cells, 17 parameters\nnothing to change\n", "")


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    assert octopus(tmp_path, "db", "upgrade")[0] == 0
    with sqlite3.connect(tmp_path / "octopus.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    for words in (["db", "upgrade"], ["db", "check"], ["user", "add", "someone", "--generate"]):
        code, _, said = octopus(tmp_path, *words)
        assert (code, said.count("\n")) == (69, 1), words
        assert "newer than this Octopus" in said


def test_a_site_file_is_checked_before_anything_changes(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text("name = 1\n")
    code, _, said = octopus(tmp_path, "site", "check", "site.toml")
    assert code == 78
    assert said.splitlines()[0] == "site file site.toml: name: Input should be a valid string"
    assert octopus(tmp_path, "site", "apply", "none.toml")[0] == 78
    code, _, said = octopus(tmp_path, "site", "apply")
    assert (code, said.count("\n")) == (69, 1), "no tables yet"


def test_people_are_added_with_words_for_what_is_wrong(tmp_path: Path) -> None:
    octopus(tmp_path, "db", "upgrade")
    code, said, _ = octopus(tmp_path, "user", "add", "director", "--role", "admin", "--generate")
    assert code == 0
    assert "director is added as admin" in said
    for words, wrong in (
        (["add", "director", "--generate"], "login: "),
        (["add", "two words", "--generate"], "login: "),
        (["add", "other"], "password: "),
        (["reset-link", "nobody"], "nobody is called nobody"),
    ):
        code, _, said = octopus(tmp_path, "user", *words)
        assert (code, said.count("\n")) == (65, 1), words
        assert said.startswith(wrong)
    code, said, _ = octopus(tmp_path, "user", "reset-link", "director")
    assert code == 0
    assert said.startswith("/password/")


def test_a_wrong_password_is_a_line_without_it(tmp_path: Path, mariadb_server: MariaDB) -> None:
    url = f"mysql+pymysql://octopus:guessed@127.0.0.1:{mariadb_server.port}/octopus"
    for words in (["db", "upgrade"], ["user", "add", "someone", "--generate"], ["site", "apply"]):
        code, out, said = octopus(tmp_path, *words, OCTOPUS_DATABASE__URL=url)
        assert (code, said.count("\n")) == (69, 1), words
        assert "Access denied" in said
        assert "guessed" not in out + said


def test_a_database_that_is_away_is_a_line(tmp_path: Path) -> None:
    url = f"mysql+pymysql://octopus@127.0.0.1:{free_port()}/octopus"
    code, _, said = octopus(tmp_path, "db", "upgrade", OCTOPUS_DATABASE__URL=url)
    assert (code, said.count("\n")) == (69, 1)
    assert "Can't connect" in said


@pytest.mark.parametrize(
    ("words", "setting", "said"),
    [
        (["web"], {"OCTOPUS_WEB__PROT": "1"}, "setting web.prot: unknown setting\n"),
        (
            ["ingestor"],
            {"OCTOPUS_INGESTR__NAME": "x"},
            "environment: unknown setting ingestr; did you mean ingestor?\n",
        ),
        (["bot"], {}, "the bot is off: it has no token (OCTOPUS_BOT__TOKEN_FILE or OCTOPUS_BOT__TOKEN)\n"),
        (["publisher"], {}, "setting publisher: Field required\nsetting source: Field required\n"),
        (["db", "upgrade"], {"OCTOPUS_SITE": "none.toml"}, "site file none.toml: No such file or directory\n"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, words: list[str], setting: dict[str, str], said: str) -> None:
    assert octopus(tmp_path, *words, **setting) == (78, "", said)


def test_passwords_are_generated_once_and_kept_close(tmp_path: Path) -> None:
    assert octopus(tmp_path, "secrets", "s")[0] == 0
    files = [file for file in (tmp_path / "s").rglob("*") if file.is_file()]
    before = {file: file.read_text() for file in files if file.name not in {"passwords", "acl"}}
    assert {"ecolab-1", "ingestor", "reader", "root", "octopus"} <= {file.name for file in before}
    assert len(set(before.values())) == len(before), "no two are alike"
    assert not [file for file in (tmp_path / "s").rglob("*") if file.stat().st_mode & 0o077]
    code, said, _ = octopus(tmp_path, "secrets", "s", "--also", "corridor")
    assert (code, said) == (0, "made: corridor\n")
    assert all(file.read_text() == text for file, text in before.items())
    assert octopus(tmp_path, "secrets", "s", "--also", "../x")[0] == 78
