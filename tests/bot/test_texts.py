"""Both languages say the same, and nothing that the bot asks for is missing."""

import re
from pathlib import Path
from string import Formatter

import discord
import pytest

from bot.texts import Texts, language_of, read_catalogue

CATALOGUE = read_catalogue()
CODE = "".join(path.read_text() for path in Path("bot").rglob("*.py"))


def places(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", [key for key in CATALOGUE if key not in {"command", "refusal"}])
def test_both_languages_have_the_same_places(key: str) -> None:
    assert places(CATALOGUE[key]["fr"]) == places(CATALOGUE[key]["en"])
    assert CATALOGUE[key]["fr"].strip()
    assert CATALOGUE[key]["en"].strip()


def test_refusals_keep_their_places() -> None:
    for english, french in CATALOGUE["refusal"].items():
        assert places(english) == places(french)


def test_every_sentence_of_facility_that_can_come_up_is_translated() -> None:
    said = set()
    for name in ("alarms/actions", "notes/interventions", "people/discord_links", "acting/permissions", "acting/acts"):
        source = Path(f"facility/{name}.py").read_text()
        said |= set(re.findall(r'message\(\s*"([^"]+)"', source))
    said.discard("This token may only read.")
    assert said <= set(CATALOGUE["refusal"])


def test_every_text_that_the_code_names_is_there() -> None:
    named = set(re.findall(r'texts\("([a-z_]+)"', CODE))
    assert named
    assert named <= set(CATALOGUE)


def test_numbers_and_spans() -> None:
    french, english = Texts(CATALOGUE, "fr"), Texts(CATALOGUE, "en")
    assert french.number(-0.04, 1) == "0,0"
    assert french.number(18.25, 1) == "18,2"
    assert english.number(18.25, 2) == "18.25"
    assert french.span(90) == "90 s"
    assert french.span(3600) == "1 h"
    assert french.span(86400) == "24 h"
    assert english.span(7 * 86400) == "7 d"


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        (discord.Locale.french, "fr"),
        (discord.Locale.british_english, "en"),
        (discord.Locale.german, "fr"),
        (None, "fr"),
    ],
)
def test_the_reader_s_language(locale: discord.Locale | None, language: str) -> None:
    assert language_of(locale, "fr") == language
