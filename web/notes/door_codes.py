"""`/door-codes`: a QR code for each cell's door, to print; it leads to the page where work is announced."""

import segno
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Template
from markupsafe import Markup

from facility.acting.permissions import Act
from schemas.site import Site
from web.rendering.pages import page
from web.requests import HttpRequest
from web.settings import WebSettings


@get("/door-codes", opt={"act": Act.INTERVENE}, include_in_schema=False, sync_to_thread=True)
def door_codes_page(
    request: HttpRequest, site: NamedDependency[Site], settings: NamedDependency[WebSettings]
) -> Template:
    """Show them all, a unit a row; the browser prints them. A code needs the whole address: without one, none."""
    origin = settings.web.origin
    addresses = {cell: f"{origin}/cells/{cell}/intervene" for cell in site.unit_of_cell} if origin else {}
    context = {"codes": {cell: (address, code_image(address)) for cell, address in addresses.items()}}
    return page(request, "notes/door_codes.html", context, current="cards")


def code_image(address: str) -> Markup:
    """Return the code as SVG: black on white in any theme, error correction for a scratched label."""
    code = segno.make(address, error="q", micro=False)
    # Nothing of it is typed by anybody: it is drawn from the modules of the code.
    return Markup(code.svg_inline(scale=1, border=4, light="#fff", svgclass="door-code", omitsize=True))  # noqa: S704
