"""`/cells/<cell>`: live values beside setpoints, what the cell holds and held, and the values' history as a chart."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

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
from storage.database import Reads, ReadTransaction
from storage.faults import DatabaseAway, away_as_one
from web.cells.known import find_cell, resolve_cell
from web.live.hub import Hub
from web.notes.form import form_context
from web.rendering.cell_view import show_cells
from web.rendering.pages import describe_site, page
from web.rendering.texts import N_
from web.requests import HttpRequest
from web.threads import PATIENCE, WebThreads

AWAY = {"away": True}
NOTES_SHOWN = 5

# What has just been done, as the redirect after a form says it.
DONE_LABELS = {
    "assigned": N_("The experiment is in the cell now."),
    "ended": N_("The cell is free now."),
    "noted": N_("The past assignment is noted."),
    "corrected": N_("The assignment is corrected."),
    "withdrawn": N_("The assignment is withdrawn; the audit keeps it."),
}


@get("/cells/{cell:str}", include_in_schema=False)
async def cell_page(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    threads: NamedDependency[WebThreads],
    done: FromQuery[str] = "",
) -> Template | Redirect:
    """Render a cell, also a retired one; its chart asks the API for the values' history."""
    if (present := site.former_codes["cell"].get(cell)) is not None:
        return Redirect(f"/cells/{present}", status_code=301)
    described, cell = await resolve_cell(site, sessions, threads, cell)
    values = live_context(request, cell, site, described, hub, done=done)
    try:
        with away_as_one():
            history = await threads.additions.within(
                PATIENCE, history_of, cell, sessions, actor, retired=described is not site
            )
    except DatabaseAway:
        history = AWAY
    return page(request, "cells/cell.html", values | holding(cell, hub, history), current="cards")


def cell_context(
    request: HttpRequest, cell: str, *, site: Site, hub: Hub, sessions: Reads, actor: Actor
) -> dict[str, Any]:
    """Return what the page shows after a form; raise NotFoundException for a cell that there never was."""
    described, cell = find_cell(site, sessions, cell)
    values = live_context(request, cell, site, described, hub)
    try:
        with away_as_one():
            history = history_of(cell, sessions, actor, retired=described is not site)
    except DatabaseAway:
        history = AWAY
    return values | holding(cell, hub, history)


def live_context(
    request: HttpRequest, cell: str, site: Site, described: Site, hub: Hub, *, done: str = ""
) -> dict[str, Any]:
    """Return what needs no database; `described` is the site with the cell in it, also where that is retired."""
    snapshot = hub.snapshot()
    codes = list(site.unit_of_cell)
    place = codes.index(cell) if cell in codes else 0
    retired = described is not site
    form = form_context(request, described, cell)
    return form | {
        "snapshot": snapshot,
        "cell": show_cells(described, snapshot)[cell],
        "unit": described.unit_of_cell[cell],
        "charted": charted(described, cell),
        "before": codes[place - 1] if place else None,
        "after": codes[place + 1] if place + 1 < len(codes) and not retired else None,
        "retired": retired,
        "site_description": describe_site(described),
        "done": DONE_LABELS.get(done, ""),
        "typed": form["typed"] | {"experiment": ""},
        "asking": "",
    }


def history_of(cell: str, sessions: Reads, actor: Actor, *, retired: bool = False) -> dict[str, Any]:
    """Return what the cell held, as far as the person may know: the lab what the API says, members the history."""
    if not actor.may(Act.EXPERIMENTS_READ):
        return {}
    history = assignments_of_cell(sessions, actor, cell)
    known: dict[str, Any] = {"held": occupant(history), "history": history, "free_since": free_since(history)}
    query = AnnotationQuery(cell=cell, withdrawn=False, limit=NOTES_SHOWN)
    known["notes"], _ = find_annotations(sessions, actor, query)
    known["running"] = running_intervention(sessions, actor, cell)
    known["may_intervene"] = actor.may(Act.INTERVENE) and not retired
    if actor.may(Act.ASSIGN) and not retired:
        known["choices"] = choices(sessions, actor, cell, known["held"])
    return known


def holding(cell: str, hub: Hub, history: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the cell holds. Live values go on without the database: the page says that the history is away."""
    live, now = hub.picture.experiments.get(cell), times.now()
    known: dict[str, Any] = {"held": live, "history": None, "away": False, "free_since": None, "choices": None}
    known |= {"notes": None, "running": None, "may_intervene": False, **history}
    known["day"] = None if known["held"] is None else max(0, (now - known["held"].started_at).days)
    return known | {"now": now}


def occupant(history: list[AssignmentView]) -> CellExperiment | None:
    """Return the open assignment as the topics have it."""
    if not history or history[0].ended_at is not None:
        return None
    one = history[0].experiment
    return CellExperiment(id=one.id, code=one.code, title=one.title, state=one.state, started_at=history[0].started_at)


def free_since(history: list[AssignmentView]) -> datetime | None:
    return history[0].ended_at if history else None


def choices(
    sessions: Reads, actor: Actor, cell: str, present: CellExperiment | None
) -> Mapping[str, list[ExperimentSummary]]:
    """Return the experiments that can be put into the cell, those that are planned for it by themselves."""
    query = ExperimentQuery(state=ASSIGNABLE, sort="code", descending=False, limit=500)
    found = [
        experiment
        for experiment in list_experiments(sessions, actor, query).experiments
        if present is None or experiment.id != present.id
    ]
    return {
        "planned": [item for item in found if cell in item.cells],
        "others": [item for item in found if cell not in item.cells],
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
