"""Channels of notifications: their page, for admins."""

from web.channels.page import add, change, channels_page, remove, try_out
from web.http.routes import Routes

ROUTES = Routes(people=(channels_page, add, change, remove, try_out))
