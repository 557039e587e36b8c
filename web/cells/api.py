"""`/api/cells/<cell>`: what a cell says now."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from telemetry.views import CellView, ValueView, cell_view
from web.cells.known import find_cell
from web.http.problems import problems
from web.http.query_parameters import known_parameter
from web.live.hub import Hub
from web.live.latest import read_latest


class CellController(Controller):
    path = "/api/cells"
    tags = ("live",)

    @get("/{cell:str}", sync_to_thread=True, responses=problems(404))
    def cell(
        self,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
    ) -> CellView:
        """Return a cell with every value that it has, their ages and states."""
        return _view(*find_cell(site, sessions, cell), hub, sessions)

    @get("/{cell:str}/{parameter:str}", sync_to_thread=True, responses=problems(404))
    def parameter(
        self,
        cell: FromPath[str],
        parameter: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
    ) -> ValueView:
        """Return one parameter's newest value."""
        described, found = find_cell(site, sessions, cell)
        code = known_parameter(described, found, parameter).code
        return next(value for value in _view(described, found, hub, sessions).values if value.parameter == code)


def _view(site: Site, cell: str, hub: Hub, sessions: Reads) -> CellView:
    latest = read_latest(sessions, hub, [cell])[cell]
    status = hub.units.get(site.unit_of_cell[cell].code)
    return cell_view(
        site, cell, latest, status, now=times.now(), experiment=hub.experiments.get(cell), alarms=hub.alarms
    )
