"""Buttons and menus under a message, which discord.py need not remember."""

from typing import Any

import discord

from bot.gateway.answers import at_home, explain


class Panel(discord.ui.View):
    """Each part carries what it needs in its own id, so the library is told not to keep the view for later."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()


class Part:
    """What a button and a menu have in common: they work in the station's server, and failing they say so.

    discord.py tells nobody of an error in a dynamic item. Inherit from this before `DynamicItem`.
    """

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        return await at_home(interaction)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.act(interaction)
        except Exception as error:  # noqa: BLE001 - logged and told by `explain`
            await explain(interaction.client.context, interaction, error)

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        """Do what pressing it means."""
        raise NotImplementedError
