"""Broker accounts with generated passwords: `python -m broker.accounts DIRECTORY`.

Writes `DIRECTORY/<account>` (its password, readable by the owner alone) for every unit of the site, every service and
`reader`, and for Mosquitto `DIRECTORY/passwords` and `DIRECTORY/acl`. Accounts that are there keep their password.
"""

import argparse
import base64
import hashlib
import re
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path

from broker.rules import rules
from schemas.site import Site, SiteError, read_site
from service.settings import EXIT_BAD_SETTINGS

SERVICES = ("ingestor", "web", "watchdog", "bot", "reader")
PASSWORDS = "passwords"
RULES = "acl"
# Lines of the operator's own, for accounts that should write something: copied to the end of the rules.
OWN_RULES = "acl.own"
_FILES = frozenset({PASSWORDS, RULES})

# The passwords are 192 random bits: stretching protects people's passwords, it adds nothing to these.
_ITERATIONS = 1000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def make(directory: Path, names: Iterable[str]) -> list[str]:
    """Make the accounts that are missing and write Mosquitto's file of all; return those made."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = []
    for name in names:
        if not _NAME.fullmatch(name) or name in _FILES:
            raise ValueError(f"no account can be called {name!r}: letters, digits, - and _")
        file = directory / name
        if not file.exists():
            _write(file, f"{secrets.token_urlsafe(24)}\n")
            made.append(name)
    lines = [f"{file.name}:{hashed(file.read_text(encoding='ascii').strip())}\n" for file in _accounts(directory)]
    _write(directory / PASSWORDS, "".join(lines))
    return made


def write_rules(directory: Path, site: Site) -> None:
    """Write Mosquitto's acl_file: an account that is neither a unit nor a service may read, as `reader` may."""
    units = {unit.code for unit in site.units}
    own = directory / OWN_RULES
    own_lines = own.read_text(encoding="ascii") if own.exists() else ""
    spoken_for = {*units, *SERVICES, *re.findall(r"^user\s+(\S+)", own_lines, re.MULTILINE)}
    readers = [file.name for file in _accounts(directory) if file.name not in spoken_for]
    _write(directory / RULES, rules(site, readers, own_lines))


def _accounts(directory: Path) -> list[Path]:
    return sorted(file for file in directory.iterdir() if _NAME.fullmatch(file.name) and file.name not in _FILES)


def hashed(password: str) -> str:
    """Return the password as mosquitto_passwd would write it: PBKDF2 with SHA-512 (`$7$`)."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS)
    return f"$7${_ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"


def _write(file: Path, text: str) -> None:
    """Replace the file in one step; nobody else may read it at any moment."""
    staging = file.with_name(f".{file.name}.new")
    staging.touch(mode=0o600)
    staging.write_text(text, encoding="ascii")
    staging.replace(file)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m broker.accounts", description="Make the broker's accounts.")
    parser.add_argument("directory", type=Path, help="where the passwords lie, a file an account")
    parser.add_argument("--site", type=Path, help="site file; the Ecotron's own without it")
    parser.add_argument(
        "--also", action="append", default=[], metavar="NAME", help="another account: it may read, unless acl.own says"
    )
    arguments = parser.parse_args()
    try:
        site = read_site(arguments.site)
        made = make(arguments.directory, [*(unit.code for unit in site.units), *SERVICES, *arguments.also])
        write_rules(arguments.directory, site)
    except (SiteError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}\n")
        return EXIT_BAD_SETTINGS
    sys.stdout.write(f"made: {', '.join(made) or 'nothing, all are there'}\n")
    sys.stdout.write(f"{arguments.directory}/{PASSWORDS} and /{RULES} are Mosquitto's password_file and acl_file\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
