"""The pages' texts: English in code and templates, French from web.po, compiled in memory at start."""

import gettext
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel import negotiate_locale
from babel.messages import mofile, pofile

from facility.acting.user_messages import UserMessage

LANGUAGES = ("fr", "en")
CATALOGUE = Path(__file__).parent / "locale" / "fr" / "LC_MESSAGES" / "web.po"


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translated elsewhere"
    """Mark a text that is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True)
class Texts:
    """The translations of both languages; made once, at start."""

    by_language: dict[str, gettext.NullTranslations]

    def of(self, language: str) -> gettext.NullTranslations:
        return self.by_language[language]


def read_texts(catalogue: Path = CATALOGUE) -> Texts:
    """Compile the French catalogue; English needs none."""
    with catalogue.open("rb") as file:
        french = pofile.read_po(file, locale="fr")
    compiled = BytesIO()
    mofile.write_mo(compiled, french)
    compiled.seek(0)
    return Texts({"fr": gettext.GNUTranslations(compiled), "en": gettext.NullTranslations()})


def translate_message(gettext: Callable[[str], str], text_message: UserMessage) -> str:
    """Write a sentence in a language; values that are words themselves are translated, too."""
    values = {
        name: translate_message(gettext, value) if isinstance(value, UserMessage) else value
        for name, value in text_message.values.items()
    }
    return gettext(text_message.template).format(**values)


def choose_language(cookie: str | None, accepted: str | None) -> str:
    """Return what the person chose, else the first of ours that the browser names, else French."""
    if cookie in LANGUAGES:
        return cookie
    return negotiate_locale([name.lower() for name in _accepted_languages(accepted or "")], LANGUAGES, sep="-") or "fr"


def _accepted_languages(header: str) -> list[str]:
    """Return the languages of an Accept-Language header (RFC 9110, 12.5.4), best first, without those refused."""
    ranked = []
    for position, part in enumerate(header.split(",")):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((text[2:] for text in parameters if text.lower().startswith("q=")), "1")
        try:
            quality = float(weight)
        except ValueError:
            quality = 0.0
        if name and quality > 0:
            ranked.append((-quality, position, name))
    return [name for _, _, name in sorted(ranked)]
