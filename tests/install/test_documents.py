"""docs/install.md, operate.md, recover.md: every shell block runs, in a Debian of its own, while a unit sends on.

What needs Docker is not run here: tests/deploy runs the commands of compose.yaml. systemd is stood in for by
systemctl.py, which starts what the unit files say.
"""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.install import root
from tests.install.documents import ROOT, Block, other_block, shell_blocks
from tests.install.root import Machine
from tests.services.process import wait_for

pytestmark = pytest.mark.timeout(2400)

PARIS = ZoneInfo("Europe/Paris")
INTERNET = ("pip install", "apt-get", "pip wheel")
ELSEWHERE = "docker compose"


class Logger:
    """What the unit's own program does: a line each second, whatever happens to Octopus."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.rows: dict[datetime, float] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        file.parent.mkdir(parents=True)
        file.write_text("Date;Heure;T°C;HR %\n", encoding="utf-8")
        now = datetime.now(UTC).replace(microsecond=0)
        self._write(now - timedelta(seconds=number) for number in range(600, 0, -1))
        self._last = now - timedelta(seconds=1)

    def _write(self, instants: Iterator[datetime]) -> None:
        text = ""
        for at in instants:
            value = round(15 + (at.timestamp() % 997) / 100, 2)
            self.rows[at] = value
            text += f"{at.astimezone(PARIS):%d/%m/%Y;%H:%M:%S};{str(value).replace('.', ',')};50\n"
        with self._file.open("a", encoding="utf-8") as out:
            out.write(text)

    def _go_on(self) -> None:
        while not self._ended.wait(0.5):
            now = datetime.now(UTC).replace(microsecond=0)
            count = round((now - self._last).total_seconds())
            self._write(now - timedelta(seconds=number) for number in range(count - 1, -1, -1))
            self._last = now

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


class Story:
    """The blocks in their order; each can be taken once, and at the end none may be left."""

    def __init__(self, blocks: list[Block]) -> None:
        self.left = [block for block in blocks if ELSEWHERE not in block.text]

    def take(self, heading: str, machine: Machine, containing: str = "") -> str:
        block = next((block for block in self.left if block.heading == heading and containing in block.text), None)
        assert block is not None, f"no document has a block under {heading!r} with {containing!r} (any more)"
        self.left.remove(block)
        return machine.run(block.text, internet=any(word in block.text for word in INTERNET))


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Machine]]:
    """Return a server and a unit's PC, each a bare Debian with the checkout in /root/octopus."""
    root.needed()
    directory = tmp_path_factory.mktemp("install")
    try:
        server = root.make(directory)
        checkout = server / "root/octopus"
        copy_checkout(checkout)
        pc = directory / "pc"
        subprocess.run(["cp", "-a", str(server), str(pc)], check=True)
        for machine in (server, pc):
            with (machine / "etc/hosts").open("a") as hosts:
                hosts.write("127.0.0.1 localhost mqtt.example\n")
        with root.started(server, pc) as both:
            yield both
    finally:
        root.remove(directory)


def copy_checkout(target: Path) -> None:
    """Copy what git knows, and the pages' packages that a build has fetched already."""
    target.mkdir(parents=True)
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.split(b"\0")
    for name in filter(None, map(bytes.decode, names)):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    vendor = ROOT / "web/static/vendor"
    if vendor.is_dir():
        shutil.copytree(vendor, target / "web/static/vendor", dirs_exist_ok=True)


def test_the_documents(machines: list[Machine]) -> None:
    server, pc = machines
    story = Story(shell_blocks())
    logger = Logger(pc.at("/var/log/climate/cell-1_2026.csv"))

    install_server(story, server)
    install_pc(story, server, pc)
    logger.start()
    try:
        wait_for(lambda: stored(server), "readings are stored", 120)
        assert modes(server) == WANTED_MODES
        nobody_reads_what_is_another_s(server)
        operate(story, server)
        lose_and_restore(story, server, pc)
    finally:
        logger.stop()
    wait_for(lambda: set(stored(server)) >= set(logger.rows), "all that the unit wrote is stored", 180)
    assert stored(server) == logger.rows, "row by row: nothing is missing, nothing doubled, nothing else"
    ledger(server)
    other_cases(story, server, pc)
    assert stored(server) == logger.rows
    assert not story.left, "never run:\n" + "\n".join(map(str, story.left))


def install_server(story: Story, server: Machine) -> None:
    story.take("The wheel", server)
    story.take("The server with packages and systemd", server)
    assert "nothing to do" in server.run("/opt/octopus/bin/octopus install server"), "a second run changes nothing"
    server.run("install -d -o mysql -g mysql /run/mysqld")  # systemd-tmpfiles makes it at each start of the machine
    before = server.run("pwd; umask")
    after = server.run(f"{block_text(story, 'Mosquitto with TLS')}\npwd; umask")
    assert after.endswith(before), "the reader's shell stays where it was"
    story.left = [block for block in story.left if block.heading != "Mosquitto with TLS"]
    assert "\n1\n" in story.take("Database", server)
    said = story.take("Services", server)
    assert "FAIL" not in said, said
    assert "password of name" in said
    elsewhere = server.run("cd /root; runuser -u octopus-web -- octopus doctor 2>&1 || echo code $?")
    assert "octopus.toml of this directory: Permission denied" in elsewhere
    assert elsewhere.endswith("code 78\n"), elsewhere
    story.take("Accounts", server)
    server.run(f"mariadb <<'END'\n{other_block('install', 'Services', 'sql')}\nEND")


def block_text(story: Story, heading: str) -> str:
    return next(block.text for block in story.left if block.heading == heading)


def install_pc(story: Story, server: Machine, pc: Machine) -> None:
    shutil.copytree(server.at("/root/octopus/dist"), pc.at("/root/octopus/dist"))
    story.take("Linux", pc, "apt-get")
    shutil.copy(server.at("/etc/octopus/secrets/broker/ecolab-1"), pc.at("/etc/octopus/password"))
    shutil.copy(server.at("/etc/mosquitto/certs/ca.crt"), pc.at("/etc/octopus/ca.crt"))
    # Into the file that is there, as an editor does it.
    pc.at("/etc/octopus/octopus.toml").write_text(other_block("install", "Linux", "toml"), encoding="utf-8")
    said = story.take("Linux", pc, "doctor")
    assert "FAIL" not in said, said
    mode = pc.run("stat -c '%U:%G %a' /etc/octopus/password /etc/octopus/octopus.toml").splitlines()
    assert mode == ["root:octopus 640"] * 2


WANTED_MODES = """\
root:root 711 /etc/octopus/secrets
root:octopus-ingestor 640 /etc/octopus/ingestor.toml
root:octopus-web 640 /etc/octopus/secrets/broker/web
root:root 600 /etc/octopus/secrets/broker/ecolab-1
root:octopus-database 640 /etc/octopus/secrets/database/octopus
root:octopus-bot 640 /etc/octopus/secrets/database/bot
root:root 600 /etc/octopus/secrets/database/accounts.sql
root:root 644 /etc/mysql/conf.d/octopus.cnf
mosquitto:mosquitto 600 /etc/mosquitto/octopus/passwords
root:root 700 /var/backups/octopus
""".splitlines()


def modes(server: Machine) -> list[str]:
    files = " ".join(line.rpartition(" ")[2] for line in WANTED_MODES)
    return server.run(f"stat -c '%U:%G %a %n' {files}").splitlines()


def nobody_reads_what_is_another_s(server: Machine) -> None:
    """Each account reads the secrets of its own service, and none else."""
    for service in ("ingestor", "watchdog", "web", "bot"):
        found = server.run(
            "for file in /etc/octopus/secrets/broker/* /etc/octopus/secrets/database/*; do"
            f" runuser -u octopus-{service} -- test -r $file && echo $file || true; done"
        ).split()
        assert found == [f"/etc/octopus/secrets/{kind}/{service}" for kind in ("broker", "database")]
        said = server.run(
            f"export MYSQL_PWD=$(cat /etc/octopus/secrets/database/{service})\n"
            f"mariadb -h 127.0.0.1 -u octopus_{service} octopus -e 'DELETE FROM reading' 2>&1 || true"
        )
        assert "DELETE command denied" in said, said


def stored(server: Machine) -> dict[datetime, float]:
    rows = server.sql("SELECT observed_at, value FROM readings WHERE cell = 'E1C1' AND parameter = 'air_temperature'")
    found = {datetime.fromisoformat(at).replace(tzinfo=UTC): float(value) for at, value in rows}
    assert len(found) == len(rows)
    return found


def operate(story: Story, server: Machine) -> None:
    """Update to the same version: what runs goes on."""
    story.take("Updating", server, "pip install")
    story.take("Updating", server, "octopus-database")


def lose_and_restore(story: Story, server: Machine, pc: Machine) -> None:
    """Back up, go on, lose the database's directory but for its logs, restore, compare."""
    story.take("Backup", server)
    at_backup = stored(server)
    wait_for(lambda: len(stored(server)) > len(at_backup) + 3, "readings come after the dump", 60)
    before = stored(server)
    server.run("kill -9 $(cat /run/systemctl-stand-in/mariadb.service.pid)")
    server.run("mv /var/lib/mysql /var/lib/mysql.lost; mariadb-install-db --user=mysql --skip-test-db")
    story.take("The database is lost", server, "systemctl stop octopus.target")
    story.take("The database is lost", server, "systemctl restart mariadb")
    story.take("The database is lost", server, "octopus-restore")
    restored = stored(server)
    lost = {at: value for at, value in before.items() if restored.get(at) != value}
    assert not lost, f"{len(lost)} of {len(before)} rows are not restored, {len(at_backup)} were in the dump"
    assert len(restored) > len(at_backup), "the binary log was replayed"
    story.take("The database is lost", server, "octopus db check")
    del pc


def ledger(server: Machine) -> None:
    rows = server.sql("SELECT SUM(last_sequence - publisher.stored - rejected), SUM(rejected) FROM publisher")
    assert rows == [["0", "0"]], "nothing is missing, nothing was refused"


def other_cases(story: Story, server: Machine, pc: Machine) -> None:
    story.take("The database is lost", pc, "outbox.before")
    wait_for(lambda: pc.at("/var/lib/octopus/outbox.sqlite").exists(), "a new outbox is there")
    payload = '{"observed_at": "2026-01-05T10:00:00Z", "values": {"co2": 412}}'
    server.sql(
        "INSERT INTO rejected_message (id, topic, payload, size, reason, received_at)"
        f" VALUES (17, 'octopus/v1/ecolab-1/E1C1/readings', '{payload}', {len(payload)}, 'x', UTC_TIMESTAMP())"
    )
    story.take("Messages were rejected", server)
    co2 = "SELECT value FROM readings WHERE parameter = 'co2' AND observed_at = '2026-01-05 10:00'"
    wait_for(lambda: server.sql(co2) == [["412"]], "what was rejected is stored")
    story.take("Logging in with the station's directory", server)
    assert "python-ldap" in server.run("/opt/octopus/bin/pip list")
