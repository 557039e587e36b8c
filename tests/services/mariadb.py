"""A real MariaDB on a free port, with a fresh database for each test that asks."""

import atexit
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from secrets import token_hex

import pymysql

from tests.services.process import Process, free_port, program, wait_for

# For a server that nobody kills: its files wait for no disk.
NO_SYNC = ("--innodb-flush-method=nosync", "--innodb-flush-log-at-trx-commit=2", "--debug-no-sync")


class MariaDB(Process):
    """Default durability: what is committed survives kill -9."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.port = free_port()
        self.data = directory / "data"
        self.password = token_hex(8)
        shutil.copytree(_new_data(), self.data)
        boot = directory / "boot.sql"
        # The server reads its init file a line a statement.
        boot.write_text(
            f"CREATE USER IF NOT EXISTS octopus@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            "GRANT ALL ON *.* TO octopus@'127.0.0.1' WITH GRANT OPTION;\n"
        )
        command = [
            program("mariadbd"),
            "--no-defaults",
            "--user=root",
            f"--datadir={self.data}",
            f"--socket={directory}/s",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--init-file={boot}",
            "--innodb-buffer-pool-size=256M",
            "--skip-log-bin",
            "--skip-name-resolve",
            *options,
        ]
        super().__init__(command, directory / "mariadb.log")

    def start(self) -> None:
        super().start()
        try:
            wait_for(self._answers, "MariaDB answers", 60)
        except AssertionError:
            self.kill()
            raise

    def connect(self, database: str | None = None) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user="octopus",
            password=self.password,
            database=database,
            autocommit=True,
        )

    def make_database(self) -> str:
        """Create an empty database and return its URL."""
        name = f"octopus_{token_hex(4)}"
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return self.url(name)

    def url(self, name: str) -> str:
        return f"mysql+pymysql://octopus:{self.password}@127.0.0.1:{self.port}/{name}"

    def _answers(self) -> bool:
        assert self.running, f"MariaDB ended:\n{self.text()}"
        try:
            self.connect().close()
        except pymysql.err.OperationalError:
            return False
        return True


@cache
def _new_data() -> Path:
    """Return the data directory of a server that has never run, made once in this process and copied for each."""
    directory = Path(tempfile.mkdtemp(prefix="octopus-mariadb-"))
    atexit.register(shutil.rmtree, directory)
    data = directory / "data"
    command = [
        program("mariadb-install-db"),
        "--no-defaults",
        f"--datadir={data}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--innodb-log-file-size=8M",  # little to copy; the server that starts makes it the size it is told
    ]
    for attempt in range(3):
        # Its own server dies now and then while it makes the tables, on a machine that does much else.
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert attempt < 2, f"mariadb-install-db failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        shutil.rmtree(data, ignore_errors=True)
    return data
