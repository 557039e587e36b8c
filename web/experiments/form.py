"""`/experiments/new` and `/experiments/<id>/edit`: the form; errors keep its values, concurrent edits are merged."""

from collections.abc import Callable
from dataclasses import dataclass

from litestar import get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.auditing import names_behind
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Invalid
from facility.acting.user_messages import message
from facility.experiments.changing import change_experiment, create_experiment
from facility.experiments.drafts import ExperimentChange, ExperimentDraft
from facility.experiments.views import ExperimentView, get_experiment
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from web.experiments.form_values import FIELDS, ExperimentFormValues, at_fields, from_form, from_view, offered, values
from web.experiments.merge import changes_since, merge_changes
from web.http.forms import form_text_list, form_texts, parse
from web.http.query_parameters import RowId
from web.http.refusals import refusal_text, translate
from web.rendering.audit_text import AuditText
from web.rendering.labels import EXPERIMENT_FIELD_LABELS
from web.rendering.limits import SEVERITY_LABELS
from web.rendering.pages import language_of, page, page_gettext, translated
from web.requests import FormData, HttpRequest, HttpResponse

BLANK = ExperimentFormValues({"state": "draft"})


@get("/experiments/new", opt={"act": Act.EXPERIMENT_CREATE}, include_in_schema=False, sync_to_thread=False)
def new_page(request: HttpRequest, site: NamedDependency[Site]) -> Template:
    """Show an empty form."""
    return _form(request, site, BLANK)


@post(
    "/experiments/new",
    opt={"act": Act.EXPERIMENT_CREATE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def create(
    request: HttpRequest,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> HttpResponse:
    """Make the experiment and show it."""
    submitted = from_form(data)
    try:
        made = create_experiment(
            writing, actor, parse(ExperimentDraft, values(submitted) | {"state": submitted.text("state") or "draft"})
        )
    except Invalid as refusal:
        return _form(request, site, submitted, refusal=at_fields(refusal, submitted))
    return Redirect(f"/experiments/{made.id}?done=created", status_code=303)


@get(
    "/experiments/{experiment:int}/edit",
    opt={"act": Act.EXPERIMENT_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
)
def edit_page(
    request: HttpRequest,
    experiment: RowId,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> Template:
    """Show the form with what is kept."""
    view = get_experiment(sessions, actor, experiment)
    return _form(request, site, from_view(view, language_of(request)), view=view)


@post(
    "/experiments/{experiment:int}/edit",
    opt={"act": Act.EXPERIMENT_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save(
    request: HttpRequest,
    *,
    experiment: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
) -> HttpResponse:
    """Keep the change; where somebody else was first, show both versions instead."""
    sent = form_texts(data)
    mine = from_form(data)
    view = get_experiment(writing, actor, experiment)
    version, base = _number(sent.get("version", "")), _number(sent.get("base", ""))
    picks = {name: sent[f"pick-{name}"] for name in FIELDS if sent.get(f"pick-{name}") in {"mine", "saved"}}
    chosen = mine
    if version == view.version:
        saved = frozenset(name for name, pick in picks.items() if pick == "saved")
        chosen = mine.taking(from_view(view, language_of(request)), saved)
    both = Both(request, writing, actor, site, base or version, picks)
    if missing := [name for name in form_text_list(data, "compared") if name in FIELDS and name not in picks]:
        return both.answer(mine, view, missing=missing)
    if sent.get("action") == "edit" and version != view.version:
        return both.answer(mine, view)
    if sent.get("action") == "edit":
        return _form(request, site, chosen, view=view, dirty=True)
    try:
        change_experiment(writing, actor, experiment, parse(ExperimentChange, values(chosen) | {"version": version}))
    except Invalid as refusal:
        return _form(request, site, chosen, view=view, version=version, refusal=at_fields(refusal, chosen))
    except Conflict as conflict:
        if not isinstance(conflict.current, ExperimentView):
            raise
        return both.answer(mine, conflict.current)
    return Redirect(f"/experiments/{experiment}?done=saved", status_code=303)


@dataclass(frozen=True, slots=True)
class Both:
    """The page with both versions; `base` is the version from which this person set out."""

    request: HttpRequest
    sessions: Sessions
    actor: Actor
    site: Site
    base: int
    picks: dict[str, str]

    def answer(self, mine: ExperimentFormValues, view: ExperimentView, missing: list[str] | None = None) -> Template:
        """Show them side by side, field by field."""
        language, gettext = language_of(self.request), page_gettext(self.request)
        since = changes_since(self.sessions, self.actor, view, self.base)
        names = names_behind(self.sessions, self.actor, since)
        met = merge_changes(AuditText(self.site, language, gettext), mine, view, since, names)
        words = translate(self.request, message("Choose one of the two."), language)
        context = {
            "x": view,
            "met": met,
            "typed": mine,
            "base": self.base,
            "picks": self.picks,
            "faults": dict.fromkeys(missing or (), words),
        }
        return page(self.request, "experiments/experiment_both.html", context, current="experiments", status_code=409)


def _form(
    request: HttpRequest,
    site: Site,
    submitted: ExperimentFormValues,
    *,
    view: ExperimentView | None = None,
    version: int | None = None,
    refusal: Invalid | None = None,
    dirty: bool = False,
) -> Template:
    """Render the form. A refused one is sent back with the version that it was filled in from."""
    language = language_of(request)
    text = None if refusal is None else refusal_text(request, refusal, language)
    faults = {} if text is None else text.fields
    context = {
        "typed": submitted,
        "x": view,
        "looked_at": (0 if view is None else view.version) if version is None else version,
        "parameters": offered(site, submitted),
        "paired": set(site.setpoint_by_measured),
        "severities": list(translated(request, SEVERITY_LABELS).items()),
        "faults": faults,
        "fault_labels": {name: _label(name, site, language, page_gettext(request)) for name in faults},
        "message": "" if text is None else text.message,
        "dirty": dirty or refusal is not None,
    }
    status = 200 if text is None else text.status
    return page(request, "experiments/experiment_form.html", context, current="experiments", status_code=status)


def _label(field: str, site: Site, language: str, gettext: Callable[[str], str]) -> str:
    """Name a field as the form does; a limit by its parameter."""
    if field in EXPERIMENT_FIELD_LABELS:
        return gettext(EXPERIMENT_FIELD_LABELS[field])
    parameter = site.parameter_by_code.get(field.partition("-")[2])
    return field if parameter is None else parameter.label.in_(language)


def _number(text: str) -> int:
    """Return a version; what is none is one that never was."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
