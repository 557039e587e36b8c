"""`/api/units`: the units and the newest values of their cells."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction
from telemetry.judging import judge_presence
from telemetry.views import UnitSummary, UnitView, cell_view, unit_summary
from web.http.problems import problems
from web.http.query_parameters import known_unit
from web.live.hub import Hub
from web.live.latest import read_latest
from web.threads import WebThreads


class UnitController(Controller):
    path = "/api/units"
    tags = ("live",)

    @get(sync_to_thread=False, responses=problems())
    def units(self, site: NamedDependency[Site], hub: NamedDependency[Hub]) -> list[UnitSummary]:
        """List the site's units, in its order, with the presence of their publishers."""
        now, picture = times.now(), hub.picture
        found = [(unit, *picture.unit(unit.code)) for unit in site.units]
        return [unit_summary(unit, status, judge_presence(status, heard_at, now)) for unit, status, heard_at in found]

    @get("/{unit:str}", responses=problems(404))
    async def unit(
        self,
        unit: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
        threads: NamedDependency[WebThreads],
    ) -> UnitView:
        """Return the newest value of every parameter of the unit's cells."""
        known = known_unit(site, unit)
        latest = await read_latest(sessions, threads, hub, known.cells)
        now, picture = times.now(), hub.picture
        status, heard_at = picture.unit(known.code)
        presence, alarms = judge_presence(status, heard_at, now), list(picture.alarms.values())
        cells = [
            cell_view(
                site, cell, latest[cell], presence,
                now=now, experiment=picture.experiments.get(cell), alarms=alarms,
            )
            for cell in known.cells
        ]  # fmt: skip
        return UnitView(**dict(unit_summary(known, status, presence)), values=cells)
