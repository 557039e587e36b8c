"""Keeping the bot up: one task each for broker, alarms, outbox and gateway, started again whatever happens."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord

from bot.alarms.notifying import CHANNEL, Notifier
from bot.alarms.recording import Recording
from bot.context import Context
from bot.database import DatabaseAway
from bot.gateway.client import OctopusBot
from bot.gateway.library_logs import calm
from bot.gateway.syncing import sync
from broker.following import Follower
from facility.alarms import notifications
from service.backoff import BackOff
from service.ending import end
from service.settings import BrokerSettings

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
# What only a person can heal.
HOPELESS = (discord.LoginFailure, discord.PrivilegedIntentsRequired)

log = logging.getLogger(__name__)


class GaveUp(Exception):  # noqa: N818 - it says what happened
    """Discord refuses the token or the intents; the text is one readable line."""


async def run(context: Context, broker: BrokerSettings, token: str, **options: Any) -> None:
    """Run until SIGTERM or Ctrl-C; raise GaveUp where trying again is of no use."""
    calm()
    stop_requested = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_requested.set)
    waiting = Waiting(context)
    follower = Follower(broker, context.site, "bot", context.live, waiting.get)
    recording = Recording(context.live, context.database, context.news.set)
    parts: dict[str, Callable[[], Awaitable[None]]] = {
        "broker": follower.run,
        "recording": recording.run,
        "waiting": waiting.watch,
        "gateway": lambda: gateway(context, token, **options),
    }
    channel = context.settings.channel
    if channel is not None:
        parts["alarms"] = lambda: alarms(context, token, channel)
    else:
        log.warning("no channel is set (bot.channel): alarms are not posted")
    tasks = [asyncio.create_task(_kept(name, start), name=name) for name, start in parts.items()]
    stop = asyncio.create_task(stop_requested.wait(), name="stop")
    done, _ = await asyncio.wait([*tasks, stop], return_when=asyncio.FIRST_COMPLETED)
    await end(*tasks, stop)
    for task in done:
        task.result()


class Waiting:
    """How many alarms wait to be sent, for the bot's status; None while the database does not answer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._count: int | None = None

    def get(self) -> int | None:
        return self._count

    async def watch(self) -> None:
        while True:
            try:
                self._count = await self._context.database.run(self._count_cells)
            except DatabaseAway:
                self._count = None
            await asyncio.sleep(5)

    def _count_cells(self) -> int:
        with self._context.database.read() as session:
            return notifications.count_waiting(session, CHANNEL)


async def gateway(context: Context, token: str, **options: Any) -> None:
    """Connect with a fresh bot again and again: discord.py ends where the first connection fails."""
    tries = BackOff(FIRST_WAIT, LONGEST_WAIT)
    while True:
        bot = OctopusBot(context, **options)
        syncing: asyncio.Task[None] | None = None
        try:
            async with bot:
                await bot.login(token)
                syncing = asyncio.create_task(sync(bot), name="syncing")
                await bot.connect(reconnect=True)
        except HOPELESS as error:
            raise GaveUp(refused(error)) from error
        except (aiohttp.ClientError, OSError, discord.DiscordException) as error:
            fault = f"{type(error).__name__}"
        except AttributeError:
            # discord.py's own, when the gateway cannot be reached the first time (Rapptz/discord.py#10520).
            fault = "the gateway cannot be reached"
        else:
            fault = "the connection ended"
        finally:
            if syncing is not None:
                await end(syncing)
        if bot.was_ready:
            tries.succeed()
        if tries.is_new(fault):
            log.warning("Discord: %s; trying again", fault)
        await asyncio.sleep(tries.next())


async def alarms(context: Context, token: str, channel: int) -> None:
    """Post by REST with a client of its own, which needs no gateway."""
    tries = BackOff(FIRST_WAIT, LONGEST_WAIT)
    while True:
        client = discord.Client(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            proxy=context.settings.proxy,
        )
        async with client:
            try:
                await client.login(token)
            except HOPELESS as error:
                raise GaveUp(refused(error)) from error
            except (aiohttp.ClientError, OSError, discord.DiscordException):
                # The gateway's loop has said so already.
                await asyncio.sleep(tries.next())
                continue
            tries.succeed()
            await Notifier(context, client, channel).run()


def refused(error: BaseException) -> str:
    """Say what a person must do, in one line."""
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return (
            "Discord refuses the message content intent: switch it on for this application"
            " (Discord developer portal, Bot, Message Content Intent)"
        )
    return "Discord refuses the token (setting bot.token_file): ask for a new one in the Discord developer portal"


async def _kept(name: str, start: Callable[[], Awaitable[None]]) -> None:
    """Restart a part after an unexpected error."""
    while True:
        try:
            await start()
        except GaveUp:
            raise
        except Exception:
            log.exception("%s failed; starting it again", name)
        await asyncio.sleep(5)
