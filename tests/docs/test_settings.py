"""docs/settings.md says every setting with its default, and none that does not exist."""

import tomllib
from pathlib import Path

import pytest

from octopus.settings import CommandSettings
from publisher.settings import PublisherSettings
from schemas.settings import WORDS, load
from tests.docs import documented
from web.settings import WebSettings


def test_every_setting_is_documented_and_no_other() -> None:
    code, document = documented.in_code(), documented.in_document()
    assert document.keys() - code.keys() == set(), "no such setting"
    assert code.keys() - document.keys() == set(), "not in docs/settings.md"
    wrong = {name: (told, code[name]) for name, told in document.items() if told.replace("\\|", "|") != code[name]}
    assert wrong == {}, "another default"


def test_every_block_is_documented() -> None:
    blocks = {name.partition(".")[0] for name in documented.in_code() if ": " not in name}
    # The watchdog's block is known so that its settings are not "misspelt" for the others.
    assert blocks == WORDS - {"source", "watchdog"}


def examples() -> list[Path]:
    return sorted((documented.ROOT / "docs" / "examples").rglob("*.toml"))


@pytest.mark.parametrize("file", examples(), ids=lambda file: str(file.relative_to(documented.ROOT)))
def test_example_settings_are_accepted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("OCTOPUS_")]:
        monkeypatch.delenv(name)
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    if "units" in content:
        return  # a site file, read by the test of the greenhouses
    load(CommandSettings, file)
    if "publisher" in content:
        load(PublisherSettings, file)
    if "web" in content or "ldap" in content:
        load(WebSettings, file)
