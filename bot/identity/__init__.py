"""Which person a Discord account acts for."""
