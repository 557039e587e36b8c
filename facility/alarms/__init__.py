"""Alarms: what people do with them, and what must be sent about them."""

# What other features of the facility may import.
__all__ = ["views"]
