"""`/ecolab`, `!ecolab` or a mention of the bot: a value by choosing unit, cell and parameter."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cells.picking import units_step
from bot.gateway.client import OctopusBot

_T = app_commands.locale_str


class Ecolab(commands.Cog):
    """The station's flow."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("ecolab"), description=_T("Une valeur d’une cellule, en choisissant"))
    async def slash(self, interaction: discord.Interaction[Any]) -> None:
        context = self._bot.context
        step = units_step(context, context.texts(interaction.locale), 0)
        await interaction.response.send_message(step.content, view=step.view, ephemeral=True)

    @commands.command(name="ecolab")
    async def entered(self, reply: commands.Context[OctopusBot], *, rest: str = "") -> None:
        del rest  # what follows the word is talk
        context = self._bot.context
        step = units_step(context, context.texts(), reply.author.id)
        await reply.send(step.content, view=step.view)


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Ecolab(bot))
