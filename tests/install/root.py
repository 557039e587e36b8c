"""A throw-away Debian below a directory, with a network and processes of its own: fixed ports are nobody else's."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.process import program, wait_for

SUITE = "bookworm"
# What the documents take for granted on a Debian: a text editor's worth of programs, none of ours.
INCLUDE = "ca-certificates,python3"
NEEDS = (
    "tests/install needs root and debootstrap: as root, `make test` installs it. Who tests without root sets"
    " OCTOPUS_TEST_WITHOUT_ROOT=1, and the documents are not run."
)
# The first process: it makes the place and then only takes leave of processes that nobody else waits for.
KEEPER = """
import os, subprocess, sys, time
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
for root in sys.argv[1:]:
    subprocess.run(["mount", "-t", "proc", "proc", f"{root}/proc"], check=True)
    subprocess.run(["mount", "--rbind", "/dev", f"{root}/dev"], check=True)
print("ready", flush=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        time.sleep(0.1)
"""
INHERITED = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def needed() -> None:
    """Fail, in words, where no root can be made."""
    assert os.geteuid() == 0, NEEDS
    for name in ("debootstrap", "unshare", "nsenter", "ip"):
        program(name)


def mirror() -> str:
    """Return where this machine's own apt takes the release from; DEBIAN_MIRROR names another place."""
    if chosen := os.environ.get("DEBIAN_MIRROR"):
        return chosen
    listing = [program("apt-get"), "indextargets", "--format", "$(RELEASE) $(SITE)", "Created-By: Packages"]
    lines = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()
    found = [site for release, _, site in (line.partition(" ") for line in lines) if release == SUITE]
    assert found, f"apt has no source for {SUITE}: name a mirror in DEBIAN_MIRROR, or run `apt-get update`"
    return found[0]


def make(directory: Path) -> Path:
    """Make a Debian with almost nothing in it."""
    root = directory / "debian"
    log = directory / "debootstrap.log"
    with log.open("wb") as out:
        # With mounts of its own: one that is interrupted leaves its /proc nowhere, least of all below what is removed.
        words = [program("unshare"), "--mount", program("debootstrap"), "--variant=minbase", f"--include={INCLUDE}"]
        words += [SUITE, str(root), mirror()]
        code = subprocess.run(words, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    assert code == 0, f"debootstrap failed; its last words:\n{log.read_text(errors='replace')[-3000:]}"
    return furnish(root)


def remove(directory: Path) -> None:
    """Remove what was made; nothing where something is mounted below: that is not ours to remove."""
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    below = [place for place in mounted if place.startswith(f"{directory}/")]
    assert not below, f"still mounted, so {directory} stays: {', '.join(below)}"
    shutil.rmtree(directory)


def furnish(root: Path) -> Path:
    """Give a bare Debian the stand-ins for systemd and the way to the network."""
    # Its packages' servers are started by the documents' own commands.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    # A throw-away needs no waiting for disks.
    (root / "etc/dpkg/dpkg.cfg.d/no-sync").write_text("force-unsafe-io\n")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    # This machine's authorities: where it reaches package indexes through a proxy of its own.
    authorities = Path("/etc/ssl/certs/ca-certificates.crt")
    if authorities.exists():
        shutil.copy(authorities, root / "etc/ssl/certs/ca-certificates.crt")
    for name, text in {
        "systemctl": (Path(__file__).parent / "systemctl.py").read_text(),
        "journalctl": '#!/bin/sh\n[ "$1" = -u ] && cat "/var/log/systemctl-stand-in/$2.service"\n',
    }.items():
        file = root / "usr/local/bin" / name
        file.write_text(text)
        file.chmod(0o755)
    return root


class Machine:
    """One root: `run` executes a script in it."""

    def __init__(self, root: Path, keeper: int) -> None:
        self.root, self._keeper = root, keeper

    def at(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def run(
        self, script: str, *, directory: str = "/root/octopus", internet: bool = False, seconds: float = 600
    ) -> str:
        """Execute a script as root's shell would, each line's fault being one; return what it said."""
        spaces = ["--mount", "--pid", *(() if internet else ("--net",))]
        words = [
            program("nsenter"), f"--target={self._keeper}", *spaces, program("chroot"), str(self.root),
            "/bin/bash", "-e", "-o", "pipefail", "-c", f"cd {directory}\n{script}",
        ]  # fmt: skip
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            **{name: os.environ[name] for name in os.environ if name.startswith("PIP_") or name in INHERITED},
        }
        done = subprocess.run(
            words,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (
            f"exit code {done.returncode} of\n{script}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
        return done.stdout

    def sql(self, statements: str) -> list[list[str]]:
        """Execute statements as the database's administrator; return the rows as text."""
        said = self.run(f"mariadb -N -r octopus <<'END'\n{statements}\nEND")
        return [line.split("\t") for line in said.splitlines()]


@contextmanager
def started(*roots: Path) -> Iterator[list[Machine]]:
    """Put machines into one network of their own that ends with this block, and all their processes with it."""
    holder = subprocess.Popen(
        [
            program("unshare"), "--net", "--pid", "--mount", "--fork", "--kill-child=SIGKILL",
            sys.executable, "-c", KEEPER, *map(str, roots),
        ],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n", "no network and processes of one's own can be had here"
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        keeper = int(wait_for(lambda: children.read_text().split(), "the first process")[0])
        yield [Machine(root, keeper) for root in roots]
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()  # type: ignore[union-attr]
