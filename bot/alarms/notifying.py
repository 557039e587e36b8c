"""Empties the outbox into the channel by REST alone, so alarms go out while the gateway is away.

Before a message is sent, the database knows its name (`batch`). It is sent as Discord's nonce, which makes a
repeat within minutes harmless, and stands in the message's footer, which lets a later repeat be recognised.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from secrets import token_hex
from time import monotonic

import discord

from bot.alarms.embeds import GROUP, call, grave, has_become_grave, message, plain
from bot.context import Context
from bot.database import DatabaseAway
from bot.gateway.answers import AWAY
from facility.alarms import notifications
from facility.alarms.notifications import Item
from facility.alarms.outgoing import note_state
from schemas import times
from service.backoff import BackOff

CHANNEL = notifications.DISCORD
# How often the outbox is looked at without a hint, for what other processes put into it.
POLL = 2.0
# Alarms that are raised within this time of one another share a message.
GATHER = 0.3
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
# What Discord finds wrong with a message, not with the moment: no try heals it. Anything else that it refuses, with
# whatever status, may pass: a thread that is archived or locked, a limit, a permission that somebody gives back.
MALFORMED = {50006, 50035, 50109, 200000, 200001, 240000}
# After so many tries an alarm goes to the other channel, where there is one.
PATIENT = 5
# Deleted by somebody, or written by the bot that the station had before.
NOT_OURS = {10008, 50005}
NOBODY = discord.AllowedMentions.none()
FAILURES = (discord.HTTPException, *AWAY)

log = logging.getLogger(__name__)


class Notifier:
    """One task, one message at a time: the order is kept and nothing is told twice."""

    def __init__(self, context: Context, client: discord.Client, channel_id: int, *, wait: float = FIRST_WAIT) -> None:
        self._context, self._database, self._first_wait = context, context.database, wait
        self._channel = client.get_partial_messageable(channel_id, guild_id=context.settings.guild)
        other = context.settings.fallback_channel
        self._other = None if other is None else client.get_partial_messageable(other, guild_id=context.settings.guild)
        self._channel_id = str(channel_id)
        self._client = client
        self._fault, self._noted = "", ""
        # Whether the last message was told in the other channel, because this one took none.
        self._elsewhere = False
        # Messages that Discord refused: when each is tried again.
        self._later: dict[str, tuple[float, BackOff]] = {}
        # Alarms that people were called to again, in this revision: an edit that fails after it calls nobody twice.
        self._called: dict[int, int] = {}

    async def run(self) -> None:
        """Send what waits, for ever; the client must be logged in."""
        tries = BackOff(self._first_wait, LONGEST_WAIT)
        while True:
            try:
                while await self._round():
                    pass
                if not self._later and not self._elsewhere:
                    self._say("")
                    await self._note("")
                tries.succeed()
                pause = POLL
            except DatabaseAway as error:
                self._say(str(error))
                pause = tries.next()
            except FAILURES as error:
                self._say(f"Discord: {type(error).__name__}")
                await self._note("unreachable")
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
        waiting = [item for item in await self._database.run(self._look) if self._is_due(item.batch)]
        if not waiting:
            return False
        # Edits first: they are about what people see already.
        first = next((item for item in waiting if item.message_id is not None), waiting[0])
        if first.batch is None:
            told = [item for item in waiting if item.batch is None][:GROUP]
            batch = token_hex(8)
            await self._database.run(notifications.claim, self._database.write, told, batch)
        else:
            batch, told = first.batch, await self._batch(first.batch)
        try:
            if first.message_id is not None:
                await self._edit(told, batch, first.message_id)
            else:
                # Claimed before: it is not known whether Discord has it.
                await self._post(told, batch, again=first.batch is not None)
        except discord.HTTPException as error:
            if isinstance(error, discord.DiscordServerError):
                raise
            await self._put_off(batch, error)
        else:
            self._later.pop(batch, None)
        return bool({item.id for item in waiting} - {item.id for item in told})

    def _is_due(self, batch: str | None) -> bool:
        return batch is None or batch not in self._later or monotonic() >= self._later[batch][0]

    async def _put_off(self, batch: str, error: discord.HTTPException) -> None:
        """Try a message that was refused again after a while; what else waits goes on."""
        _, tries = self._later.get(batch, (0.0, BackOff(self._first_wait, LONGEST_WAIT)))
        self._later[batch] = monotonic() + tries.next(), tries
        self._say(f"Discord refuses the channel {self._channel_id}: {error.text or error.status}")
        await self._note("refused" if error.status in {401, 403} else "unknown" if error.status == 404 else "busy")

    async def _note(self, fault: str) -> None:
        """Have the watchdog know how this channel does: it raises an alarm, which goes out on the others."""
        if fault == self._noted:
            return

        def write() -> None:
            with self._database.write() as session, session.begin():
                note_state(session, CHANNEL, fault, times.now())

        with suppress(DatabaseAway):
            await self._database.run(write)
            self._noted = fault

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
        held = await self._find(batch) if again else None
        if held is not None:
            # The message holds what was so when it was first sent: bring it up to date.
            await self._database.run(notifications.posted, self._database.write, items, *held)
            return
        await self._database.run(notifications.attempt, self._database.write, items)
        try:
            channel, number = self._channel, await self._send(self._channel, items, batch)
            self._elsewhere = False
        except FAILURES as error:
            await self._database.run(notifications.failed, self._database.write, items, type(error).__name__)
            if self._other is None or not self._wants_other(items, error):
                raise
            # A person must mend the channel; until then the alarm is told where it can be.
            channel, number = self._other, await self._send(self._other, items, batch)
            self._elsewhere = True
            self._say(f"Discord refuses the channel {self._channel_id}; told in the other one")
            await self._note("refused")
        if number is not None:
            at = times.now()
            await self._database.run(notifications.sent, self._database.write, items, str(channel.id), str(number), at)

    def _wants_other(self, items: Sequence[Item], error: Exception) -> bool:
        if isinstance(error, (discord.Forbidden, discord.NotFound)):
            return True
        refused = isinstance(error, discord.HTTPException) and not isinstance(error, discord.DiscordServerError)
        return refused and max(item.attempts for item in items) >= PATIENT

    async def _send(self, channel: discord.PartialMessageable, items: Sequence[Item], batch: str) -> int | None:
        """Return the number of the message that was posted; None where Discord wants it in no form."""
        content, embeds, view = message(self._context, items, batch)
        try:
            sent = await channel.send(
                content or None, embeds=embeds, view=view, nonce=batch, allowed_mentions=self._mentions()
            )
        except discord.HTTPException as error:
            if error.code not in MALFORMED:
                raise
            words = self._complain(items, error)
            try:
                sent = await channel.send(words, nonce=f"plain-{batch}", allowed_mentions=self._mentions())
            except discord.HTTPException as again:
                if again.code not in MALFORMED:
                    raise
                await self._give_up(items, again)
                return None
        return sent.id

    async def _find(self, batch: str) -> tuple[str, str] | None:
        """Return channel and number of a message that was sent although its answer never came."""
        for channel in (self._channel, self._other):
            if channel is None:
                continue
            try:
                async for old in channel.history(limit=100):
                    footers = [embed.footer.text or "" for embed in old.embeds]
                    if any(batch in footer for footer in footers):
                        return str(channel.id), str(old.id)
            except (discord.Forbidden, discord.NotFound):
                log.warning("Discord does not let the bot read the channel's history: an alarm may be told twice")
        return None

    async def _edit(self, items: Sequence[Item], batch: str, message_id: str) -> None:
        content, embeds, view = message(self._context, items, batch)
        channel_id = next((item.channel_id for item in items if item.channel_id), self._channel_id)
        channel = self._client.get_partial_messageable(int(channel_id), guild_id=self._context.settings.guild)
        partial = channel.get_partial_message(int(message_id))
        try:
            await self._call_again(channel, partial, items)
            try:
                await partial.edit(content=content or None, embeds=embeds, view=view, allowed_mentions=NOBODY)
            except discord.HTTPException as error:
                if error.code not in MALFORMED:
                    raise
                words = self._complain(items, error)
                await partial.edit(content=words, embeds=[], view=view, allowed_mentions=NOBODY)
        except discord.HTTPException as error:
            if error.code in NOT_OURS:
                await self._database.run(notifications.lost, self._database.write, items)
            elif error.code in MALFORMED:
                await self._give_up(items, error)
            else:
                raise
        else:
            for item in items:
                self._called.pop(item.id, None)
            await self._database.run(
                notifications.sent, self._database.write, items, channel_id, message_id, times.now()
            )

    async def _call_again(
        self, channel: discord.PartialMessageable, partial: discord.PartialMessage, items: Sequence[Item]
    ) -> None:
        """Reply where an alarm has become grave, before the message shows it: an edit calls nobody."""
        if not any(map(grave, items)):
            return
        try:
            old = await partial.fetch()
        except discord.Forbidden:
            log.warning("Discord does not let the bot read the channel's history: nobody is called by an edited alarm")
            return
        for item in items:
            called = self._called.get(item.id) == item.revision
            if not called and self._context.policy.alarm(item.alarm) and has_become_grave(item, old.embeds):
                await channel.send(
                    call(self._context, item),
                    reference=partial.to_reference(fail_if_not_exists=False),
                    nonce=f"grave-{item.alarm.id}",
                    allowed_mentions=self._mentions(),
                )
                self._called[item.id] = item.revision

    def _complain(self, items: Sequence[Item], error: discord.HTTPException) -> str:
        """Say what Discord does not take; return the same in plain words, which it takes."""
        numbers = ", ".join(str(item.alarm.id) for item in items)
        log.error("Discord does not take the message for alarm %s: %s", numbers, error.text[:500])
        return plain(self._context, items)

    async def _give_up(self, items: Sequence[Item], error: discord.HTTPException) -> None:
        """Leave out what Discord takes in no form: the alarms behind it must not wait for it for ever."""
        numbers = ", ".join(str(item.alarm.id) for item in items)
        log.error("Discord does not take alarm %s in plain words either; it is told on the other channels", numbers)
        await self._database.run(notifications.withheld, self._database.write, items, error.text)
        await self._note("malformed")

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
