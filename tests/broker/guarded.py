"""Mosquitto with the real configuration file, accounts and access rules."""

from pathlib import Path

from broker import accounts
from schemas.site import read_site
from tests.services.mosquitto import Mosquitto
from tests.services.process import program

FILES = Path(accounts.__file__).parent


class Guarded(Mosquitto):
    """The file's paths and ports are replaced by those of this test."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.secrets = directory / "accounts"
        accounts.make(self.secrets, ["ecolab-1", "ecolab-2", *accounts.SERVICES])
        kept = [
            line
            for line in (FILES / "mosquitto.conf").read_text().splitlines()
            if line.split(" ")[0] not in {"listener", "certfile", "keyfile", "max_connections", "persistence_location"}
        ]
        text = "\n".join(kept).replace("/etc/mosquitto/octopus/passwords", str(self.secrets / "passwords"))
        accounts.write_rules(self.secrets, read_site())
        text = text.replace("/etc/mosquitto/octopus/acl", str(self.secrets / "acl"))
        self.config.write_text(
            f"{text}\nlistener {self.port} 127.0.0.1\npersistence_location {directory}/\nuser root\n"
        )

    def password(self, account: str) -> str:
        return (self.secrets / account).read_text().strip()

    def client(self, name: str, tool: str, *words: str) -> list[str]:
        return [program(tool), "-p", str(self.port), "-u", name, "-P", self.password(name), "-V", "5", *words]
