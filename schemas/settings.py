"""Settings: environment `OCTOPUS_*` (nested by `__`) over `octopus.toml`; a misspelt one is refused.

Each service has one class made of these blocks and builds it once, in its `__main__`, by `load`.
"""

import os
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import (
    SettingsError as PydanticSettingsError,
)

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


class Block(BaseModel):
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
        """Return the password, read from its file where one is named."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return None if self.password is None else self.password.get_secret_value()


class DatabaseSettings(Block):
    """`mysql+pymysql://user@host/octopus` or `sqlite:////path`; the password may live in a file."""

    url: SecretStr = SecretStr("sqlite:///octopus.sqlite")
    password_file: Path | None = None
    pool_size: int = Field(default=5, ge=1, le=100)
    timeout: float = Field(default=10, gt=0, description="seconds to wait for a connection or an answer's start")


class Settings(BaseSettings):
    """What every service takes: the site, the broker and how much to log."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="ignore",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    broker: BrokerSettings = BrokerSettings()
    site: Path | None = Field(default=None, description="site file; the Ecotron's own without it")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # `init` carries the TOML file's content: the environment stands over it.
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


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
    faults = [f"settings file {config}: {fault}" for fault in _unknown(content)]
    faults += [f"environment: {fault}" for fault in _unknown(_environment_words())]
    try:
        settings = cls(**{word: value for word, value in content.items() if word in cls.model_fields})
    except (ValidationError, PydanticSettingsError) as error:
        raise SettingsError("\n".join(faults + _lines(error))) from error
    if faults:
        raise SettingsError("\n".join(faults))
    return settings


def from_command_line(cls: type[S], description: str, argv: Sequence[str] | None = None) -> S:
    """Read `--config FILE` (else ./octopus.toml where it is) and load; exit 78 with a line a fault."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")
    config = parser.parse_args(argv).config
    if config is None and DEFAULT_FILE.exists():
        config = DEFAULT_FILE
    try:
        return load(cls, config)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_BAD_SETTINGS) from None


def _environment_words() -> list[str]:
    names = (name.upper() for name in os.environ)
    return [name.removeprefix(PREFIX).split("__")[0].lower() for name in names if name.startswith(PREFIX)]


def _unknown(words: Iterable[str]) -> list[str]:
    faults = []
    for word in sorted(set(words) - WORDS):
        near = get_close_matches(word, WORDS, n=1)
        faults.append(f"unknown setting {word}" + (f"; did you mean {near[0]}?" if near else ""))
    return faults


def _lines(error: ValidationError | PydanticSettingsError) -> list[str]:
    """Say each fault in one line, without the value: it may be a secret."""
    if isinstance(error, PydanticSettingsError):
        return [str(error)]
    return [
        f"setting {'.'.join(map(str, fault['loc']))}: "
        + ("unknown setting" if fault["type"] == "extra_forbidden" else fault["msg"])
        for fault in error.errors(include_url=False, include_input=False)
    ]
