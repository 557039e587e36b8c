"""`/assignments/<n>` and `/cells/<cell>/assignments/new`: the past of a cell set right, with a reason."""

from collections.abc import Mapping
from datetime import datetime

from litestar import get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, Refusal
from facility.acting.user_messages import UserMessage, message
from facility.assignments.correcting import BackDated, Correction, Withdrawal, assign_back_dated, correct, withdraw
from facility.assignments.views import AssignmentView, assignments_of_cell, get_assignment
from facility.experiments.views import ExperimentQuery, list_experiments
from schemas.site import Site
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_texts, page_again, parse
from web.http.query_parameters import RowId
from web.rendering.local_times import WHICH_LABELS, UnclearTimeError, local_text, near, read_local, which_of
from web.rendering.pages import page, translated
from web.requests import FormData, HttpRequest, HttpResponse

FIELDS = ("started_at", "ended_at")


@get(
    "/cells/{cell:str}/assignments/new",
    opt={"act": Act.ASSIGNMENT_CORRECT},
    include_in_schema=False,
    sync_to_thread=True,
)
def past_page(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    site: NamedDependency[Site],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
) -> Template:
    """Show the form for an assignment of the past."""
    return page(
        request,
        "assignments/assignment.html",
        _past(request, cell, site=site, sessions=sessions, actor=actor, submitted={}),
        current="cards",
    )


@post(
    "/cells/{cell:str}/assignments",
    opt={"act": Act.ASSIGNMENT_CORRECT},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save_past(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    site: NamedDependency[Site],
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Note it."""
    submitted = form_texts(data)
    context = _past(request, cell, site=site, sessions=writing, actor=actor, submitted=submitted)
    try:
        moments = _moments(submitted, site, None, assignments_of_cell(writing, actor, cell))
        texts = {"experiment": submitted.get("experiment", ""), "reason": submitted.get("reason", "")}
        assign_back_dated(writing, actor, parse(BackDated, moments | texts | {"cell": cell}))
    except Refusal as refusal:
        return page_again(request, "assignments/assignment.html", context, refusal, current="cards")
    return Redirect(f"/cells/{cell}?done=noted#experiments", status_code=303)


@get("/assignments/{assignment:int}", opt={"act": Act.ASSIGNMENT_CORRECT}, include_in_schema=False, sync_to_thread=True)
def assignment_page(
    request: HttpRequest,
    *,
    assignment: RowId,
    site: NamedDependency[Site],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
) -> Template:
    """Show an assignment with what can be set right about it."""
    kept = get_assignment(sessions, actor, assignment)
    return page(request, "assignments/assignment.html", _context(request, site, kept, {}), current="cards")


@post(
    "/assignments/{assignment:int}",
    opt={"act": Act.ASSIGNMENT_CORRECT},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save_assignment(
    request: HttpRequest,
    *,
    assignment: RowId,
    data: FormData,
    site: NamedDependency[Site],
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Correct when it started or ended."""
    submitted = form_texts(data)
    kept = get_assignment(writing, actor, assignment)
    try:
        others = [
            assignment for assignment in assignments_of_cell(writing, actor, kept.cell) if assignment.id != kept.id
        ]
        moments = _moments(submitted, site, kept, others)
        correct(writing, actor, assignment, parse(Correction, moments | {"reason": submitted.get("reason", "")}))
    except Refusal as refusal:
        return page_again(
            request, "assignments/assignment.html", _context(request, site, kept, submitted), refusal, current="cards"
        )
    return Redirect(f"/cells/{kept.cell}?done=corrected#experiments", status_code=303)


@post(
    "/assignments/{assignment:int}/withdrawal",
    opt={"act": Act.ASSIGNMENT_WITHDRAW},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def withdraw_assignment(
    request: HttpRequest,
    *,
    assignment: RowId,
    data: FormData,
    site: NamedDependency[Site],
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Take back an assignment that never was."""
    submitted = form_texts(data)
    kept = get_assignment(writing, actor, assignment)
    try:
        withdraw(writing, actor, assignment, parse(Withdrawal, {"reason": submitted.get("reason", "")}))
    except Refusal as refusal:
        context = _context(request, site, kept, submitted) | {"asking": "withdrawal"}
        return page_again(request, "assignments/assignment.html", context, refusal, current="cards")
    return Redirect(f"/cells/{kept.cell}?done=withdrawn#experiments", status_code=303)


def _moments(
    submitted: Mapping[str, str], site: Site, kept: AssignmentView | None, others: list[AssignmentView]
) -> dict[str, datetime | None]:
    """Return both ends; raise Invalid. What was left as the form showed it stays as it was, to the millisecond."""
    edges = {
        "started_at": [other.ended_at for other in others if other.ended_at is not None],
        "ended_at": [other.started_at for other in others],
    }
    moments: dict[str, datetime | None] = {}
    faults: dict[str, UserMessage] = {}
    for name in FIELDS:
        text, which = submitted.get(name, "").strip()[:100], submitted.get(f"{name}_which", "")
        before = None if kept is None else getattr(kept, name)
        if before is not None and text == local_text(before, site.zone) and which in {"", which_of(before, site.zone)}:
            moments[name] = before
        elif text:
            try:
                moments[name] = near(read_local(text, site.zone, which), text, edges[name])
            except UnclearTimeError as unclear:
                faults[name] = unclear.message
        elif name == "started_at":
            faults[name] = message("Required.")
        else:
            moments[name] = None
    if faults:
        raise Invalid(faults)
    return moments


def _past(
    request: HttpRequest, cell: str, *, site: Site, sessions: Reads, actor: Actor, submitted: Mapping[str, str]
) -> dict[str, object]:
    if cell not in site.unit_of_cell:
        raise NotFoundException(detail=f"there is no cell {cell}")
    query = ExperimentQuery(state=("planned", "running", "ended", "archived"), limit=500)
    found = list_experiments(sessions, actor, query).experiments
    options = [(str(item.id), f"{item.code} · {item.title[:80]}") for item in found]
    return _context(request, site, None, submitted) | {"cell": cell, "experiments": options}


def _context(
    request: HttpRequest, site: Site, kept: AssignmentView | None, submitted: Mapping[str, str]
) -> dict[str, object]:
    names = {*FIELDS, *(f"{name}_which" for name in FIELDS), "reason", "experiment"}
    values = {name: submitted.get(name, "") for name in names}
    if kept is not None and not submitted:
        values |= {name: local_text(getattr(kept, name), site.zone) for name in FIELDS}
        values |= {f"{name}_which": which_of(getattr(kept, name), site.zone) for name in FIELDS}
    return {
        "kept": kept,
        "cell": "" if kept is None else kept.cell,
        "experiments": [],
        "typed": values,
        "twice": {name for name in FIELDS if _is_twice(values[name], site)},
        "which_words": translated(request, WHICH_LABELS),
        "faults": {},
        "message": "",
        "asking": "",
    }


def _is_twice(text: str, site: Site) -> bool:
    try:
        read_local(text[:100], site.zone)
    except UnclearTimeError as unclear:
        return unclear.twice
    return False
