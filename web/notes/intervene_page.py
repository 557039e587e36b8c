"""`/cells/<cell>/intervene`: "I work here", one tap after the login; the QR code on the cell's door leads here."""

from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.fields import FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.notes.interventions import (
    InterventionDraft,
    InterventionView,
    Minutes,
    end_intervention,
    extend_intervention,
    last_interventions,
    running_intervention,
    start_intervention,
)
from facility.notes.tags import WORKS
from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_texts, page_again, parse
from web.http.query_parameters import RowId, known_cell
from web.live.snapshot import Snapshot
from web.notes.annotations_page import DONE_WORDS
from web.rendering.pages import page, page_gettext, translated_messages
from web.requests import FormData, HttpRequest, HttpResponse

TEMPLATE = "notes/intervene.html"
# What can be chosen by one tap, in minutes.
LENGTHS = (10, 20, 30, 60, 120)
DOOR = "door"


class Longer(FormModel):
    """For how many minutes from now the work goes on."""

    minutes: Minutes


@get("/cells/{cell:str}/intervene", opt={"act": Act.INTERVENE}, include_in_schema=False, sync_to_thread=True)
def intervene_page(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    done: FromQuery[str] = "",
) -> Template:
    """Ask how long, or show the work that lasts."""
    context = intervene_context(request, sessions, actor, known_cell(site, cell), snapshot)
    context |= {"done": page_gettext(request)(DONE_WORDS[done]) if done in DONE_WORDS else ""}
    return page(request, TEMPLATE, context, current="cards")


@post(
    "/cells/{cell:str}/intervene",
    opt={"act": Act.INTERVENE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def start_work(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Begin."""
    typed = form_texts(data)
    known_cell(site, cell)
    try:
        told = {name: typed[name] for name in ("minutes", "work", "text") if typed.get(name)}
        start_intervention(writing, actor, parse(InterventionDraft, told | {"cell": cell}))
    except Refusal as refusal:
        context = intervene_context(request, writing, actor, cell, snapshot)
        context["typed"] |= {name: typed.get(name, "") for name in ("work", "text")}
        return page_again(request, TEMPLATE, context, refusal, current="cards")
    return Redirect(f"/cells/{cell}/intervene?done=started", status_code=303)


@post(
    "/interventions/{intervention:int}/end",
    opt={"act": Act.INTERVENTION_END},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def end_work(intervention: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> HttpResponse:
    """End it before its time."""
    view = end_intervention(writing, actor, intervention)
    return Redirect(f"/cells/{view.cell}/intervene?done=ended", status_code=303)


@post(
    "/interventions/{intervention:int}/extend",
    opt={"act": Act.INTERVENTION_EXTEND},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def extend_work(
    intervention: RowId, data: FormData, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Let it last longer."""
    minutes = parse(Longer, {"minutes": form_texts(data).get("minutes", "")}).minutes
    view = extend_intervention(writing, actor, intervention, minutes)
    return Redirect(f"/cells/{view.cell}/intervene?done=extended", status_code=303)


def intervene_context(
    request: HttpRequest, sessions: Reads, actor: Actor, cell: str, snapshot: Snapshot
) -> dict[str, Any]:
    """Return what the page shows."""
    last = last_interventions(sessions, actor, cell, 1)
    running = running_intervention(sessions, actor, cell)
    return {
        "cell_code": cell,
        "running": running,
        "forgotten": running is None and door_is_open(snapshot, cell) and bool(last) and not is_long_ago(last[0]),
        "lengths": LENGTHS,
        "work_words": translated_messages(request, WORKS),
        "typed": {"work": "other", "text": ""},
        "now": times.now(),
        "faults": {},
        "message": "",
        "done": "",
    }


def door_is_open(snapshot: Snapshot, cell: str) -> bool:
    """Tell whether the door's last known value says open."""
    held = snapshot["cells"].get(cell)
    return held is not None and bool(held["values"].get(DOOR))


def is_long_ago(work: InterventionView) -> bool:
    """Tell whether work ended so long ago that an open door has another reason."""
    return work.ended_at is not None and (times.now() - work.ended_at).total_seconds() > 12 * 3600
