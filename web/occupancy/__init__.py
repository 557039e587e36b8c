"""Who was, is and will be in which cell: drawing, table, calendar feeds."""

from web.http.routes import Routes
from web.occupancy.calendars import CalendarController
from web.occupancy.page import occupancy_page

ROUTES = Routes(people=(CalendarController, occupancy_page))
