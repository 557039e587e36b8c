"""The forms of a cell's page: another experiment in place of the present one, or none."""

from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from pydantic import Field

from facility.acting.acts import Actor
from facility.acting.fields import FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.assignments.assigning import assign, unassign
from schemas.site import Site
from storage.database import Sessions
from web.cells.page import cell_context
from web.http.forms import form_texts, page_again, parse
from web.live.hub import Hub
from web.requests import FormData, HttpRequest, HttpResponse

ExperimentNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Replacement(FormModel):
    """The experiment that was chosen, and the one that the page showed in the cell: None for a free one."""

    experiment: ExperimentNumber
    replaces: ExperimentNumber | None = None


class Ending(FormModel):
    """The experiment that the page showed in the cell."""

    experiment: ExperimentNumber


@post(
    "/cells/{cell:str}/experiment",
    opt={"act": Act.ASSIGN},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def put_experiment(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Put an experiment into the cell in place of what the page showed there; refused where that has changed."""
    submitted = form_texts(data)
    try:
        replacement = parse(Replacement, submitted)
        assign(writing, actor, replacement.experiment, [cell], replacing={cell: replacement.replaces})
    except Refusal as refusal:
        context = cell_context(request, cell, site=site, hub=hub, sessions=writing, actor=actor)
        context |= {"typed": context["typed"] | {"experiment": submitted.get("experiment", "")}, "asking": "assign"}
        return page_again(request, "cells/cell.html", context, refusal, current="cards")
    return Redirect(f"/cells/{cell}?done=assigned#experiment", status_code=303)


@post(
    "/cells/{cell:str}/experiment/end",
    opt={"act": Act.UNASSIGN},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def end_experiment(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """End what the page showed in the cell, without successor."""
    try:
        unassign(writing, actor, cell, experiment_id=parse(Ending, form_texts(data)).experiment)
    except Refusal as refusal:
        context = cell_context(request, cell, site=site, hub=hub, sessions=writing, actor=actor)
        return page_again(request, "cells/cell.html", context, refusal, current="cards")
    return Redirect(f"/cells/{cell}?done=ended#experiment", status_code=303)
