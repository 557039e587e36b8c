"""Buttons and menus under a message, which discord.py need not remember."""

import discord


class Panel(discord.ui.View):
    """Each part carries what it needs in its own id, so the library is told not to keep the view for later."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.stop()
