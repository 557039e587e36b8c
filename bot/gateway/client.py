"""The bot as Discord sees it: its intents, its features, its one server. A new object for each start."""

import logging
import sys
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.alarms.buttons import AlarmButton, AlarmMenu
from bot.cells.picking import Menu, Pick
from bot.context import Context
from bot.gateway.answers import at_home, explain, explain_message
from bot.texts import CommandTranslator

# Waiting longer than this for a rate limit helps nobody who is looking at the screen.
LONGEST_RATE_LIMIT = 30.0

# Modules with a `setup` that adds their commands: a feature is added by adding it here.
FEATURES = (
    "bot.about.commands",
    "bot.alarms.commands",
    "bot.cells.cell_command",
    "bot.cells.ecolab_command",
    "bot.cells.plan_command",
    "bot.experiments.commands",
    "bot.identity.commands",
    "bot.interventions.commands",
)

log = logging.getLogger(__name__)


class Tree(app_commands.CommandTree["OctopusBot"]):
    """Slash commands, answered in the station's own server only."""

    async def interaction_check(self, interaction: discord.Interaction["OctopusBot"], /) -> bool:
        return await at_home(interaction)

    async def on_error(
        self, interaction: discord.Interaction["OctopusBot"], error: app_commands.AppCommandError, /
    ) -> None:
        await explain(interaction.client.context, interaction, error)


class OctopusBot(commands.Bot):
    """A connection to Discord. All that must outlive it is in `context`."""

    def __init__(self, context: Context, **options: Any) -> None:
        self.context = context
        self.was_ready = False
        super().__init__(
            commands.when_mentioned_or(context.settings.prefix),
            tree_cls=Tree,
            help_command=None,
            case_insensitive=True,
            intents=intents(),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            proxy=context.settings.proxy,
            **options,
        )

    async def setup_hook(self) -> None:
        await self.tree.set_translator(CommandTranslator(self.context.catalogue))
        self.add_dynamic_items(Pick, Menu, AlarmButton, AlarmMenu)
        for feature in FEATURES:
            await self.load_extension(feature)
        self.add_check(self._at_home)

    def dispatch(self, event_name: str, /, *args: Any, **kwargs: Any) -> None:
        """Drop what comes after the end: discord.py's task that waits for the last server outlives a closed bot."""
        if not self.is_closed():
            super().dispatch(event_name, *args, **kwargs)

    async def _at_home(self, reply: commands.Context["OctopusBot"]) -> bool:
        return reply.guild is not None and reply.guild.id == self.context.settings.guild

    async def on_message(self, message: discord.Message, /) -> None:
        if message.author.bot:
            return
        reply = await self.get_context(message)
        if reply.command is None and self._only_mentioned(message):
            reply.command = self.get_command("ecolab")
        await self.invoke(reply)

    def _only_mentioned(self, message: discord.Message) -> bool:
        own = self.user
        return own is not None and message.content.strip() in {f"<@{own.id}>", f"<@!{own.id}>"}

    async def on_command_error(self, context: commands.Context[Any], exception: commands.CommandError, /) -> None:
        await explain_message(self.context, context, exception)

    async def on_ready(self) -> None:
        self.was_ready = True
        log.info("connected to Discord as %s", self.user)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        del args, kwargs
        log.error("event %s failed", event_method, exc_info=sys.exc_info())


def intents() -> discord.Intents:
    """Return what the bot hears: its server and what is written there."""
    return discord.Intents(guilds=True, guild_messages=True, message_content=True)
