"""`/lier` and `/delier`: which person a Discord account acts for."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.database import DatabaseAway
from bot.escaping import escape
from bot.gateway.client import OctopusBot
from facility.acting.refusals import Refusal
from facility.people import discord_links

_T = app_commands.locale_str


class Identity(commands.Cog):
    """Before anything is written, Discord's word for who somebody is must be Octopus's too."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("lier"), description=_T("Relier votre compte Octopus"))
    @app_commands.describe(code=_T("le code affiché sur votre page « compte »"))
    @app_commands.checks.cooldown(5, 60)
    async def link(self, interaction: discord.Interaction[Any], code: str) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            actor = await context.database.run(
                discord_links.link, context.database.write, code[:100], interaction.user.id
            )
            named = context.policy.names
            text = texts("linked_as", login=escape(actor.login)) if named else texts("linked")
        except Refusal as refusal:
            text = texts.message(refusal.message)
        except DatabaseAway:
            text = texts("database_away")
        await interaction.edit_original_response(content=text)

    @app_commands.command(name=_T("delier"), description=_T("Ne plus agir pour votre compte Octopus"))
    async def unlink(self, interaction: discord.Interaction[Any]) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)

        def do() -> str:
            with context.database.read() as session:
                actor = discord_links.actor_of(session, interaction.user.id)
            if actor is None:
                return texts("not_linked")
            discord_links.unlink(context.database.write, actor)
            return texts("unlinked")

        try:
            text = await context.database.run(do)
        except Refusal as refusal:
            text = texts.message(refusal.message)
        except DatabaseAway:
            text = texts("database_away")
        await interaction.edit_original_response(content=text)


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Identity(bot))
