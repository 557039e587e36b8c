"""The site as a picture with a button per cell."""

from web.http.routes import Routes
from web.plan.page import plan

ROUTES = Routes(lab=(plan,))
