"""`/plan`: the site as a picture; every cell a link in it."""

from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template

from schemas.site import Site
from web.live.hub import Hub
from web.plan import scenery
from web.rendering.cell_view import show_station
from web.rendering.pages import page
from web.requests import HttpRequest


@get("/plan", include_in_schema=False, sync_to_thread=False)
def plan(request: HttpRequest, site: NamedDependency[Site], hub: NamedDependency[Hub]) -> Template:
    """Draw the site three times: as planned, for a tablet held upright, for a phone; the style sheet shows one."""
    return page(
        request,
        "plan/plan.html",
        show_station(site, hub.snapshot())
        | {
            "scenes": {
                "wide": scenery.planned(site),
                "upright": scenery.stacked(site, columns=3),
                "tall": scenery.stacked(site),
            },
        },
        current="plan",
    )
