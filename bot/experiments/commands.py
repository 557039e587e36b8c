"""`/experience`: an experiment, its state and its cells, where the site's settings let it leave."""

import asyncio
from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.database import DatabaseAway
from bot.escaping import escape
from bot.gateway.client import OctopusBot
from bot.station_reader import ExperimentRow
from facility.acting.fields import fold

_T = app_commands.locale_str
# Completion must answer within Discord's three seconds.
COMPLETION = 2.0


class Experiments(commands.Cog):
    """Only what the policy names."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("experience"), description=_T("Une expérience : son état et ses cellules"))
    @app_commands.rename(code=_T("experience"))
    @app_commands.describe(code=_T("code ou titre"))
    async def show(self, interaction: discord.Interaction[Any], code: str) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not context.policy.any_experiment():
            await interaction.edit_original_response(content=texts("experiments_closed"))
            return
        try:
            known = await self._known()
        except DatabaseAway:
            await interaction.edit_original_response(content=texts("database_away"))
            return
        meant = find(known, code[:200])
        if len(meant) != 1:
            codes = ", ".join(escape(item.code, 50) for item in meant[:20])
            text = texts("experiment_several", codes=codes) if meant else ""
            await interaction.edit_original_response(content=text or texts("experiment_gone", code=escape(code, 100)))
            return
        found = meant[0]
        page = context.page(f"/experiments/{found.id}")
        embed = discord.Embed(title=escape(f"{found.code} · {found.title}", 256), url=page)
        embed.add_field(name=texts("experiment_state"), value=texts(f"state_{found.state}"))
        cells = [cell for cell in found.cells if context.policy.cell(cell)]
        embed.add_field(name=texts("experiment_cells"), value=", ".join(cells)[:1024] or "—")
        dates = [f"{day:%d/%m/%Y}" if day else "?" for day in (found.planned_start, found.planned_end)]
        embed.add_field(name=texts("experiment_dates"), value=" – ".join(dates))
        await interaction.edit_original_response(embed=embed)

    @show.autocomplete("code")
    async def codes(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        del interaction  # the same for everybody
        if not self._bot.context.policy.any_experiment():
            return []
        try:
            known = await asyncio.wait_for(self._known(), COMPLETION)
        except (DatabaseAway, TimeoutError):
            return []
        folded = fold(current[:100])
        return [
            app_commands.Choice(name=f"{item.code} · {item.title}"[:100], value=item.code)
            for item in known
            if folded in fold(f"{item.code} {item.title}")
        ][:25]

    async def _known(self) -> list[ExperimentRow]:
        context = self._bot.context
        known = await context.database.ask(context.station.experiments)
        return [item for item in known if context.policy.experiment(item.code)]


def find(known: Sequence[ExperimentRow], typed: str) -> list[ExperimentRow]:
    """Return the experiments that a code or title may mean: the exact one before those that differ by case.

    Codes may differ by nothing but case, and one's title may be another's code.
    """
    wanted = fold(typed)
    for fits in (
        lambda one: one.code == typed.strip(),
        lambda one: fold(one.code) == wanted,
        lambda one: one.title == typed.strip(),
        lambda one: fold(one.title) == wanted,
    ):
        if found := [one for one in known if fits(one)]:
            return found
    return []


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Experiments(bot))
