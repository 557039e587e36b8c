"""What every feature is given: made once in `__main__`, outlives each connection to Discord."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec

import discord

from bot.database import Database
from bot.drawing import to_png
from bot.policy import Policy
from bot.settings import BotSettings
from bot.station_reader import StationReader
from bot.texts import Texts, language_of
from broker.live_picture import LivePicture
from schemas.picture import Picture
from schemas.site import Site

AT_ONCE = 2

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of the running bot."""

    settings: BotSettings
    site: Site
    policy: Policy
    live: LivePicture
    station: StationReader
    database: Database
    catalogue: dict[str, Any]
    fonts: list[str]
    drawing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    # Set when the outbox has something new.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def picture(self) -> Picture:
        """Return what is known live now: an immutable value."""
        return self.live.picture

    async def draw(self, picture: Callable[P, str], /, *args: P.args, **kwargs: P.kwargs) -> bytes:
        """Make a picture's SVG and its PNG in a thread, few at a time: each takes megabytes while it is made."""
        async with self.drawing:
            return await asyncio.to_thread(lambda: to_png(picture(*args, **kwargs), self.fonts))

    def texts(self, locale: discord.Locale | None = None) -> Texts:
        """Return the texts for a reader; without a locale, those of the station."""
        return Texts(self.catalogue, language_of(locale, self.settings.language))

    def page(self, path: str) -> str | None:
        """Return a page's address; None where the pages' address is not set."""
        base = self.settings.web_address
        return None if base is None else f"{base.rstrip('/')}{path}"
