"""Links and answers about the station. Link buttons, not bare addresses: no heap of previews."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.gateway.client import OctopusBot
from bot.gateway.panels import Panel
from bot.texts import Texts

_T = app_commands.locale_str
_PAGES = {
    "page_home": "/",
    "page_plan": "/plan",
    "page_experiments": "/experiments",
    "page_occupancy": "/occupancy",
}
_NAMES = {"cnrs": "CNRS", "linkedin": "LinkedIn", "youtube": "YouTube", "x": "X", "ecotron": "Ecotron"}


class About(commands.Cog):
    """What needs no data."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("web_cnrs"), description=_T("Le site du CNRS et ses réseaux sociaux"))
    async def web_cnrs(self, interaction: discord.Interaction[Any]) -> None:
        texts = self._bot.context.texts(interaction.locale)
        text, view = self._cnrs(texts)
        await interaction.response.send_message(text, view=view, ephemeral=True)

    @commands.command(name="web_CNRS")
    async def typed_web_cnrs(self, reply: commands.Context[OctopusBot], *, rest: str = "") -> None:
        del rest
        text, view = self._cnrs(self._bot.context.texts())
        await reply.send(text, view=view, suppress_embeds=True)

    @app_commands.command(name=_T("liens"), description=_T("Les pages d’Octopus"))
    async def links(self, interaction: discord.Interaction[Any]) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        pages = {texts(key): context.page(path) for key, path in _PAGES.items()}
        text, view = _buttons(texts, "links_octopus", {name: url for name, url in pages.items() if url is not None})
        await interaction.response.send_message(text, view=view, ephemeral=True)

    @app_commands.command(name=_T("cnrs"), description=_T("Qu’est-ce que le CNRS ?"))
    async def cnrs(self, interaction: discord.Interaction[Any]) -> None:
        await self._answer(interaction, "cnrs")

    @app_commands.command(name=_T("ecotron"), description=_T("Qu’est-ce que l’Ecotron ?"))
    async def ecotron(self, interaction: discord.Interaction[Any]) -> None:
        await self._answer(interaction, "ecotron")

    @app_commands.command(name=_T("aide"), description=_T("Ce que je sais faire"))
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        texts = self._bot.context.texts(interaction.locale)
        text = texts("help", prefix=self._bot.context.settings.prefix)
        await interaction.response.send_message(text[:2000], ephemeral=True)

    @commands.command(name="aide", aliases=["help"])
    async def typed_help(self, reply: commands.Context[OctopusBot], *, rest: str = "") -> None:
        del rest
        await reply.send(self._bot.context.texts()("help", prefix=self._bot.context.settings.prefix)[:2000])

    async def _answer(self, interaction: discord.Interaction[Any], code: str) -> None:
        site = self._bot.context.site
        texts = self._bot.context.texts(interaction.locale)
        text = site.texts[code].in_(texts.language) if code in site.texts else texts("no_text")
        view = Panel()
        if code in site.links:
            view.add_item(discord.ui.Button(label=_NAMES.get(code, code), url=site.links[code]))
        await interaction.response.send_message(text[:2000], view=view, ephemeral=True)

    def _cnrs(self, texts: Texts) -> tuple[str, discord.ui.View]:
        links = self._bot.context.site.links
        named = {_name(code): url for code, url in links.items() if code == "cnrs" or code.startswith("cnrs_")}
        return _buttons(texts, "links_cnrs", named)


def _name(code: str) -> str:
    last = code.rpartition("_")[2]
    return _NAMES.get(last, last.capitalize())


def _buttons(texts: Texts, title: str, links: dict[str, str]) -> tuple[str, discord.ui.View]:
    view = Panel()
    for name, url in list(links.items())[:25]:
        view.add_item(discord.ui.Button(label=name[:80], url=url))
    return texts(title if links else "no_links"), view


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(About(bot))
