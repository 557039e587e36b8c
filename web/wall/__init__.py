"""The corridor screen."""

from web.http.routes import Routes
from web.wall.page import wall

ROUTES = Routes(lab=(wall,))
