"""`/plan`: all cells now, as a picture with its alternative text."""

import io
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cells.plan_picture import Row, plan
from bot.cells.verdicts import DisplayedValue, show, word, written
from bot.context import Context
from bot.gateway.client import OctopusBot
from bot.texts import Texts
from schemas import times
from schemas.site import Parameter

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
                [(cell, _show(context, cell, parameter, now)) for cell in context.policy.cells_of(unit)],
            )
            for unit in units
        ]
        local = now.astimezone(context.site.zone)
        when = f"{local:%d/%m/%Y %H:%M} {context.site.timezone}"
        png = await context.draw(plan, rows, parameter, texts, when)
        cells = [pair for _, row in rows for pair in row]
        kinds = [displayed.kind for _, displayed in cells]
        listed = ", ".join(f"{cell} {_words(displayed, parameter, texts)}" for cell, displayed in cells)
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


def _show(context: Context, cell: str, parameter: Parameter, now: datetime) -> DisplayedValue:
    experiment = context.picture.experiments.get(cell)
    own = None if experiment is None else experiment.limits.get(parameter.code)
    return show(context.site, context.picture, cell, parameter, now, own=own, database=False)


def _words(displayed: DisplayedValue, parameter: Parameter, texts: Texts) -> str:
    """Return the value, with its state where that is not normal; the state alone where there is no recent value."""
    if displayed.verdict is None or displayed.kind == "silent":
        return word(displayed, texts)
    value = written(displayed.verdict.value, parameter, texts)
    return f"{value} ({word(displayed, texts)})" if displayed.kind == "abnormal" else value


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Plan(bot))
