"""On PYTHONPATH of a bot under test: its untouched discord.py then talks to the local Discord."""

import os

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

Route.BASE = os.environ["LOCAL_DISCORD"] + "/api/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["LOCAL_DISCORD"].replace("http", "ws", 1) + "/gateway")
