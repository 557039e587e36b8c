"""`/cellule E2C1 [parametre] [duree]`: the same answer in one line, with completion."""

import re
from datetime import timedelta
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.cells.cards import DAY, card
from bot.cells.picking import parameters_step, units_step
from bot.gateway.client import OctopusBot
from bot.gateway.panels import Panel
from facility.acting.fields import fold

_T = app_commands.locale_str
_DURATION = re.compile(r"(\d{1,3})\s*(h|j|d)")
LONGEST = timedelta(days=90)


class CellCommand(commands.Cog):
    """The command /cell: one parameter of one cell."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("cellule"), description=_T("Une valeur d’une cellule, en une ligne"))
    @app_commands.rename(cell=_T("cellule"), parameter=_T("parametre"), duration=_T("duree"))
    @app_commands.describe(
        cell=_T("par exemple E2C1"),
        parameter=_T("par exemple Température reprise"),
        duration=_T("de la courbe : 3h, 24h, 7j"),
    )
    @app_commands.checks.cooldown(6, 30)
    async def show(
        self, interaction: discord.Interaction[Any], cell: str, parameter: str = "", duration: str = ""
    ) -> None:
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        code = next((known for known in context.policy.cells() if known.casefold() == cell.strip().casefold()), None)
        span = duration_of(duration)
        if code is None:
            step = units_step(context, texts, 0, texts("cell_gone", cell=cell[:64]))
            await interaction.edit_original_response(content=step.content, view=step.view)
            return
        if span is None:
            await interaction.edit_original_response(content=texts("duration_unknown", text=duration[:64]))
            return
        known = context.policy.parameters_of(code)
        folded = fold(parameter)
        found = next(
            (p for p in known if folded in {p.code.casefold(), fold(p.label.fr), fold(p.label.en)}),
            known[0] if known and not folded else None,
        )
        if found is None:
            error_text = texts("parameter_gone", cell=code, parameter=parameter[:64])
            step = parameters_step(context, texts, 0, code, error_text)
            await interaction.edit_original_response(content=step.content, view=step.view)
            return
        embed, file = await card(context, code, found, texts, span)
        view = Panel()
        if (page := context.page(f"/cells/{code}")) is not None:
            view.add_item(discord.ui.Button(label=texts("cell_page"), url=page))
        await interaction.edit_original_response(embed=embed, attachments=[file] if file else [], view=view)

    @show.autocomplete("cell")
    async def cells(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        context = self._bot.context
        language = context.texts(interaction.locale).language
        folded = fold(current[:100])
        choices = []
        for cell in context.policy.cells():
            label = f"{cell} · {context.site.unit_of_cell[cell].label.in_(language)}"
            if folded in fold(label):
                choices.append(app_commands.Choice(name=label[:100], value=cell))
        return choices[:25]

    @show.autocomplete("parameter")
    async def parameters(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        context = self._bot.context
        language = context.texts(interaction.locale).language
        entered = str(getattr(interaction.namespace, "cellule", "") or "").strip().casefold()
        cell = next((known for known in context.policy.cells() if known.casefold() == entered), None)
        parameters = context.site.parameters if cell is None else context.site.parameters_of(cell)
        folded = fold(current[:100])
        return [
            app_commands.Choice(name=p.label.in_(language)[:100], value=p.code)
            for p in parameters
            if context.policy.parameter(p.code) and (folded in fold(p.label.fr) or folded in fold(p.label.en))
        ][:25]

    @show.autocomplete("duration")
    async def durations(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        texts = self._bot.context.texts(interaction.locale)
        named = [entry[texts.language] for key, entry in texts.catalogue["command"].items()
                 if key.startswith("duration_")]  # fmt: skip
        return [
            app_commands.Choice(name=name, value=value)
            for value, name in named
            if current[:20].casefold() in f"{value} {name}".casefold()
        ]


def duration_of(text: str) -> timedelta | None:
    """Return what `3h`, `7j` or `7d` means, a day for nothing, None for anything else."""
    if not text.strip():
        return DAY
    match = _DURATION.fullmatch(text.strip().casefold())
    if match is None:
        return None
    number = int(match[1])
    span = timedelta(hours=number) if match[2] == "h" else timedelta(days=number)
    return span if timedelta(hours=1) <= span <= LONGEST else None


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(CellCommand(bot))
