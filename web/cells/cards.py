"""`/`: every unit and cell at a fixed place, with its state, main values and their age."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from schemas.site import Site
from web.live.hub import Hub
from web.rendering.cell_view import show_station
from web.rendering.pages import page
from web.requests import HttpRequest


@get("/", include_in_schema=False, sync_to_thread=False)
def cards(request: HttpRequest, site: NamedDependency[Site], hub: NamedDependency[Hub]) -> Template:
    """Render the last values; the stream then keeps them current."""
    return page(request, "cells/cards.html", show_station(site, hub.snapshot()), current="cards")
