"""What is done from an experiment's page: another state, into cells, out of cells."""

from collections.abc import Mapping

from litestar import post
from litestar.di import NamedDependency
from litestar.response import Redirect

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, Refusal
from facility.acting.user_messages import message
from facility.assignments.assigning import assign, assign_free, unassign_several
from facility.experiments.changing import change_experiment
from facility.experiments.drafts import ExperimentChange
from schemas.site import Site
from storage.database import Sessions
from web.experiments.page import ExperimentPageBuilder, occupied
from web.http.forms import form_text_list, form_texts, parse
from web.http.query_parameters import RowId
from web.live.snapshot import Snapshot
from web.requests import FormData, HttpRequest, HttpResponse


@post(
    "/experiments/{experiment:int}/state",
    opt={"act": Act.EXPERIMENT_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def move_experiment(
    request: HttpRequest,
    *,
    experiment: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Bring the experiment into another state; ending it frees its cells."""
    try:
        change_experiment(writing, actor, experiment, parse(ExperimentChange, form_texts(data)))
    except Refusal as refusal:
        return _again(ExperimentPageBuilder(request, writing, actor, site, snapshot), experiment, refusal)
    return Redirect(f"/experiments/{experiment}?done=moved", status_code=303)


@post(
    "/experiments/{experiment:int}/cells",
    opt={"act": Act.ASSIGN},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def put_into_cells(
    request: HttpRequest,
    *,
    experiment: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Put the experiment into the chosen cells, or into all that are free."""
    submitted, cells = form_texts(data), form_text_list(data, "cell")
    try:
        if submitted.get("free"):
            assign_free(writing, actor, experiment)
        else:
            seen = {code: _number(submitted.get(f"held-{code}", "")) for code in cells}
            if not submitted.get("replace"):
                _refuse_occupied(writing, actor, cells, seen)
            assign(writing, actor, experiment, cells, replacing=seen)
    except Refusal as refusal:
        return _again(ExperimentPageBuilder(request, writing, actor, site, snapshot), experiment, refusal, cells)
    return Redirect(f"/experiments/{experiment}?done=assigned#cells", status_code=303)


@post(
    "/experiments/{experiment:int}/cells/end",
    opt={"act": Act.UNASSIGN},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def end_in_cells(
    request: HttpRequest,
    *,
    experiment: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """End the experiment in the chosen cells, without successor."""
    try:
        unassign_several(writing, actor, form_text_list(data, "cell"), experiment_id=experiment)
    except Refusal as refusal:
        return _again(ExperimentPageBuilder(request, writing, actor, site, snapshot), experiment, refusal)
    return Redirect(f"/experiments/{experiment}?done=ended#cells", status_code=303)


def _again(
    view: ExperimentPageBuilder, experiment: int, refusal: Refusal, chosen: list[str] | None = None
) -> HttpResponse:
    """Show the page as it is now, with why; what was chosen stays. An experiment that is gone has no page: 404."""
    return view.answer(experiment, refusal=refusal, chosen=chosen or ())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _refuse_occupied(sessions: Sessions, actor: Actor, cells: list[str], seen: Mapping[str, int | None]) -> None:
    """Nobody's experiment is ended by a tick too many: replacing is confirmed in so many words."""
    occupied_cells = {
        code: item for code, item in occupied(sessions, actor).items() if code in cells and seen[code] is not None
    }
    if occupied_cells:
        occupants = ", ".join(f"{code} ({item.code})" for code, item in sorted(occupied_cells.items()))
        raise Invalid(
            {"cells": message("Occupied: {cells}. Confirm that you replace what they hold.", cells=occupants)}
        )
