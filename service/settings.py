"""Settings: environment `OCTOPUS_*` (nested by `__`) over `octopus.toml`; a misspelt one is refused.

Each service has one class made of these blocks and builds it once, in its `__main__`, by `load`.
"""

import os
import stat
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

PREFIX = "OCTOPUS_"

# sysexits.h: what a supervisor can tell apart. 78 never heals by itself, 69 does.
EXIT_BAD_SETTINGS = 78
EXIT_UNAVAILABLE = 69

# One file and one environment serve every service, so each class must know the others' words to tell
# "not mine" from "misspelt".
WORDS = frozenset(
    {
        "bot",
        "broker",
        "database",
        "ingestor",
        "ldap",
        "log_level",
        "private_broker",
        "publisher",
        "site",
        "source",
        "watchdog",
        "web",
    }
)
DEFAULT_FILE = Path("octopus.toml")


class SettingsError(Exception):
    """Settings that cannot be used; its text is one readable line a fault."""


class SecretFileError(SettingsError, OSError):
    """A file with a secret that cannot be read: a bad setting at the start, later an outage that is tried again."""

    def __str__(self) -> str:
        return str(self.args[0])


def read_secret(setting: str, path: Path, *, private: bool = False) -> str:
    """Return the secret in a file, without the white space around it; raise SecretFileError that names the setting.

    Read it at each connection, so that a password that was changed needs no restart. `private` refuses a file that
    everybody on this machine can read.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode
    except OSError as error:
        raise SecretFileError(f"setting {setting}: {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise SecretFileError(f"setting {setting}: {path}: not text in UTF-8") from error
    if not text:
        raise SecretFileError(f"setting {setting}: {path} is empty")
    if private and mode & (stat.S_IROTH | stat.S_IWOTH):
        raise SecretFileError(
            f"setting {setting}: everybody on this machine can read {path}: chmod 600 it, and ask for a new secret"
        )
    return text


class Block(BaseModel):
    """A table of a settings file: unknown keys are an error, and values are immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BrokerSettings(Block):
    """Where Mosquitto listens and who we are to it."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = Field(default=None, description="a file with the password, in place of it")
    protocol: Literal["5", "3.1.1"] = "5"
    tls_ca: Path | None = Field(default=None, description="certificate authority; switches TLS on")
    tls_insecure: bool = Field(default=False, description="accept a certificate of another host name")
    keepalive: int = Field(default=30, ge=5, le=3600)

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        return self

    def secret(self) -> str | None:
        """Return the password, read from its file where one is named; raise SecretFileError."""
        if self.password_file is not None:
            return read_secret("broker.password_file", self.password_file)
        return None if self.password is None else self.password.get_secret_value()


class DatabaseSettings(Block):
    """`mysql+pymysql://user@host/octopus` or `sqlite:////path`; the password may live in a file."""

    url: SecretStr = SecretStr("sqlite:///octopus.sqlite")
    password_file: Path | None = None
    pool_size: int = Field(default=5, ge=1, le=100)
    timeout: float = Field(default=10, gt=0, description="seconds to wait for a connection or an answer's start")


class Settings(BaseModel):
    """What every service takes: the site, the broker and how much to log."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    broker: BrokerSettings = BrokerSettings()
    site: Path | None = Field(default=None, description="site file; the Ecotron's own without it")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


S = TypeVar("S", bound=Settings)


def load(cls: type[S], config: Path | None = None) -> S:
    """Build a service's settings from the environment over a TOML file; raise SettingsError."""
    content: dict[str, Any] = {}
    if config is not None:
        try:
            content = tomllib.loads(config.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"settings file {config}: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"settings file {config}: not valid TOML: {error}") from error
    environment = _environment()
    faults = [f"settings file {config}: {fault}" for fault in _unknown(content)]
    faults += [f"environment: {fault}" for fault in _unknown(environment)]
    try:
        settings = cls.model_validate(_over(content, environment))
    except ValidationError as error:
        raise SettingsError("\n".join(faults + _lines(error))) from error
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def from_command_line(cls: type[S], description: str, argv: Sequence[str] | None = None) -> S:
    """Read `--config FILE` (else ./octopus.toml where it is) and load; exit 78 with a line a fault."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")
    try:
        return load(cls, config_file(parser.parse_args(argv).config))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_BAD_SETTINGS) from None


def config_file(given: Path | None) -> Path | None:
    """Return the file to read: the one that is given, else ./octopus.toml where it is; raise SettingsError."""
    if given is not None:
        return given
    try:
        return DEFAULT_FILE if DEFAULT_FILE.exists() else None
    except OSError as error:
        raise SettingsError(
            f"settings file {DEFAULT_FILE} of this directory: {error.strerror}:"
            " go to another directory, or name one with --config"
        ) from error


def _environment() -> dict[str, Any]:
    """Return what the environment sets, in the file's shape."""
    content: dict[str, Any] = {}
    for name, text in sorted(os.environ.items()):
        if name.upper().startswith(PREFIX):
            found: Any = _value(text)
            for word in reversed(name.upper().removeprefix(PREFIX).lower().split("__")):
                found = {word: found}
            content = _over(content, found)
    return content


def _value(text: str) -> Any:
    """Return a list or a table that is written as JSON; any other text is for the fields to understand."""
    if text[:1] in {"[", "{"}:
        with suppress(orjson.JSONDecodeError):
            return orjson.loads(text)
    return text


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return both tables as one, in which `above` decides."""
    merged = dict(below)
    for word, value in above.items():
        previous = merged.get(word)
        merged[word] = _over(previous, value) if isinstance(previous, dict) and isinstance(value, dict) else value
    return merged


def _unknown(words: Iterable[str]) -> list[str]:
    faults = []
    for word in sorted(set(words) - WORDS):
        near = get_close_matches(word, WORDS, n=1)
        faults.append(f"unknown setting {word}" + (f"; did you mean {near[0]}?" if near else ""))
    return faults


def _lines(error: ValidationError) -> list[str]:
    """Say each fault in one line, without the value: it may be a secret."""
    return [
        f"setting {'.'.join(map(str, fault['loc']))}: "
        + ("unknown setting" if fault["type"] == "extra_forbidden" else fault["msg"])
        for fault in error.errors(include_url=False, include_input=False)
    ]
