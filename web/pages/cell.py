"""`/cells/<cell>`: live values beside setpoints, and the history as a chart."""

from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Template

from schemas.site import Parameter, Site
from web.live.hub import Hub
from web.pages.rendering import page
from web.pages.showing import show_cells


@get("/cells/{cell:str}", include_in_schema=False, sync_to_thread=False)
def cell_page(
    request: Request[Any, Any, Any], cell: FromPath[str], site: NamedDependency[Site], hub: NamedDependency[Hub]
) -> Template:
    """Render a cell; its chart asks the API for the history."""
    if cell not in site.unit_of_cell:
        raise NotFoundException(detail=f"there is no cell {cell}")
    snapshot = hub.whole()
    unit = site.unit_of_cell[cell]
    codes = list(site.unit_of_cell)
    place = codes.index(cell)
    return page(
        request,
        "cell.html",
        {
            "snapshot": snapshot,
            "cell": show_cells(site, snapshot)[cell],
            "unit": unit,
            "charted": charted(site, cell),
            "before": codes[place - 1] if place else None,
            "after": codes[place + 1] if place + 1 < len(codes) else None,
        },
        current="cards",
    )


def charted(site: Site, cell: str) -> list[tuple[Parameter, Parameter | None]]:
    """Return what the chart offers: each parameter once, a setpoint only beside what it sets."""
    parameters = site.parameters_of(cell)
    here = {p.code for p in parameters}
    pairs = []
    for parameter in parameters:
        if parameter.setpoint_of in here:
            continue
        setpoint = site.setpoint_by_measured.get(parameter.code)
        pairs.append((parameter, setpoint if setpoint is not None and setpoint.code in here else None))
    return pairs
