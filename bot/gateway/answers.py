"""Answering an interaction once, whatever state it is in, and what people see when something fails."""

import logging
from secrets import token_hex
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands

from bot.context import Context
from facility.acting.refusals import Refusal

# 10062: the interaction is too old or was replayed. 40060: it was answered already.
GONE = {10062, 40060}
# Discord or the network is away, or asks to wait for longer than anybody would.
AWAY = (discord.DiscordServerError, discord.RateLimited, aiohttp.ClientError, OSError)

log = logging.getLogger(__name__)


async def tell(interaction: discord.Interaction, text: str) -> None:
    """Answer the person privately; an interaction that Discord no longer knows is ignored."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except discord.HTTPException as error:
        if error.code not in GONE:
            raise


async def at_home(interaction: discord.Interaction[Any]) -> bool:
    """Return whether somebody asks from the station's own server; who does not is told so."""
    context: Context = interaction.client.context
    if interaction.guild_id == context.settings.guild:
        return True
    if interaction.type is discord.InteractionType.autocomplete:
        await interaction.response.autocomplete([])
    else:
        await tell(interaction, context.texts(interaction.locale)("wrong_guild"))
    return False


async def explain(context: Context, interaction: discord.Interaction, error: BaseException) -> None:
    """Answer a failed interaction: a refusal in its words, anything else by an incident's number."""
    while isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.HTTPException) and error.code in GONE:
        return
    if isinstance(error, AWAY):
        _unheard(error)
        return
    texts = context.texts(interaction.locale)
    if isinstance(error, Refusal):
        text = texts.message(error.message)
    elif isinstance(error, app_commands.CommandOnCooldown):
        text = texts("cooldown", seconds=round(error.retry_after + 0.5))
    elif isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
        # Discord still shows commands of an earlier version.
        text = texts("command_gone")
    else:
        text = texts("incident", number=incident(error))
    try:
        await tell(interaction, text)
    except (discord.HTTPException, *AWAY) as failed:
        _unheard(failed)


async def explain_message(context: Context, reply: commands.Context[commands.Bot], error: Exception) -> None:
    """Answer a failed command that was typed as a message."""
    if isinstance(error, commands.CommandNotFound | commands.CheckFailure | commands.UserInputError):
        return
    original = error.original if isinstance(error, commands.CommandInvokeError) else error
    if isinstance(original, (discord.Forbidden, *AWAY)):
        _unheard(original)
        return
    try:
        await reply.send(context.texts()("incident", number=incident(original)))
    except (discord.HTTPException, *AWAY) as failed:
        _unheard(failed)


def incident(error: BaseException) -> str:
    """Log an error under a number that a person can pass on."""
    number = token_hex(3)
    log.error("incident %s", number, exc_info=error)
    return number


def _unheard(error: BaseException) -> None:
    log.warning("an answer did not arrive: %s", type(error).__name__)
