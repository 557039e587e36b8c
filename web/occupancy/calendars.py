"""Calendar feeds. A calendar program sends no header, so a token of the scope `calendar` may stand in the address."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.assignments.calendars import cell_calendar, experiment_calendar
from facility.experiments.views import get_experiment
from schemas.site import Site
from storage.database import ReadTransaction
from web.http.problems import problems
from web.http.query_parameters import RowId, present_code
from web.settings import WebSettings

Token = Annotated[str, QueryParameter(max_length=200)]
OPT = {"act": Act.EXPERIMENTS_READ, "calendar": True}


class CalendarController(Controller):
    path = "/api/calendars"
    tags = ("calendars",)

    @get("/cells/{cell:str}", opt=OPT, responses=problems(404), media_type="text/calendar", sync_to_thread=True)
    def of_cell(
        self,
        *,
        cell: FromPath[str],
        settings: NamedDependency[WebSettings],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        token: Token = "",
    ) -> Response[bytes]:
        """Return what the cell held and is planned to hold, two years back and ahead, as iCalendar."""
        del token  # read by the middleware that tells who asks
        cell = present_code(site, cell)
        return _file(cell_calendar(sessions, actor, cell, site.zone, settings.web.origin), cell)

    @get(
        "/experiments/{experiment:int}",
        opt=OPT,
        responses=problems(404),
        media_type="text/calendar",
        sync_to_thread=True,
    )
    def of_experiment(
        self,
        *,
        experiment: RowId,
        settings: NamedDependency[WebSettings],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        token: Token = "",
    ) -> Response[bytes]:
        """Return in which cells the experiment was, is and is planned to be, as iCalendar."""
        del token  # read by the middleware that tells who asks
        code = get_experiment(sessions, actor, experiment).code
        origin = settings.web.origin
        return _file(experiment_calendar(sessions, actor, experiment, site.zone, origin), code)


def _file(content: bytes, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type="text/calendar",
        headers={"Content-Disposition": f'inline; filename="{name}.ics"', "Cache-Control": "private, max-age=300"},
    )
