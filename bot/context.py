"""What every feature is given: made once in `__main__`, outlives each connection to Discord."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import discord

from bot.database import Database
from bot.live import Live
from bot.policy import Policy
from bot.settings import BotSettings
from bot.station import Station
from bot.texts import Language, Texts, language_of
from schemas.site import Site


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the running bot."""

    settings: BotSettings
    site: Site
    policy: Policy
    live: Live
    station: Station
    database: Database
    catalogue: dict[str, Any]
    fonts: list[str]
    # Set when the outbox has something new.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def texts(self, locale: discord.Locale | None = None) -> Texts:
        """Return the texts for a reader; without a locale, those of the station."""
        return Texts(self.catalogue, language_of(locale, self.settings.language))

    @property
    def language(self) -> Language:
        return self.settings.language

    def page(self, path: str) -> str | None:
        """Return a page's address; None where the pages' address is not set."""
        base = self.settings.web_address
        return None if base is None else f"{base.rstrip('/')}{path}"
