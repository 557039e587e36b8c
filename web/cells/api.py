"""`/api/cells/<cell>`: a cell's current values."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from telemetry.judging import judge_presence
from telemetry.views import CellView, ValueView, cell_view
from web.cells.known import resolve_cell
from web.http.problems import problems
from web.http.query_parameters import known_parameter
from web.live.hub import Hub
from web.live.latest import read_latest
from web.threads import WebThreads


class CellController(Controller):
    path = "/api/cells"
    tags = ("live",)

    @get("/{cell:str}", responses=problems(404))
    async def cell(
        self,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
        threads: NamedDependency[WebThreads],
    ) -> CellView:
        """Return a cell with every value that it has, their ages and states."""
        return await _view(*await resolve_cell(site, sessions, threads, cell), hub, threads, sessions)

    @get("/{cell:str}/{parameter:str}", responses=problems(404))
    async def parameter(
        self,
        *,
        cell: FromPath[str],
        parameter: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
        threads: NamedDependency[WebThreads],
    ) -> ValueView:
        """Return one parameter's newest value."""
        described, found = await resolve_cell(site, sessions, threads, cell)
        code = known_parameter(described, found, parameter).code
        view = await _view(described, found, hub, threads, sessions)
        return next(value for value in view.values if value.parameter == code)


async def _view(site: Site, cell: str, hub: Hub, threads: WebThreads, sessions: Reads) -> CellView:
    latest = (await read_latest(sessions, threads, hub, [cell]))[cell]
    now, picture = times.now(), hub.picture
    presence = judge_presence(*picture.unit(site.unit_of_cell[cell].code), now)
    experiment, alarms = picture.experiments.get(cell), list(picture.alarms.values())
    return cell_view(site, cell, latest, presence, now=now, experiment=experiment, alarms=alarms)
