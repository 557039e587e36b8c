"""`/plan`: all cells now, as a picture with its alternative text."""

import io
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cells.plan_picture import Row, kind, plan, word
from bot.cells.verdicts import stand, written
from bot.gateway.client import OctopusBot
from schemas import times

_T = app_commands.locale_str
FILE = "plan.png"


class Plan(commands.Cog):
    """From live values alone: it answers while the database is away."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("plan"), description=_T("Toutes les cellules maintenant, en image"))
    @app_commands.checks.cooldown(4, 30)
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        allowed = [p for p in context.site.parameters if context.policy.parameter(p.code)]
        parameter = next((p for p in allowed if p.main), allowed[0] if allowed else None)
        units = context.policy.units()
        if parameter is None or not units:
            await interaction.edit_original_response(content=texts("nothing_shown"))
            return
        now = times.now()
        rows: list[Row] = [
            (
                unit,
                [
                    (cell, stand(context.site, context.live, cell, parameter, now, database=False))
                    for cell in context.policy.cells_of(unit)
                ],
            )
            for unit in units
        ]
        local = now.astimezone(context.site.zone)
        when = f"{local:%d/%m/%Y %H:%M} {context.site.timezone}"
        png = await context.draw(plan, rows, parameter, texts, when)
        cells = [pair for _, row in rows for pair in row]
        kinds = [kind(standing) for _, standing in cells]
        listed = ", ".join(
            f"{cell} {word(one, texts) if one.silent else written(one.value, parameter, texts)}"
            + (f" ({word(one, texts)})" if one.abnormal else "")
            for cell, one in cells
        )
        embed = discord.Embed(
            title=texts("plan_title"),
            url=context.page("/plan"),
            description=texts(
                "plan_text",
                normal=kinds.count("normal"),
                abnormal=kinds.count("abnormal"),
                silent=kinds.count("silent"),
            ),
        )
        embed.set_image(url=f"attachment://{FILE}")
        file = discord.File(io.BytesIO(png), FILE, description=texts("plan_alt", cells=listed)[:1024])
        await interaction.edit_original_response(embed=embed, attachments=[file])


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Plan(bot))
