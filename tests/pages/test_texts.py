"""French is complete, and no template says anything that is not translated."""

import re
from pathlib import Path

import pytest
from babel.messages import pofile
from babel.messages.extract import extract_from_dir

from web.rendering.texts import CATALOGUE, choose_language, read_texts

WEB = CATALOGUE.parents[4]
TEMPLATES = sorted(WEB.rglob("*.html"))
# Names, codes and marks that are the same in every language.
SAME_EVERYWHERE = {"Octopus", "CSV", "API", "Ecotron", "CNRS", "EN", "FR", "LDAP", "ICS", "Excel", "Discord"}


def msgids() -> set[str]:
    """Return what pages say, and what the acts answer to people."""
    found: set[str] = set()
    for folder in (WEB, WEB.parent / "facility"):
        messages = extract_from_dir(
            str(folder),
            method_map=[("**.py", "python"), ("**.html", "jinja2")],
            options_map={"**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "true"}},
            keywords={"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "message": None},
        )
        found |= {message if isinstance(message, str) else message[0] for _, _, message, _, _ in messages}
    return found


def test_every_text_has_its_french() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = pofile.read_po(file, locale="fr")
    french = {(m.id if isinstance(m.id, str) else m.id[0]): m for m in catalogue if m.id}
    assert sorted(text for text in msgids() if text not in french or not all(_strings(french[text]))) == []
    assert sorted(set(french) - msgids()) == [], "texts that nobody says any more"


def test_places_for_values_are_the_same_in_both_languages() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = pofile.read_po(file, locale="fr")
    for message in catalogue:
        if message.id and isinstance(message.id, str):
            names = r"%\(\w+\)[sd]|\{\w+\}"
            assert sorted(re.findall(names, message.id)) == sorted(re.findall(names, str(message.string))), message.id


def _strings(message: "pofile.Message") -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_unmarked_text(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%-?\s*trans\b.*?\{%-?\s*endtrans\s*-?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    spoken = re.findall(r"\b(?:aria-label|title|placeholder|alt)=\"([^\"]*[^\W\d_]{2}[^\"]*)\"", text)
    spoken += re.findall(r"[^\W\d_]{2,}", re.sub(r"&\w+;|<[^>]*>", " ", text))
    assert [word for word in spoken if word not in SAME_EVERYWHERE] == []


def test_language_is_chosen_by_person_then_browser_then_french() -> None:
    assert choose_language("en", "fr") == "en"
    assert choose_language("xx", "de, en;q=0.3, fr;q=0.9") == "fr"
    assert choose_language(None, "en-GB,en;q=0.9") == "en"
    assert choose_language(None, None) == "fr"
    assert choose_language(None, ";;q=x,,") == "fr"
    assert choose_language(None, "de, en; q=0.8") == "en"
    assert choose_language(None, "fr;q=0, en ; Q=0.1") == "en"
    assert choose_language(None, "EN-us") == "en"


def test_french_is_compiled_in_memory() -> None:
    assert read_texts().of("fr").gettext("No active alarm") == "Aucune alarme active"
    assert read_texts().of("en").gettext("No active alarm") == "No active alarm"
