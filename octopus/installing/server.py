"""The server's installation: an account for each service, passwords, settings, Mosquitto, MariaDB, units of systemd."""

from collections.abc import Iterator
from pathlib import Path

from broker import accounts
from octopus import secret_files
from octopus.installing.places import Places
from octopus.installing.plan import Account, Link, Piece
from schemas.site import Site

SERVICES = ("database", "ingestor", "watchdog", "web", "bot")
UNITS = (
    "octopus.target",
    *(f"octopus-{service}.service" for service in SERVICES),
    "octopus-database.timer",
    "octopus-backup.service",
    "octopus-backup.timer",
)
_HEAD = "# Written by `octopus install server` and yours since then: it is not written again.\n"
_EXTRA = {
    "web": "\n[web]\nport = 8000\nsecure_cookies = true\n",
    "bot": (
        "\n# docs/discord.md says how to get a token; without one there is no bot.\n"
        '# [bot]\n# token_file = "/etc/octopus/secrets/discord"\n# guild = 0\n'
    ),
}


def before_secrets(places: Places) -> list[Account | Piece | Link]:
    """Return what the passwords need: accounts and closed directories."""
    system = [] if places.ours else [Account(f"octopus-{service}") for service in SERVICES]
    folders = [Piece(places.at("/etc/octopus"), places.access(mode=0o755))]
    # To be passed through, not to be listed: each file says who may read it.
    folders += [
        Piece(places.at(f"/etc/octopus/secrets{sub}"), places.access(mode=0o711))
        for sub in ("", "/broker", "/database")
    ]
    return [*system, *folders]


def make_secrets(places: Places, site: Site) -> list[str]:
    return secret_files.make(places.at("/etc/octopus/secrets"), site)


def after_secrets(places: Places, site_file: Path | None) -> list[Account | Piece | Link]:
    """Return all other files; the passwords are there already."""
    return [
        *_secrets(places),
        *_settings(places, site_file),
        *_mosquitto(places),
        Piece(places.at("/etc/mysql/conf.d"), places.access(mode=0o755)),
        Piece(places.at("/etc/mysql/conf.d/octopus.cnf"), places.access(), places.text("octopus.cnf"), keep=True),
        *_programs(places),
        Piece(places.at("/etc/systemd/system"), places.access(mode=0o755)),
        *(
            Piece(
                places.at(f"/etc/systemd/system/{name}"),
                places.access(),
                places.text(name, "octopus.installing.systemd"),
            )
            for name in UNITS
        ),
    ]


def _secrets(places: Places) -> Iterator[Piece]:
    directory = places.at("/etc/octopus/secrets")
    readers = {f"broker/{name}": name for name in SERVICES} | {f"database/{name}": name for name in SERVICES}
    readers |= {f"database/{secret_files.MIGRATOR}": "database", "ldap": "web", "discord": "bot"}
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        reader = readers.get(file.relative_to(directory).as_posix())
        access = places.access(mode=0o600) if reader is None else places.access(f"octopus-{reader}", 0o640)
        yield Piece(file, access, "", keep=True)


def _settings(places: Places, site_file: Path | None) -> Iterator[Piece]:
    site = ""
    if site_file is not None:
        site = f'site = "{places.at("/etc/octopus/site.toml")}"\n\n'
        yield Piece(places.at("/etc/octopus/site.toml"), places.access(), site_file.read_text(encoding="utf-8"))
    for service in SERVICES:
        migrates = service == "database"
        account = secret_files.MIGRATOR if migrates else f"{secret_files.MIGRATOR}_{service}"
        broker = f'[broker]\nusername = "{service}"\npassword_file = "/etc/octopus/secrets/broker/{service}"\n\n'
        text = (
            f'[database]\nurl = "mysql+pymysql://{account}@127.0.0.1/{secret_files.MIGRATOR}"\n'
            f'password_file = "/etc/octopus/secrets/database/{secret_files.MIGRATOR if migrates else service}"\n'
        )
        whole = _HEAD + site + places.placed(("" if migrates else broker) + text + _EXTRA.get(service, ""))
        yield Piece(
            places.at(f"/etc/octopus/{service}.toml"), places.access(f"octopus-{service}", 0o640), whole, keep=True
        )


def _mosquitto(places: Places) -> Iterator[Piece]:
    secrets = places.at("/etc/octopus/secrets/broker")
    yield Piece(places.at("/etc/mosquitto/octopus"), places.access("mosquitto", 0o750))
    for name in (accounts.PASSWORDS, accounts.RULES):
        text = (secrets / name).read_text(encoding="ascii") if (secrets / name).exists() else ""  # a dry run
        yield Piece(places.at(f"/etc/mosquitto/octopus/{name}"), places.access("mosquitto", 0o600, "mosquitto"), text)
    file, text = places.at("/etc/mosquitto/mosquitto.conf"), places.text("mosquitto.conf", "broker")
    # The distribution's own gives way, once; ours stays as somebody edits it.
    ours = file.exists() and file.read_text(encoding="utf-8").startswith(text.splitlines()[0])
    if file.exists() and not ours:
        yield Piece(
            file.with_suffix(".conf.before-octopus"), places.access(), file.read_text(encoding="utf-8"), keep=True
        )
    yield Piece(file, places.access(), text, keep=ours)


def _programs(places: Places) -> Iterator[Piece | Link]:
    yield Piece(places.at("/usr/local/sbin"), places.access(mode=0o755))
    for name in ("octopus-backup", "octopus-restore"):
        yield Piece(places.at(f"/usr/local/sbin/{name}"), places.access(mode=0o755), places.text(name))
    yield Piece(places.at("/var/backups/octopus"), places.access(mode=0o700))
    yield Piece(places.at("/var/lib/octopus"), places.access(mode=0o755))
    yield Link(places.at("/usr/local/bin/octopus"), Path(places.placed("/opt/octopus/bin/octopus")))
