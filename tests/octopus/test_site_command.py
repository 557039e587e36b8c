"""`octopus site` and the site's part of `octopus db upgrade`: shown first, asked, never retired unasked."""

import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.octopus.test_command import octopus

MARAIS = Path(__file__).parent.parent / "schemas" / "sites" / "marais.toml"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A station's file, applied to a database beside it."""
    file = tmp_path / "site.toml"
    file.write_text(MARAIS.read_text())
    assert octopus(tmp_path, "db", "upgrade", OCTOPUS_SITE="site.toml")[0] == 0
    return file


def cells(directory: Path) -> dict[str, bool]:
    with sqlite3.connect(directory / "octopus.sqlite") as database:
        return {code: retired is None for code, retired in database.execute("SELECT code, retired_at FROM cell")}


def remove_a_cell(file: Path) -> None:
    file.write_text(file.read_text().replace('cells = ["N1", "N2"]', 'cells = ["N1"]'))


def test_a_file_is_compared_with_the_database(tmp_path: Path, site: Path) -> None:
    assert octopus(tmp_path, "site", "check", "site.toml")[1].endswith("nothing to change\n")
    remove_a_cell(site)
    code, said, _ = octopus(tmp_path, "site", "check", "site.toml")
    assert (code, said.splitlines()[1:]) == (0, ["cell S1: position changed", "cell N2: retired (its history stays)"])
    assert octopus(tmp_path, "site", "apply", "site.toml", "--dry-run")[1] == said
    assert all(cells(tmp_path).values())


def test_a_file_is_checked_where_no_database_is(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(MARAIS.read_text())
    code, said, wrong = octopus(tmp_path, "site", "check", "site.toml")
    assert (code, said.count("\n")) == (0, 1)
    assert wrong.startswith("not compared with the database: there is no database")
    assert not (tmp_path / "octopus.sqlite").exists()
    assert octopus(tmp_path, "site", "apply", "site.toml")[0] == 69


def test_nothing_is_applied_where_nobody_can_be_asked(tmp_path: Path, site: Path) -> None:
    remove_a_cell(site)
    code, said, wrong = octopus(tmp_path, "site", "apply", "site.toml")
    assert code == 65
    assert "cell N2: retired" in said
    assert "run `octopus site apply site.toml --yes`" in wrong
    assert all(cells(tmp_path).values())
    assert octopus(tmp_path, "site", "apply", "site.toml", "--yes")[0] == 0
    assert cells(tmp_path) == {"N1": True, "N2": False, "S1": True}


@pytest.mark.parametrize("answer", ["n\n", "\n", "y\n"])
def test_a_person_at_a_terminal_is_asked(tmp_path: Path, site: Path, answer: str) -> None:
    remove_a_cell(site)
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    done = subprocess.run(
        [sys.executable, "-m", "octopus", "site", "apply", "site.toml"],
        stdin=theirs, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("OCTOPUS_")},
            "PYTHONPATH": str(Path.cwd()), "OCTOPUS_DATABASE__URL": f"sqlite:///{tmp_path}/octopus.sqlite",
        },
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert "Apply these 2 changes? [y/N]" in done.stdout
    assert cells(tmp_path)["N2"] is (answer != "y\n")
    assert done.returncode == (0 if answer == "y\n" else 65)


def test_an_upgrade_of_the_database_retires_nothing(tmp_path: Path, site: Path) -> None:
    """Neither does it take a code that was renamed for a new one: the history would lie under both."""
    site.write_text(site.read_text().replace('"N1", "N2"', '"N1", "N9"'))
    code, _, wrong = octopus(tmp_path, "db", "upgrade", OCTOPUS_SITE="site.toml")
    assert code == 0
    assert "nothing of it is applied: the file no longer has cell N2" in wrong
    assert "formerly" in wrong
    assert cells(tmp_path) == {"N1": True, "N2": True, "S1": True}
    site.write_text(site.read_text().replace('"N9"', '{ code = "N9", formerly = "N2" }'))
    assert octopus(tmp_path, "db", "upgrade", OCTOPUS_SITE="site.toml")[0] == 0
    assert cells(tmp_path) == {"N1": True, "N9": True, "S1": True}
