"""A local Discord: REST and gateway on one port, and persons who use what the bot shows them."""
