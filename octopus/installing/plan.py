"""What an installation consists of, and putting it there: what is right already stays as it is."""

import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Access:
    """Who owns a file, which group may use it, and its mode."""

    owner: str
    group: str
    mode: int


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the system that nobody logs in with, and its group."""

    name: str

    def missing(self) -> bool:
        try:
            pwd.getpwnam(self.name)
        except KeyError:
            return True
        return False

    def make(self) -> None:
        subprocess.run(  # noqa: S603 - our own names
            [
                _program("useradd"), "--system", "--user-group", "--home-dir", "/var/lib/octopus", "--no-create-home",
                "--shell", "/usr/sbin/nologin", self.name,
            ],
            check=True,
        )  # fmt: skip

    def __str__(self) -> str:
        return f"account {self.name}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A file or (without text) a directory. `keep`: what a person has edited stays as it is, but for its access."""

    path: Path
    access: Access
    text: str | None = None
    keep: bool = False

    def faults(self) -> list[str]:
        """Say what has to be done, in words for people; nothing where it is right."""
        if not self.path.exists():
            return ["make" if self.text is None else "write"]
        found = []
        if self.text is not None and not self.keep and self.path.read_bytes() != self.text.encode():
            found.append("write anew")
        status = self.path.stat()
        wanted = (_number(self.access.owner, "user"), _number(self.access.group, "group"), self.access.mode)
        if (status.st_uid, status.st_gid, status.st_mode & 0o7777) != wanted:
            found.append("give the right owner and mode")
        return found

    def put(self) -> None:
        owner, group = _number(self.access.owner, "user"), _number(self.access.group, "group")
        if self.text is None:
            self.path.mkdir(parents=True, exist_ok=True)
        elif not (self.keep and self.path.exists()):
            # In one step, and never readable by anybody else, not even for a moment.
            staging = self.path.with_name(f".{self.path.name}.new")
            staging.unlink(missing_ok=True)
            staging.touch(mode=0o600)
            staging.write_text(self.text, encoding="utf-8")
            _give(staging, owner, group, self.access.mode)
            staging.replace(self.path)
        _give(self.path, owner, group, self.access.mode)

    def __str__(self) -> str:
        return f"{self.path} ({self.access.owner}:{self.access.group} {self.access.mode:o})"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, where nothing else has the name."""

    path: Path
    target: Path

    def put(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.symlink_to(self.target)

    def __str__(self) -> str:
        return f"{self.path} -> {self.target}"


def carry_out(parts: list[Account | Piece | Link], *, dry: bool) -> Iterator[str]:
    """Do what is missing, in order; yield a line for each. With `dry` nothing is done."""
    made: set[str] = set()
    for part in parts:
        if isinstance(part, Account):
            todo = ["make"] if part.missing() else []
            made.add(part.name)
        elif isinstance(part, Link):
            todo = [] if part.path.is_symlink() or part.path.exists() else ["link"]
        elif dry and {part.access.owner, part.access.group} & made and not _known(part.access):
            todo = ["write" if part.text is not None else "make"]
        else:
            todo = part.faults()
        if todo:
            yield f"{'would ' if dry else ''}{' and '.join(todo)}: {part}"
            if not dry:
                part.make() if isinstance(part, Account) else part.put()


def _known(access: Access) -> bool:
    try:
        _number(access.owner, "user"), _number(access.group, "group")
    except LookupError:
        return False
    return True


def _number(name: str, kind: str) -> int:
    """Return the number of an account or a group; raise LookupError where there is none."""
    return pwd.getpwnam(name).pw_uid if kind == "user" else grp.getgrnam(name).gr_gid


def _give(path: Path, owner: int, group: int, mode: int) -> None:
    # The owner first: giving a file away takes some bits of its mode.
    if (path.stat().st_uid, path.stat().st_gid) != (owner, group):
        os.chown(path, owner, group)
    path.chmod(mode)


def _program(name: str) -> str:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin") or name
