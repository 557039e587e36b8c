"""The connection to Discord at its end."""

from bot.context import Context
from bot.gateway.client import OctopusBot


async def test_a_bot_that_is_closed_while_it_gets_ready_ends_quietly(context: Context) -> None:
    bot = OctopusBot(context)
    async with bot:
        bot.dispatch("connect")
    bot.dispatch("ready")  # by discord.py's own task, up to two seconds after the last server has come
    assert not bot.was_ready
