"""Empties the outbox into the channel by REST alone, so alarms go out while the gateway is away.

Before a message is sent, the database knows its name (`batch`). It is sent as Discord's nonce, which makes a
repeat within minutes harmless, and stands in the message's footer, which lets a later repeat be recognised.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex

import discord

from bot.alarms.embeds import GROUP, call, grave, has_become_grave, message
from bot.context import Context
from bot.database import DatabaseAway
from bot.gateway.answers import AWAY
from facility.alarms import notifications
from facility.alarms.notifications import Item
from schemas import times
from service.backoff import BackOff

CHANNEL = notifications.DISCORD
# How often the outbox is looked at without a hint, for what other processes put into it.
POLL = 2.0
# Alarms that are raised within this time of one another share a message.
GATHER = 0.3
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
# Nothing of ours heals these: permission taken away, channel deleted. Somebody must act, so try rarely.
CLOSED_WAIT = 300.0
# Deleted by somebody, or written by the bot that the station had before.
NOT_OURS = {10008, 50005}
BAD_REQUEST = 400
FAILURES = (discord.HTTPException, *AWAY)

log = logging.getLogger(__name__)


class Notifier:
    """One task, one message at a time: the order is kept and nothing is told twice."""

    def __init__(self, context: Context, client: discord.Client, channel_id: int, *, wait: float = FIRST_WAIT) -> None:
        self._context, self._database, self._first_wait = context, context.database, wait
        self._channel = client.get_partial_messageable(channel_id, guild_id=context.settings.guild)
        self._channel_id = str(channel_id)
        self._client = client
        self._fault = ""

    async def run(self) -> None:
        """Send what waits, for ever; the client must be logged in."""
        tries = BackOff(self._first_wait, LONGEST_WAIT)
        while True:
            try:
                while await self._round():
                    pass
                self._say("")
                tries.succeed()
                pause = POLL
            except DatabaseAway as error:
                self._say(str(error))
                pause = tries.next()
            except (discord.Forbidden, discord.NotFound) as error:
                self._say(f"Discord refuses the channel {self._channel_id}: {error.text or error.status}")
                pause = CLOSED_WAIT
            except FAILURES as error:
                self._say(f"Discord: {type(error).__name__}")
                pause = tries.next()
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        """Wait; a hint shortens the usual pause, never the one after a failure."""
        if self._fault:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._context.news.wait()
            await asyncio.sleep(GATHER)
        self._context.news.clear()

    async def _round(self) -> bool:
        """Send one message; tell whether more is waiting than it holds."""
        waiting = await self._database.run(self._look)
        if not waiting:
            return False
        # Edits first: they are about what people see already.
        first = next((item for item in waiting if item.message_id is not None), waiting[0])
        if first.batch is None:
            told = [item for item in waiting if item.batch is None][:GROUP]
            batch = token_hex(8)
            await self._database.run(notifications.claim, self._database.write, told, batch)
            await self._post(told, batch, again=False)
        else:
            told = await self._batch(first.batch)
            if first.message_id is not None:
                await self._edit(told, first.batch, first.message_id)
            else:
                # Claimed before, and it is not known whether Discord has it.
                await self._post(told, first.batch, again=True)
        return bool({item.id for item in waiting} - {item.id for item in told})

    def _look(self) -> list[Item]:
        policy = self._context.policy
        with self._database.read() as session:
            waiting = notifications.waiting(session, CHANNEL, times.now())
        hidden = [item for item in waiting if not policy.alarm(item.alarm)]
        if hidden:
            # What may not leave the site is done with: nobody outside waits for it.
            notifications.withheld(self._database.write, hidden, "may not leave the site")
        return [item for item in waiting if policy.alarm(item.alarm)]

    async def _batch(self, batch: str) -> list[Item]:
        def look() -> list[Item]:
            with self._database.read() as session:
                return notifications.of_batches(session, CHANNEL, [batch])

        return await self._database.run(look)

    async def _post(self, items: Sequence[Item], batch: str, *, again: bool) -> None:
        found = await self._find(batch) if again else None
        if found is None:
            await self._database.run(notifications.attempt, self._database.write, items)
            content, embeds, view = message(self._context, items, batch)
            try:
                found = await self._channel.send(
                    content or None, embeds=embeds, view=view, nonce=batch, allowed_mentions=self._mentions()
                )
            except FAILURES as error:
                if isinstance(error, discord.HTTPException) and error.status == BAD_REQUEST:
                    await self._give_up(items, error)
                    return
                await self._database.run(notifications.failed, self._database.write, items, type(error).__name__)
                raise
            await self._database.run(
                notifications.sent, self._database.write, items, self._channel_id, str(found.id), times.now()
            )
        else:
            # The message holds what was so when it was first sent: bring it up to date.
            await self._database.run(notifications.posted, self._database.write, items, self._channel_id, str(found.id))

    async def _find(self, batch: str) -> discord.Message | None:
        """Look for a message that was sent although its answer never came."""
        try:
            async for old in self._channel.history(limit=100):
                footers = [embed.footer.text or "" for embed in old.embeds]
                if any(batch in footer for footer in footers):
                    return old
        except discord.Forbidden:
            log.warning("Discord does not let the bot read the channel's history: an alarm may be told twice")
        return None

    async def _edit(self, items: Sequence[Item], batch: str, message_id: str) -> None:
        content, embeds, view = message(self._context, items, batch)
        partial = self._channel.get_partial_message(int(message_id))
        try:
            await self._call_again(partial, items)
            await partial.edit(
                content=content or None, embeds=embeds, view=view, allowed_mentions=discord.AllowedMentions.none()
            )
        except discord.HTTPException as error:
            if error.code in NOT_OURS:
                await self._database.run(notifications.lost, self._database.write, items)
            elif error.status == BAD_REQUEST:
                await self._give_up(items, error)
            else:
                raise
        else:
            await self._database.run(
                notifications.sent,
                self._database.write,
                items,
                self._channel_id,
                message_id,
                times.now(),
            )

    async def _call_again(self, partial: discord.PartialMessage, items: Sequence[Item]) -> None:
        """Reply where an alarm has become grave, before the message shows it: an edit calls nobody."""
        if not any(map(grave, items)):
            return
        try:
            old = await partial.fetch()
        except discord.Forbidden:
            log.warning("Discord does not let the bot read the channel's history: nobody is called by an edited alarm")
            return
        for item in items:
            if self._context.policy.alarm(item.alarm) and has_become_grave(item, old.embeds):
                await self._channel.send(
                    call(self._context, item),
                    reference=partial.to_reference(fail_if_not_exists=False),
                    nonce=f"grave-{item.alarm.id}",
                    allowed_mentions=self._mentions(),
                )

    async def _give_up(self, items: Sequence[Item], error: discord.HTTPException) -> None:
        """Leave out what Discord finds malformed: the alarms behind it must not wait for it for ever."""
        numbers = ", ".join(str(item.alarm.id) for item in items)
        log.error("Discord does not take the message for alarm %s: %s", numbers, error.text[:500])
        await self._database.run(notifications.withheld, self._database.write, items, error.text)

    def _mentions(self) -> discord.AllowedMentions:
        role = self._context.settings.mention_role
        return discord.AllowedMentions(
            everyone=False, users=False, roles=[] if role is None else [discord.Object(role)]
        )

    def _say(self, fault: str) -> None:
        if fault and fault != self._fault:
            log.error("%s; alarms wait in the outbox", fault)
        if self._fault and not fault:
            log.info("alarms go out again")
        self._fault = fault
