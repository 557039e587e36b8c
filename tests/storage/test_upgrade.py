"""A database of a version before, with rows in every table, is upgraded; what was in it is in it afterwards.

`previous/` holds what mariadb-dump said of each; after a release, the one of that release is added.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.site import read_site
from storage import migrating, revisions
from tests.services.databases import open_database
from tests.services.mariadb import MariaDB
from tests.services.process import program

PREVIOUS = sorted((Path(__file__).parent / "previous").glob("*.sql"))
ROOT = Path(__file__).parent.parent.parent
Rows = dict[str, list[dict[str, str]]]


def load(server: MariaDB, url: str, file: Path) -> None:
    words = [
        program("mariadb"), "--no-defaults", "--host=127.0.0.1", f"--port={server.port}", "--user=octopus",
        f"--password={server.password}", "--default-character-set=utf8mb4", url.rpartition("/")[2],
    ]  # fmt: skip
    subprocess.run(words, input=file.read_bytes(), check=True)


def rows(server: MariaDB, url: str) -> Rows:
    """Return every table's rows, as text: a wider type of number is no other value."""
    found: Rows = {}
    with server.connect(url.rpartition("/")[2]) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES WHERE table_type = 'BASE TABLE'")
        for table, _ in cursor.fetchall():
            if table != "alembic_version":
                cursor.execute(f"SELECT * FROM `{table}`")
                names = [column[0] for column in cursor.description]
                found[table] = [dict(zip(names, map(str, row), strict=True)) for row in cursor.fetchall()]
    return found


def octopus(url: str, directory: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "octopus", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OCTOPUS_DATABASE__URL": url},
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("file", PREVIOUS, ids=lambda file: file.stem)
def test_a_database_of_before_is_upgraded_with_its_rows(file: Path, tmp_path: Path, mariadb_server: MariaDB) -> None:
    url = mariadb_server.make_database()
    load(mariadb_server, url, file)
    before = rows(mariadb_server, url)
    assert all(before.values()), "rows in every table"

    said = octopus(url, tmp_path, "db", "upgrade")
    assert f"database at version {revisions.newest()}" in said
    assert "tables as they should be" in octopus(url, tmp_path, "db", "check")
    engine = open_database(url)
    assert migrating.differences(engine) == []
    engine.dispose()

    after = rows(mariadb_server, url)
    for table, held in before.items():
        kept = {name for name in held[0] if name in after[table][0]}
        assert [{name: row[name] for name in kept} for row in after[table][: len(held)]] == [
            {name: row[name] for name in kept} for row in held
        ], table
    assert "no changes" in octopus(url, tmp_path, "db", "upgrade"), f"{read_site().name} was in it before"
    with mariadb_server.connect(url.rpartition("/")[2]) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TRIGGERS LIKE 'audit_event'")
        assert len(cursor.fetchall()) >= 2, "the audit stays protected"
