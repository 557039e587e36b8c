"""`/api/units`: the units and the newest values of their cells."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from schemas import times
from schemas.site import Site
from storage.database import Sessions
from telemetry.judging import judge_presence
from telemetry.views import UnitSummary, UnitView, cell_view, unit_summary
from web.http.problems import problems
from web.http.query_parameters import known_unit
from web.live.hub import Hub
from web.live.latest import read_latest


class UnitController(Controller):
    path = "/api/units"
    tags = ("live",)

    @get(sync_to_thread=False, responses=problems())
    def units(self, site: NamedDependency[Site], hub: NamedDependency[Hub]) -> list[UnitSummary]:
        """List the site's units, in its order, with the presence of their publishers."""
        now = times.now()
        found = [(unit, hub.units.get(unit.code)) for unit in site.units]
        return [unit_summary(unit, status, judge_presence(status, None, now)) for unit, status in found]

    @get("/{unit:str}", sync_to_thread=True, responses=problems(404))
    def unit(
        self,
        unit: FromPath[str],
        sessions: NamedDependency[Sessions],
        site: NamedDependency[Site],
        hub: NamedDependency[Hub],
    ) -> UnitView:
        """Return the newest value of every parameter of the unit's cells."""
        known = known_unit(site, unit)
        status, now = hub.units.get(unit), times.now()
        presence = judge_presence(status, None, now)
        latest = read_latest(sessions, hub, known.cells)
        cells = [
            cell_view(
                site, cell, latest[cell], presence,
                now=now, experiment=hub.experiments.get(cell), alarms=hub.alarms,
            )
            for cell in known.cells
        ]  # fmt: skip
        return UnitView(**dict(unit_summary(known, status, presence)), values=cells)
