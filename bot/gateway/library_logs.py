"""The libraries' own log lines made fit for an operator: an outage is a line, not a trace each try."""

import logging
from collections.abc import Callable

import aiohttp
import discord

_OUTAGES = (aiohttp.ClientError, OSError, discord.ConnectionClosed, discord.HTTPException)


def calm() -> None:
    """Shorten the libraries' log messages about outages, and drop discord.py's about voice."""
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    for name in ("discord.client", "discord.gateway", "discord.http"):
        logging.getLogger(name).addFilter(_without_trace_of(*_OUTAGES))
    # A connection that dies while it is given back: whoever used it hears of it, too.
    logging.getLogger("sqlalchemy.pool.impl.QueuePool").addFilter(_without_trace_of(Exception))


def _without_trace_of(*outages: type[BaseException]) -> Callable[[logging.LogRecord], bool]:
    def shorten(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, outages):
            record.msg, record.args = f"{record.getMessage()} ({type(error).__name__})", None
            record.exc_info = None
            record.exc_text = None
        return True

    return shorten
