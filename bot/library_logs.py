"""discord.py's own log lines made fit for an operator: an outage is a line, not a trace each try."""

import logging

import aiohttp
import discord

_OUTAGES = (aiohttp.ClientError, OSError, TimeoutError, discord.ConnectionClosed, discord.HTTPException)


def calm() -> None:
    """Shorten what the library says of outages, and that it cannot speak: nobody asked it to."""
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    for name in ("discord.client", "discord.gateway", "discord.http"):
        logging.getLogger(name).addFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, _OUTAGES):
        record.msg, record.args = f"{record.getMessage()} ({type(error).__name__})", None
        record.exc_info = None
        record.exc_text = None
    return True
