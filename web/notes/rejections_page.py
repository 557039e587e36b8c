"""`/cells/<cell>/rejections`: values that are wrong from when to when, who was affected, and the mail to them."""

from typing import Any
from urllib.parse import quote

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.notes.rejecting import (
    Affected,
    Rejection,
    RejectionQuery,
    affected,
    find_rejections,
    reject,
    withdraw_rejection,
)
from schemas.site import Site
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_texts, page_again, parse
from web.http.query_parameters import RowId, known_cell
from web.notes.moments import FIELDS, are_twice, read_moments
from web.rendering.formatting import moment
from web.rendering.local_times import WHICH_LABELS
from web.rendering.pages import page, translated
from web.rendering.texts import N_
from web.requests import FormData, HttpRequest, HttpResponse
from web.settings import WebSettings

TEMPLATE = "notes/rejections.html"
# How a line ends in a page, and in an address that opens a mail (RFC 6068).
NEW_LINE, MAIL_LINE = "\n", "\r\n"
# The mail is written in both languages: who reads it is not who drafts it.
SUBJECT = N_("{cell}: {parameter} not valid from {start} to {end}")
BODY = N_(
    "Hello,\n\nIn cell {cell}, the values of {parameter} from {start} to {end} ({zone}) are not valid: {reason}\n\n"
    "Your experiment {experiments} was in this cell meanwhile. The {readings} readings stay as they were stored; charts"
    " and exports mark them with quality 3 (rejected).\n\n{address}\n"
)


@get("/cells/{cell:str}/rejections", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def rejections_page(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> Template:
    """Show what is rejected in a cell, and the form for more."""
    context = rejections_context(request, sessions, actor, site, known_cell(site, cell), typed={})
    return page(request, TEMPLATE, context, current="cards")


@post(
    "/cells/{cell:str}/rejections",
    opt={"act": Act.VALUES_REJECT},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save_rejection(
    request: HttpRequest,
    *,
    cell: FromPath[str],
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> HttpResponse:
    """Reject values, and lead to who was affected."""
    typed = form_texts(data)
    known_cell(site, cell)
    try:
        told: dict[str, object] = {
            "cell": cell,
            "parameter": typed.get("parameter", ""),
            "reason": typed.get("reason", ""),
        }
        moments = {name: at for name, at in read_moments(typed, site).items() if at is not None}
        found = reject(writing, actor, parse(Rejection, told | moments))
    except Refusal as refusal:
        context = rejections_context(request, writing, actor, site, cell, typed=typed)
        return page_again(request, TEMPLATE, context, refusal, current="cards")
    return Redirect(f"/rejections/{found.rejection.id}", status_code=303)


@get("/rejections/{rejection:int}", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def rejection_page(
    request: HttpRequest,
    *,
    rejection: RowId,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    settings: NamedDependency[WebSettings],
) -> Template:
    """Show who was affected, and the mail to them."""
    found = affected(sessions, actor, rejection)
    subject, body = mail(request, site, found, settings.web.origin)
    lines = body.replace(NEW_LINE, MAIL_LINE)
    addresses = sorted({one for experiment in found.experiments for one in experiment.addresses})
    context = {
        "found": found,
        "parameter": site.parameter_by_code.get(found.rejection.parameter),
        "subject": subject,
        "body": body,
        "addresses": addresses,
        "mailto": f"mailto:{quote(','.join(addresses), safe='@,')}?subject={quote(subject)}&body={quote(lines)}",
        "may_withdraw": actor.may(Act.REJECTION_WITHDRAW) and found.rejection.withdrawn_at is None,
    }
    return page(request, "notes/rejection.html", context, current="cards")


@post(
    "/rejections/{rejection:int}/withdrawal",
    opt={"act": Act.REJECTION_WITHDRAW},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def withdraw_rejected(
    rejection: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Take a rejection back."""
    withdraw_rejection(writing, actor, rejection)
    return Redirect(f"/rejections/{rejection}", status_code=303)


def mail(request: HttpRequest, site: Site, found: Affected, origin: str) -> tuple[str, str]:
    """Return the subject and the text of the mail, the station's first language above the second."""
    one = found.rejection
    parameter = site.parameter_by_code.get(one.parameter)
    texts = request.app.template_engine.engine.globals["texts"]  # type: ignore[union-attr] # put there by template_config
    subjects, bodies = [], []
    for language in ("fr", "en"):
        told: dict[str, object] = {
            "cell": one.cell,
            "parameter": one.parameter if parameter is None else parameter.label.in_(language),
            "start": moment(one.started_at, site.zone, language),
            "end": moment(one.ended_at, site.zone, language),
            "zone": site.timezone,
            "reason": one.reason,
            "experiments": ", ".join(experiment.code for experiment in found.experiments),
            "readings": found.readings,
            "address": f"{origin}/rejections/{one.id}",
        }
        gettext = texts.of(language).gettext
        subjects.append(gettext(SUBJECT).format(**told))
        bodies.append(gettext(BODY).format(**told))
    return subjects[0], "\n— — —\n\n".join(bodies)


def rejections_context(
    request: HttpRequest, sessions: Reads, actor: Actor, site: Site, cell: str, *, typed: dict[str, str]
) -> dict[str, Any]:
    """Return what the page shows."""
    names = (*FIELDS, *(f"{name}_which" for name in FIELDS), "parameter", "reason")
    values = {name: typed.get(name, "") for name in names}
    return {
        "cell_code": cell,
        "rejections": find_rejections(sessions, actor, RejectionQuery(cell=cell)),
        "parameters": site.parameters_of(cell),
        "typed": values,
        "twice": are_twice(values, site),
        "which_words": translated(request, WHICH_LABELS),
        "may_reject": actor.may(Act.VALUES_REJECT),
        "faults": {},
        "message": "",
    }
