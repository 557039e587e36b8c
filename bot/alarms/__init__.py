"""Alarms in Discord: recorded from the broker, sent from the outbox, acknowledged by buttons."""
