"""`/cells/<cell>/notes`: the annotations of a cell, searched by tag, and the form for one more."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.notes.annotations import AnnotationDraft, AnnotationQuery, annotate, find_annotations, withdraw_annotation
from facility.notes.interventions import last_interventions, running_intervention
from facility.notes.tags import TAGS
from schemas.site import Site
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_text_list, form_texts, page_again, parse
from web.http.query_parameters import RowId, known_cell
from web.notes.form import form_context
from web.notes.moments import read_moments
from web.rendering.pages import page, page_gettext
from web.rendering.texts import N_
from web.requests import FormData, HttpRequest, HttpResponse

TEMPLATE = "notes/notes.html"
PER_PAGE = 50
LAST_PAGE = 2000
DONE_WORDS = {
    "added": N_("The note is kept."),
    "withdrawn": N_("The note is withdrawn; it stays in the list as such."),
    "ended": N_("The intervention is over."),
    "extended": N_("The intervention goes on."),
    "started": N_("The intervention has begun: alarms of this cell that it explains stay quiet."),
}


@get("/cells/{cell:str}/notes", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def notes_page(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    tag: FromQuery[str] = "",
    number: Annotated[int, QueryParameter(name="page", ge=1, le=LAST_PAGE)] = 1,
    done: FromQuery[str] = "",
) -> Template:
    """Show them, the newest first."""
    context = notes_context(request, site, sessions, actor, known_cell(site, cell), tag=tag, number=number)
    context |= {"done": page_gettext(request)(DONE_WORDS[done]) if done in DONE_WORDS else ""}
    return page(request, TEMPLATE, context, current="cards")


@post(
    "/cells/{cell:str}/notes", opt={"act": Act.ANNOTATE}, include_in_schema=False, sync_to_thread=True, status_code=303
)
def save_note(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> HttpResponse:
    """Keep a note; what was typed stays where it is refused."""
    typed, tags = form_texts(data), form_text_list(data, "tags")
    known_cell(site, cell)
    try:
        told: dict[str, object] = {
            "cell": cell,
            "text": typed.get("text", ""),
            "parameter": typed.get("parameter", ""),
            "tags": tags,
        }
        moments = {name: at for name, at in read_moments(typed, site).items() if at is not None}
        annotate(writing, actor, parse(AnnotationDraft, told | moments))
    except Refusal as refusal:
        context = notes_context(request, site, writing, actor, cell, typed=typed | {"tags": tags})
        return page_again(request, TEMPLATE, context, refusal, current="cards")
    return Redirect(f"/cells/{cell}/notes?done=added", status_code=303)


@post(
    "/notes/{annotation:int}/withdrawal",
    opt={"act": Act.ANNOTATION_WITHDRAW},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def withdraw_note(annotation: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> HttpResponse:
    """Withdraw a note."""
    view = withdraw_annotation(writing, actor, annotation)
    return Redirect(f"/cells/{view.cell}/notes?done=withdrawn", status_code=303)


def notes_context(
    request: HttpRequest,
    site: Site,
    sessions: Reads,
    actor: Actor,
    cell: str,
    *,
    tag: str = "",
    number: int = 1,
    typed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what the page shows."""
    tag = tag if tag in TAGS else ""
    query = AnnotationQuery(cell=cell, tag=tag, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
    notes, total = find_annotations(sessions, actor, query)
    return form_context(request, site, cell, typed) | {
        "notes": notes,
        "total": total,
        "tag": tag,
        "number": number,
        "last": max(1, min(LAST_PAGE, -(-total // PER_PAGE))),
        "page_address": lambda to: f"/cells/{cell}/notes?{urlencode({'tag': tag, 'page': to})}",
        "works": last_interventions(sessions, actor, cell, 20),
        "running": running_intervention(sessions, actor, cell),
        "may_intervene": actor.may(Act.INTERVENE),
        "may_reject": actor.may(Act.VALUES_REJECT),
        "my_id": actor.id,
        "done": "",
    }
