"""`/wall`: the corridor screen. No login, no personal data, no controls."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from schemas.site import Site
from web.live.hub import Hub
from web.rendering.cell_view import show_station
from web.rendering.pages import page
from web.requests import HttpRequest


@get("/wall", include_in_schema=False, sync_to_thread=False)
def wall(request: HttpRequest, site: NamedDependency[Site], hub: NamedDependency[Hub]) -> Template:
    """Render every cell so that it can be read across a corridor."""
    return page(request, "wall/wall.html", show_station(site, hub.snapshot()))
