"""A unit's PC: an account, a directory for settings and password, settings to be completed, the unit of systemd."""

from importlib.resources import files
from pathlib import Path

from octopus.installing.places import Places
from octopus.installing.plan import Account, Link, Piece

_SETTINGS = """# Written by `octopus install publisher` and yours since then: it is not written again.
{site}[broker]
host = "{host}"
port = 8883
tls_ca = "/etc/octopus/ca.crt"
username = "{unit}"
password_file = "/etc/octopus/password"

[publisher]
unit = "{unit}"
outbox = "/var/lib/octopus/outbox.sqlite"

# What this unit's own program writes or serves: docs/sources.md, `octopus source guess FILE`.
# [source]
# kind = "csv"
"""


def parts(places: Places, unit: str, host: str, site_file: Path | None) -> list[Account | Piece | Link]:
    """Return everything but password, certificate and source, which only a person has."""
    site = "" if site_file is None else f'site = "{places.at("/etc/octopus/site.toml")}"\n\n'
    text = places.placed(_SETTINGS.format(unit=unit, host=host, site=""))
    head, _, rest = text.partition("\n")
    found: list[Account | Piece | Link] = [] if places.ours else [Account("octopus")]
    found += [
        Piece(places.at("/etc/octopus"), places.access("octopus", 0o750)),
        Piece(
            places.at("/etc/octopus/octopus.toml"), places.access("octopus", 0o640), f"{head}\n{site}{rest}", keep=True
        ),
    ]
    if site_file is not None:
        content = site_file.read_text(encoding="utf-8")
        found.append(Piece(places.at("/etc/octopus/site.toml"), places.access("octopus", 0o640), content))
    for name in ("password", "ca.crt"):
        if (file := places.at(f"/etc/octopus/{name}")).exists():
            found.append(Piece(file, places.access("octopus", 0o640), "", keep=True))
    unit_file = "octopus-publisher.service"
    return [
        *found,
        # The outbox's place; systemd gives it to the account at each start.
        Piece(places.at("/var/lib/octopus"), places.access("octopus", 0o755, "octopus")),
        Piece(places.at("/etc/systemd/system"), places.access(mode=0o755)),
        Piece(
            places.at(f"/etc/systemd/system/{unit_file}"),
            places.access(),
            places.text(unit_file, "octopus.installing.systemd"),
        ),
        Link(places.at("/usr/local/bin/octopus"), Path(places.placed("/opt/octopus/bin/octopus"))),
    ]


def windows_steps() -> str:
    """Return what to type into PowerShell as administrator."""
    return (files("octopus.installing") / "windows.ps1").read_text(encoding="utf-8")
