"""Where an installation's files lie, and how texts that name the usual places are made to name these."""

import grp
import os
import pwd
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from octopus.installing.plan import Access

USUAL_PROGRAMS = "/opt/octopus/bin/"
ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Places:
    """Everything lies below `prefix`. Only below `/` are there accounts of the services; else all belongs to us."""

    prefix: Path = ROOT

    @property
    def ours(self) -> bool:
        return self.prefix != ROOT

    def at(self, path: str) -> Path:
        return self.prefix / path.removeprefix("/")

    def access(self, group: str = "root", mode: int = 0o644, owner: str = "root") -> Access:
        """Return this access below `/`; elsewhere the same mode for whoever runs the command."""
        if not self.ours:
            return Access(owner, group, mode)
        return Access(pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name, mode)

    def text(self, name: str, package: str = "octopus.installing") -> str:
        """Return a file of ours with the places of this installation in it."""
        return self.placed((files(package) / name).read_text(encoding="utf-8"))

    def placed(self, text: str) -> str:
        text = text.replace(USUAL_PROGRAMS, f"{Path(sys.prefix) / 'bin'}/")
        if not self.ours:
            return text
        mine = self.access()
        for usual in ("/etc/octopus", "/etc/mosquitto", "/var/lib/octopus", "/var/backups/octopus", "/usr/local/sbin/"):
            text = text.replace(usual, f"{self.prefix}{usual}")
        lines = []
        for line in text.splitlines(keepends=True):
            word = line.partition("=")[0]
            kept = {"User": mine.owner, "Group": mine.group}.get(word)
            # systemd puts a state directory below /var/lib alone.
            lines += [] if word == "StateDirectory" else [line if kept is None else f"{word}={kept}\n"]
        return "".join(lines)
