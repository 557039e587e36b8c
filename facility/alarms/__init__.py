"""Alarms: what people do with them, and what must be sent about them."""
