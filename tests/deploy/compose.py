"""compose.yaml outside Docker: each service's own command, its names of hosts, files and ports translated."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.services.process import Process

ROOT = Path(__file__).parent.parent.parent


def read() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return content


def without_defaults(text: str) -> str:
    """Return what `${NAME:-default}` stands for where nobody set NAME."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


class Outside:
    """This machine in place of the containers: `addresses` are pieces of text and what stands for them here."""

    def __init__(self, content: dict[str, Any], directory: Path, addresses: Mapping[str, str]) -> None:
        self._content, self._directory, self._addresses = content, directory, addresses

    def process(self, name: str, **more: str) -> Process:
        """Make the service's process from its command and its environment; `more` is added to that."""
        service = self._content["services"][name]
        given = {key: self._text(name, str(value)) for key, value in service.get("environment", {}).items()}
        here = self._directory / name
        here.mkdir(exist_ok=True)
        # Its own directory: an `octopus.toml` of the checkout must not be found.
        words = ["env", "-C", str(here), *self._command(name, [*service.get("entrypoint", []), *service["command"]])]
        return Process(words, self._directory / f"{name}.log", given | more | {"PYTHONPATH": str(ROOT)})

    def health(self, name: str) -> list[str]:
        """Return the command of the health check."""
        kind, *words = self._content["services"][name]["healthcheck"]["test"]
        return self._command(name, ["sh", "-c", *words] if kind == "CMD-SHELL" else words)

    def _command(self, name: str, words: list[str]) -> list[str]:
        words = [self._text(name, word.replace("$$", "$")) for word in words]
        # What the images have on their PATH.
        own = {"octopus": [sys.executable, "-m", "octopus"], "python": [sys.executable]}
        return [*own.get(words[0], [words[0]]), *words[1:]]

    def _text(self, name: str, text: str) -> str:
        given = self._content["services"][name].get("secrets", [])

        def secret(found: re.Match[str]) -> str:
            assert found[1] in given, f"{name} is not given the secret {found[1]}"
            return str(self._directory / self._content["secrets"][found[1]]["file"])

        text = re.sub(r"/run/secrets/([\w.-]+)", secret, without_defaults(text))
        for inside, outside in self._addresses.items():
            text = re.sub(inside, outside, text)
        return text


def owner() -> str:
    """Return whom this account may give its files: the services' account only where it is root."""
    return "10001" if os.geteuid() == 0 else str(os.geteuid())
