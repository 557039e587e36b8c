"""`/intervention E2C1 20` and `/fin_intervention E2C1`: work on a cell, announced and ended as the linked person."""

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.context import Context
from bot.database import DatabaseAway
from bot.gateway.client import OctopusBot
from bot.texts import Texts
from facility.acting.acts import Actor
from facility.acting.fields import fold
from facility.acting.refusals import Refusal
from facility.acting.user_messages import UserMessage
from facility.notes.interventions import (
    LONGEST,
    SHORTEST,
    InterventionDraft,
    InterventionView,
    end_intervention,
    running_intervention,
    start_intervention,
)
from facility.people.discord_links import actor_of

_T = app_commands.locale_str
LONGEST_REMARK = 500


class Interventions(commands.Cog):
    """What the page `/cells/<cell>/intervene` does."""

    def __init__(self, bot: OctopusBot) -> None:
        self._bot = bot

    @app_commands.command(name=_T("intervention"), description=_T("Annoncer une intervention dans une cellule"))
    @app_commands.rename(cell=_T("cellule"), minutes=_T("minutes"), remark=_T("remarque"))
    @app_commands.describe(
        cell=_T("par exemple E2C1"), minutes=_T("durée prévue"), remark=_T("ce que vous y faites, si vous voulez")
    )
    async def start(
        self,
        interaction: discord.Interaction[Any],
        cell: str,
        minutes: app_commands.Range[int, SHORTEST, LONGEST] = 20,
        remark: app_commands.Range[str, 0, LONGEST_REMARK] = "",
    ) -> None:
        write = self._bot.context.database.write

        def do(actor: Actor, code: str, texts: Texts) -> str:
            draft = InterventionDraft(cell=code, minutes=minutes, text=remark)
            return texts("work_started", cell=code, until=_until(start_intervention(write, actor, draft)))

        await self._act(interaction, cell, do)

    @app_commands.command(name=_T("fin_intervention"), description=_T("Terminer l’intervention dans une cellule"))
    @app_commands.rename(cell=_T("cellule"))
    @app_commands.describe(cell=_T("par exemple E2C1"))
    async def end(self, interaction: discord.Interaction[Any], cell: str) -> None:
        write = self._bot.context.database.write

        def do(actor: Actor, code: str, texts: Texts) -> str:
            running = running_intervention(write, actor, code)
            if running is None:
                return texts("work_none", cell=code)
            end_intervention(write, actor, running.id)
            return texts("work_ended", cell=code)

        await self._act(interaction, cell, do)

    @start.autocomplete("cell")
    @end.autocomplete("cell")
    async def cells(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        del interaction
        wanted = fold(current[:100])
        found = [code for code in self._bot.context.policy.cells() if wanted in fold(code)]
        return [app_commands.Choice(name=code, value=code) for code in found[:25]]

    async def _act(
        self, interaction: discord.Interaction[Any], cell: str, do: Callable[[Actor, str, Texts], str]
    ) -> None:
        """Do it as the linked person, and say how it went to that person alone."""
        context = self._bot.context
        texts = context.texts(interaction.locale)
        await interaction.response.defer(ephemeral=True, thinking=True)
        code = next((known for known in context.policy.cells() if known.casefold() == cell.strip().casefold()), None)

        def work() -> str:
            with context.database.read() as session:
                actor = actor_of(session, interaction.user.id)
            if actor is None:
                return texts("not_linked")
            return texts("work_no_cell", cell=cell[:64]) if code is None else do(actor, code, texts)

        try:
            words = await context.database.run(work)
        except Refusal as refusal:
            words = texts.message(_without_names(context, texts, refusal.message))
        except DatabaseAway:
            words = texts("database_away")
        await interaction.edit_original_response(content=words)


def _until(work: InterventionView) -> int:
    return 0 if work.expected_end is None else round(work.expected_end.timestamp())


def _without_names(context: Context, texts: Texts, words: UserMessage) -> UserMessage:
    """Hide a person's name in a refusal where names may not leave the site."""
    if context.policy.names or "name" not in words.values:
        return words
    return UserMessage(words.template, {**words.values, "name": texts("somebody")})


async def setup(bot: OctopusBot) -> None:
    await bot.add_cog(Interventions(bot))
