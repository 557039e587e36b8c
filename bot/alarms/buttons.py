"""Acknowledge and shelve, under alarms of any age: the alarm's number is in the button's own id."""

import re
from datetime import timedelta
from typing import Any, Literal, Self

import discord

from bot.context import Context
from bot.database import DatabaseAway
from bot.gateway.answers import tell
from bot.gateway.panels import Part
from bot.texts import Texts
from facility.acting.refusals import NotFound, Refusal
from facility.acting.user_messages import UserMessage
from facility.alarms import actions
from facility.people.discord_links import actor_of

SHELF = timedelta(minutes=30)

ActName = Literal["acknowledge", "shelve"]
Interaction = discord.Interaction[Any]


async def act(interaction: Interaction, what: str, alarm_id: int) -> None:
    """Do it as the linked person, and say how it went to that person alone. The message follows by the outbox."""
    context: Context = interaction.client.context
    database = context.database
    texts = context.texts(interaction.locale)
    await interaction.response.defer(ephemeral=True, thinking=True)

    def do() -> str:
        with database.read() as session:
            actor = actor_of(session, interaction.user.id)
        if actor is None:
            return texts("not_linked")
        if what == "acknowledge":
            actions.acknowledge(database.write, actor, alarm_id)
            return texts("acknowledged")
        alarm = actions.shelve(database.write, actor, alarm_id, SHELF)
        until = alarm.shelved_until
        return texts("shelved", until=0 if until is None else round(until.timestamp()))

    try:
        words = await database.run(do)
        context.news.set()
    except NotFound:
        words = texts("alarm_unknown")
    except Refusal as refusal:
        words = texts.message(_without_names(context, texts, refusal.message))
    except DatabaseAway:
        words = texts("database_away")
    await tell(interaction, words)


def _without_names(context: Context, texts: Texts, words: UserMessage) -> UserMessage:
    """Hide a person's name in a refusal where names may not leave the site."""
    if context.policy.names or "name" not in words.values:
        return words
    return UserMessage(words.template, {**words.values, "name": texts("somebody")})


class AlarmButton(
    Part,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"o1:alarm:(?P<act>acknowledge|shelve):(?P<id>\d{1,15})",
):
    """A button under one alarm."""

    def __init__(self, what: str, alarm_id: int, label: str = "…") -> None:
        self.what, self.alarm_id = what, alarm_id
        style = discord.ButtonStyle.primary if what == "acknowledge" else discord.ButtonStyle.secondary
        super().__init__(discord.ui.Button(label=label[:80], style=style, custom_id=f"o1:alarm:{what}:{alarm_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        del interaction, item
        return cls(match["act"], int(match["id"]))

    async def act(self, interaction: Interaction) -> None:
        await act(interaction, self.what, self.alarm_id)


class AlarmMenu(
    Part,
    discord.ui.DynamicItem[discord.ui.Select[Any]],
    template=r"o1:alarms:(?P<act>acknowledge|shelve):(?P<id>\d{1,15})",
):
    """A menu under several alarms that share a message."""

    def __init__(self, what: str, first_id: int, title: str, options: list[tuple[str, str]]) -> None:
        self.what = what
        super().__init__(
            discord.ui.Select(
                custom_id=f"o1:alarms:{what}:{first_id}",
                placeholder=title[:150] or None,
                options=[discord.SelectOption(label=label[:100], value=value) for value, label in options],
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        del interaction, item
        return cls(match["act"], int(match["id"]), "", [])

    async def act(self, interaction: Interaction) -> None:
        chosen = self.item.values[0] if self.item.values else ""
        if chosen.isascii() and chosen.isdigit() and len(chosen) <= 15:
            await act(interaction, self.what, int(chosen))
