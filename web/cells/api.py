"""`/api/cells/<cell>`: what a cell says now."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from schemas import times
from schemas.site import Site
from storage.database import Sessions
from telemetry.judging import judge_presence
from telemetry.views import CellView, ValueView, cell_view
from web.http.problems import problems
from web.http.query_parameters import known_cell, known_parameter
from web.live.hub import Hub
from web.live.latest import read_latest


class CellController(Controller):
    path = "/api/cells"
    tags = ("live",)

    @get("/{cell:str}", sync_to_thread=True, responses=problems(404))
    def cell(
        self,
        cell: FromPath[str],
        sessions: NamedDependency[Sessions],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
    ) -> CellView:
        """Return a cell with every value that it has, their ages and states."""
        return _view(site, hub, sessions, known_cell(site, cell))

    @get("/{cell:str}/{parameter:str}", sync_to_thread=True, responses=problems(404))
    def parameter(
        self,
        cell: FromPath[str],
        parameter: FromPath[str],
        sessions: NamedDependency[Sessions],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
    ) -> ValueView:
        """Return one parameter's newest value."""
        code = known_parameter(site, cell, parameter).code
        return next(value for value in _view(site, hub, sessions, cell).values if value.parameter == code)


def _view(site: Site, hub: Hub, sessions: Sessions, cell: str) -> CellView:
    latest = read_latest(sessions, hub, [cell])[cell]
    now = times.now()
    presence = judge_presence(hub.units.get(site.unit_of_cell[cell].code), None, now)
    return cell_view(site, cell, latest, presence, now=now, experiment=hub.experiments.get(cell), alarms=hub.alarms)
