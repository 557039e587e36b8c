"""Slash commands are sent to Discord when they differ from what it was last given, and only then."""

import asyncio
import logging
from hashlib import sha256

import discord
import orjson

from bot.database import DatabaseAway
from bot.gateway.client import OctopusBot
from schemas import times
from schemas.tables import DiscordCommands
from storage.database import Reads, Sessions

RETRY = 30.0

log = logging.getLogger(__name__)


async def sync(bot: OctopusBot) -> None:
    """Give Discord the commands if they changed; wait for the database, which knows what it has."""
    application, guild, database = bot.application_id, bot.context.settings.guild, bot.context.database
    if application is None or guild is None:
        raise LookupError("the bot is not logged in, or no server is set")
    bot.tree.copy_global_to(guild=discord.Object(guild))
    fingerprint = await _fingerprint(bot)
    while True:
        try:
            held = await database.run(_held, database.read, application, guild)
            if held == fingerprint and await _has_them(bot, guild):
                return
            commands = await bot.tree.sync(guild=discord.Object(guild))
            await database.run(_keep, database.write, application, guild, fingerprint)
        except DatabaseAway as error:
            log.warning("%s; slash commands are compared when it answers", error)
        except discord.Forbidden:
            log.error(  # noqa: TRY400 - the sentence says all, a trace would hide it
                "Discord does not let the bot make commands in server %d: invite it with the scope"
                " applications.commands", guild,
            )  # fmt: skip
        except (discord.HTTPException, OSError) as error:
            log.warning("slash commands: %s; trying again", type(error).__name__)
        else:
            log.info("Discord was given %d slash commands", len(commands))
            return
        await asyncio.sleep(RETRY)


async def _has_them(bot: OctopusBot, guild: int) -> bool:
    """Look whether Discord still has the commands: it forgets them where the application is taken out and let in."""
    there = await bot.tree.fetch_commands(guild=discord.Object(guild))
    ours = bot.tree.get_commands(guild=discord.Object(guild))
    return {command.name for command in there} == {command.name for command in ours}


async def _fingerprint(bot: OctopusBot) -> str:
    translator = bot.tree.translator
    guild = discord.Object(bot.context.settings.guild or 0)
    payload = []
    for command in bot.tree.get_commands(guild=guild):
        if translator is None:
            payload.append(command.to_dict(bot.tree))
        else:
            payload.append(await command.get_translated_payload(bot.tree, translator))
    return sha256(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()


def _held(sessions: Reads, application: int, guild: int) -> str | None:
    with sessions.reading() as session:
        row = session.get(DiscordCommands, (str(application), str(guild)))
        return None if row is None else row.fingerprint


def _keep(sessions: Sessions, application: int, guild: int, fingerprint: str) -> None:
    with sessions() as session, session.begin():
        session.merge(
            DiscordCommands(
                application_id=str(application), guild_id=str(guild), fingerprint=fingerprint, synced_at=times.now()
            )
        )
