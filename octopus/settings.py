"""What the command itself reads: enough of the settings to know which services have theirs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from pydantic import Field

from service.settings import DEFAULT_FILE, EXIT_BAD_SETTINGS, DatabaseSettings, Settings, SettingsError, load


class CommandSettings(Settings):
    """The services check their own blocks; here they only say whether they are there."""

    database: DatabaseSettings = DatabaseSettings()
    publisher: dict[str, Any] = Field(default_factory=dict)
    source: dict[str, Any] = Field(default_factory=dict)
    private_broker: dict[str, Any] | None = None
    bot: dict[str, Any] = Field(default_factory=dict)
    web: dict[str, Any] = Field(default_factory=dict)


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")


def config_file(arguments: argparse.Namespace) -> Path | None:
    given: Path | None = arguments.config
    return DEFAULT_FILE if given is None and DEFAULT_FILE.exists() else given


def read(arguments: argparse.Namespace) -> CommandSettings:
    """Read the settings; exit 78 with a line a fault."""
    try:
        return load(CommandSettings, config_file(arguments))
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(EXIT_BAD_SETTINGS) from None
