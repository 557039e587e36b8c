"""What Discord shows, in the reader's language: French, and English where the reader's Discord is English."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

import discord
from discord import app_commands

from facility.acting.user_messages import UserMessage

Language = Literal["fr", "en"]


def read_catalogue() -> dict[str, Any]:
    """Read the catalogue that is installed with the bot."""
    return tomllib.loads((files("bot") / "texts.toml").read_text(encoding="utf-8"))


def language_of(locale: discord.Locale | None, default: Language) -> Language:
    """Return English for an English Discord, French for a French one, else the station's language."""
    if locale is None:
        return default
    if locale.value.startswith("en"):
        return "en"
    return "fr" if locale is discord.Locale.french else default


@dataclass(frozen=True, slots=True)
class Texts:
    """The catalogue in one language."""

    catalogue: dict[str, Any]
    language: Language

    def __call__(self, key: str, /, **values: object) -> str:
        text: str = self.catalogue[key][self.language]
        return text.format(**values) if values else text

    def message(self, message: UserMessage) -> str:
        """Put facility's sentence into this language."""
        template = message.template
        if self.language == "fr":
            template = self.catalogue["refusal"].get(template, template)
        values = {
            name: self.message(value) if isinstance(value, UserMessage) else value
            for name, value in message.values.items()
        }
        return template.format(**values)

    def number(self, value: float, decimals: int) -> str:
        """Write a number as this language does; a minus zero is a zero."""
        text = f"{round(value, decimals) + 0.0:.{decimals}f}"
        return text.replace(".", ",") if self.language == "fr" else text

    def span(self, seconds: float) -> str:
        """Write a time span in its largest whole unit."""
        for key, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if seconds >= 2 * size or (key == "hours" and seconds >= size):
                return self(key, n=round(seconds / size))
        return self("seconds", n=round(seconds))


class CommandTranslator(app_commands.Translator):
    """Gives Discord the English names and descriptions; the French ones are the commands' own."""

    def __init__(self, catalogue: dict[str, Any]) -> None:
        entries = [entry for key, entry in catalogue["command"].items() if key]
        self._english = {fr: en for entry in entries for fr, en in zip(entry["fr"], entry["en"], strict=True)}

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        del context
        return self._english.get(string.message) if locale.value.startswith("en") else None
