"""Mosquitto: its configuration and accounts, connecting to it, and a private broker for one machine."""
