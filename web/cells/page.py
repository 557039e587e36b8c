"""`/cells/<cell>`: live values beside setpoints, what the cell holds and held, and the values' history as a chart."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.assignments.assigning import ASSIGNABLE
from facility.assignments.views import AssignmentView, assignments_of_cell
from facility.experiments.views import ExperimentQuery, ExperimentSummary, list_experiments
from facility.notes.annotations import AnnotationQuery, find_annotations
from facility.notes.interventions import running_intervention
from schemas import times
from schemas.messages import CellExperiment
from schemas.site import Parameter, Site
from storage.database import Sessions
from storage.faults import DatabaseAway, away_as_one
from web.live.hub import Hub
from web.notes.form import form_context
from web.rendering.cell_view import show_cells
from web.rendering.pages import page
from web.rendering.texts import N_
from web.threads import PATIENCE, WebThreads

AnyRequest = Request[Any, Any, Any]
AWAY = {"away": True}
NOTES_SHOWN = 5

# What has just been done, as the redirect after a form says it.
DONE_WORDS = {
    "assigned": N_("The experiment is in the cell now."),
    "ended": N_("The cell is free now."),
    "noted": N_("The past assignment is noted."),
    "corrected": N_("The assignment is corrected."),
    "withdrawn": N_("The assignment is withdrawn; the audit keeps it."),
}


@get("/cells/{cell:str}", include_in_schema=False)
async def cell_page(
    request: AnyRequest,
    *,
    cell: FromPath[str],
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    sessions: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    threads: NamedDependency[WebThreads],
    done: FromQuery[str] = "",
) -> Template:
    """Render a cell; its chart asks the API for the values' history."""
    shown = live_context(request, cell, site, hub, done)
    try:
        with away_as_one():
            history = await threads.additions.within(PATIENCE, history_of, cell, sessions, actor)
    except DatabaseAway:
        history = AWAY
    return page(request, "cells/cell.html", shown | holding(cell, hub, history), current="cards")


def cell_context(
    request: AnyRequest, cell: str, *, site: Site, hub: Hub, sessions: Sessions, actor: Actor
) -> dict[str, Any]:
    """Return what the page shows after a form; raise NotFoundException for a cell that the site does not have."""
    shown = live_context(request, cell, site, hub)
    try:
        with away_as_one():
            history = history_of(cell, sessions, actor)
    except DatabaseAway:
        history = AWAY
    return shown | holding(cell, hub, history)


def live_context(request: AnyRequest, cell: str, site: Site, hub: Hub, done: str = "") -> dict[str, Any]:
    """Return what needs no database; raise NotFoundException for a cell that the site does not have."""
    if cell not in site.unit_of_cell:
        raise NotFoundException(detail=f"there is no cell {cell}")
    snapshot = hub.snapshot()
    codes = list(site.unit_of_cell)
    place = codes.index(cell)
    form = form_context(request, site, cell)
    return form | {
        "snapshot": snapshot,
        "cell": show_cells(site, snapshot)[cell],
        "unit": site.unit_of_cell[cell],
        "charted": charted(site, cell),
        "before": codes[place - 1] if place else None,
        "after": codes[place + 1] if place + 1 < len(codes) else None,
        "done": DONE_WORDS.get(done, ""),
        "typed": form["typed"] | {"experiment": ""},
        "asking": "",
    }


def history_of(cell: str, sessions: Sessions, actor: Actor) -> dict[str, Any]:
    """Return what the cell held, as far as the person may know: the lab what the API says, members the history."""
    if not actor.may(Act.EXPERIMENTS_READ):
        return {}
    history = assignments_of_cell(sessions, actor, cell)
    known: dict[str, Any] = {"held": held(history), "history": history, "free_since": free_since(history)}
    query = AnnotationQuery(cell=cell, withdrawn=False, limit=NOTES_SHOWN)
    known["notes"], _ = find_annotations(sessions, actor, query)
    known |= {"running": running_intervention(sessions, actor, cell), "may_intervene": actor.may(Act.INTERVENE)}
    if actor.may(Act.ASSIGN):
        known["choices"] = choices(sessions, actor, cell, known["held"])
    return known


def holding(cell: str, hub: Hub, history: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the cell holds. Live values go on without the database: the page says that the history is away."""
    live, now = hub.picture.experiments.get(cell), times.now()
    known: dict[str, Any] = {"held": live, "history": None, "away": False, "free_since": None, "choices": None}
    known |= {"notes": None, "running": None, "may_intervene": False, **history}
    known["day"] = None if known["held"] is None else max(0, (now - known["held"].started_at).days)
    return known | {"now": now}


def held(history: list[AssignmentView]) -> CellExperiment | None:
    """Return the open assignment as the topics tell it."""
    if not history or history[0].ended_at is not None:
        return None
    one = history[0].experiment
    return CellExperiment(id=one.id, code=one.code, title=one.title, state=one.state, started_at=history[0].started_at)


def free_since(history: list[AssignmentView]) -> datetime | None:
    return history[0].ended_at if history else None


def choices(
    sessions: Sessions, actor: Actor, cell: str, present: CellExperiment | None
) -> Mapping[str, list[ExperimentSummary]]:
    """Return the experiments that can be put into the cell, those that are planned for it by themselves."""
    query = ExperimentQuery(state=ASSIGNABLE, sort="code", descending=False, limit=500)
    found = [
        one for one in list_experiments(sessions, actor, query).experiments if present is None or one.id != present.id
    ]
    return {
        "planned": [one for one in found if cell in one.cells],
        "others": [one for one in found if cell not in one.cells],
    }


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
