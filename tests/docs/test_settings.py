"""docs/settings.md says every setting with its default, and none that does not exist."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from bot.settings import ServiceSettings
from octopus.settings import CommandSettings
from publisher.settings import PublisherSettings
from publisher.sources import opening
from service.settings import WORDS, Settings, load
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
    assert blocks == WORDS - {"source"}


def blocks() -> list[tuple[str, str]]:
    """Return every TOML block of the documents with where it stands."""
    found = []
    for document in sorted((documented.ROOT / "docs").glob("*.md")):
        for number, block in enumerate(
            re.findall(r"^```toml\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        ):
            found.append((f"{document.name}, block {number + 1}", block))
    return found


@pytest.mark.parametrize(("where", "block"), blocks(), ids=[where for where, _ in blocks()])
def test_settings_in_the_documents_are_accepted(where: str, block: str, clean: None, tmp_path: Path) -> None:
    file = tmp_path / "octopus.toml"
    file.write_text(block)
    content = tomllib.loads(block)
    assert set(content) <= WORDS
    load(CommandSettings, file)
    classes: dict[str, type[Settings]] = {"web": WebSettings, "ldap": WebSettings, "bot": ServiceSettings}
    if {"publisher", "source"} <= set(content):
        classes |= {"publisher": PublisherSettings}
    for name in classes.keys() & content.keys():
        load(classes[name], file)
    if content.get("source", {}).get("kind") == "simulated":
        opening.check(content["source"])


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OCTOPUS_")]:
        monkeypatch.delenv(name)


def examples() -> list[Path]:
    return sorted((documented.ROOT / "docs" / "examples").rglob("*.toml"))


@pytest.mark.parametrize("file", examples(), ids=lambda file: str(file.relative_to(documented.ROOT)))
def test_example_settings_are_accepted(file: Path, clean: None) -> None:
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    if "units" in content:
        return  # a site file, read by the test of the greenhouses
    load(CommandSettings, file)
    if "publisher" in content:
        load(PublisherSettings, file)
    if "web" in content or "ldap" in content:
        load(WebSettings, file)
