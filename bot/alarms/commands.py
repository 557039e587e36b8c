"""`/alarmes`: what is not over, from the database or, while it is away, from the broker."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.alarms.embeds import short
from bot.database import DatabaseAway
from bot.gateway.client import OctopusBot
from facility.alarms.actions import open_alarms
from facility.alarms.notifications import Item
from schemas import times
from schemas.messages import Alarm

_T = app_commands.locale_str
SHOWN = 15
# Of an embed's 4,096 characters, with the last line still to come.
ROOM = 4000


class Alarms(commands.Cog):
    """A list; acting on an alarm is done under its own message."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("alarmes"), description=_T("Les alarmes qui ne sont pas terminées"))
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        known = {(alarm.place, alarm.code): alarm for alarm in context.picture.alarms.values()}
        try:
            stored = await context.database.ask(self._stored)
        except DatabaseAway:
            if not context.picture.connected:
                await interaction.edit_original_response(content=texts("database_away"))
                return
        else:
            known |= {(alarm.place, alarm.code): alarm for alarm in stored}
        shown = [alarm for alarm in known.values() if context.policy.alarm(alarm)]
        if not shown:
            await interaction.edit_original_response(content=texts("alarms_none"))
            return
        lines: list[str] = []
        for alarm in shown[:SHOWN]:
            line = short(context, _item(alarm), texts)
            if len("\n".join([*lines, line])) < ROOM:
                lines.append(line)
        if len(shown) > len(lines):
            lines.append(texts("alarms_more", n=len(shown) - len(lines)))
        await interaction.edit_original_response(embed=discord.Embed(description="\n".join(lines)))

    def _stored(self) -> list[Alarm]:
        with self._bot.context.database.read() as session:
            return open_alarms(session)


def _item(alarm: Alarm) -> Item:
    return Item(0, alarm, False, None, 1, False, None, None, None, 0, times.now())


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Alarms(bot))
