"""The manuals name buttons, headings and addresses as the pages have them, in both languages."""

import re
import tomllib

from babel.messages.pofile import read_po
from litestar.testing import TestClient
from sqlalchemy import Engine

from schemas.site import Site
from service.settings import DatabaseSettings
from tests.docs.documented import ROOT
from web.app import create_app
from web.settings import WebSettings

ENGLISH = (ROOT / "docs" / "manual.md").read_text(encoding="utf-8")
FRENCH = (ROOT / "docs" / "manuel.md").read_text(encoding="utf-8")
# What people say, not what a page says; and stress.
SAID = {"and", "et", "je sais, je m’en occupe"}


def words() -> dict[str, str]:
    """Return every text of pages and bot, English to French."""
    with (ROOT / "web" / "rendering" / "locale" / "fr" / "LC_MESSAGES" / "web.po").open("rb") as file:
        known = {str(entry.id): str(entry.string) for entry in read_po(file) if entry.id and isinstance(entry.id, str)}
    bot = tomllib.loads((ROOT / "bot" / "texts.toml").read_text(encoding="utf-8"))
    return known | {text["en"]: text["fr"] for text in bot.values() if "en" in text}


def plain(text: str) -> str:
    return re.sub(r"[\s\u00a0\u202f]+", " ", text).strip().removesuffix(".").casefold()


def test_what_is_quoted_stands_on_the_pages() -> None:
    english = {plain(text) for text in words()}
    french = {plain(text) for text in words().values()}
    named = {plain(text) for text in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", ENGLISH)}
    nommes = {plain(text) for text in re.findall(r"«([^»]+)»", FRENCH)}
    assert len(named) > 30, "the manual names what people click"
    for names, texts in ((named, english), (nommes, french)):
        missing = {name for name in names - SAID if not any(text.startswith(name) for text in texts)}
        assert missing == set()


def test_both_manuals_have_the_same_parts() -> None:
    def shape(text: str) -> list[str]:
        return [line.split(" ")[0] for line in text.splitlines() if line.startswith(("#", "|", "- "))]

    assert shape(ENGLISH) == shape(FRENCH)


def test_the_addresses_answer(engine: Engine, site: Site) -> None:
    settings = WebSettings(database=DatabaseSettings.model_validate({"url": engine.url.render_as_string(False)}))
    addresses = {*re.findall(r"`GET (/api/\S+)`", ENGLISH), *re.findall(r"https://octopus\.example(/\S+?)'", ENGLISH)}
    assert addresses == {
        *re.findall(r"`GET (/api/\S+)`", FRENCH),
        *re.findall(r"https://octopus\.example(/\S+?)'", FRENCH),
    }
    assert len(addresses) == 3
    with TestClient(create_app(settings, site, engine)) as client:
        for address in (*addresses, "/wall", "/schema"):
            assert client.get(address).status_code == 200, address
