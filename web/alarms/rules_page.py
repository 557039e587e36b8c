"""`/alarms/rules`: the rules that hold, what people set for a parameter, a cell or an experiment, and how to set it."""

from collections.abc import Mapping
from typing import Any, get_args

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.alarms.previewing import preview_rule
from facility.alarms.rules import RuleChange, RuleView, Settable, levels_in_force, list_rules, reset_rule, set_rule
from facility.experiments.views import ExperimentQuery, list_experiments
from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction, Sessions
from telemetry.alarms.definitions import Definition
from web.alarms.page import shared
from web.alarms.words import DONE_WORDS, KIND_WORDS
from web.http.forms import form_texts, page_again, parse
from web.http.query_parameters import RowId
from web.live.snapshot import Snapshot
from web.rendering.formatting import plain_number
from web.rendering.pages import language_of, page, page_gettext, translated
from web.rendering.texts import N_
from web.requests import FormData, HttpRequest, HttpResponse

TEMPLATE = "alarms/rules.html"
FIELDS = ("kind", "severity", "parameter", "cell", "experiment", "threshold", "delay", "link", "version")
WORDS = ("guidance_fr", "guidance_en")
SECONDS = 60
ALL_EXPERIMENTS = N_("all experiments")


@get("/alarms/rules", opt={"act": Act.ALARMS_READ}, include_in_schema=False, sync_to_thread=True)
def rules_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    cell: FromQuery[str] = "",
    rule: FromQuery[str] = "",
    done: FromQuery[str] = "",
) -> Template:
    """Show what holds in a cell and what people set; with `rule`, the form filled with that one."""
    context = rules_context(request, site, sessions, actor, snapshot, cell=cell)
    changed = next((one for one in context["rules"] if str(one.id) == rule), None)
    if changed is not None:
        context["typed"] = typed_of(changed)
    context["done"] = page_gettext(request)(DONE_WORDS[done]) if done in DONE_WORDS else ""
    return page(request, TEMPLATE, context, current="alarms")


@post(
    "/alarms/rules", opt={"act": Act.ALARM_RULE_CHANGE}, include_in_schema=False, sync_to_thread=True, status_code=303
)
def save_rule(
    request: HttpRequest,
    *,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Set one level of a rule; what was typed stays where it is refused."""
    typed = form_texts(data)
    try:
        set_rule(writing, actor, site, parse(RuleChange, change_of(typed)))
    except Refusal as refusal:
        context = rules_context(request, site, writing, actor, snapshot, cell=typed.get("cell", ""))
        context["typed"] |= {name: typed.get(name, "") for name in (*FIELDS, *WORDS, "enabled")}
        return page_again(request, TEMPLATE, context, refusal, current="alarms")
    return Redirect("/alarms/rules?done=rule_set", status_code=303)


@post(
    "/alarms/rules/preview",
    opt={"act": Act.ALARMS_READ},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
)
def try_rule(
    request: HttpRequest,
    *,
    data: FormData,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Show how often what is typed would have fired; nothing is kept."""
    typed = form_texts(data)
    context = rules_context(request, site, sessions, actor, snapshot, cell=typed.get("cell", ""))
    context["typed"] |= {name: typed.get(name, "") for name in (*FIELDS, *WORDS, "enabled")}
    try:
        found = preview_rule(sessions, actor, site, parse(RuleChange, change_of(typed)), times.now())
    except Refusal as refusal:
        return page_again(request, TEMPLATE, context, refusal, current="alarms")
    return page(request, TEMPLATE, context | {"preview": found}, current="alarms")


@post(
    "/alarms/rules/{rule:int}/reset",
    opt={"act": Act.ALARM_RULE_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def forget_rule(
    request: HttpRequest,
    *,
    rule: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Forget what people set: the default holds again."""
    version = form_texts(data).get("version", "")
    try:
        reset_rule(writing, actor, rule, int(version) if version.isdecimal() and len(version) < len(str(2**31)) else 0)
    except Refusal as refusal:
        context = rules_context(request, site, writing, actor, snapshot)
        return page_again(request, TEMPLATE, context, refusal, current="alarms")
    return Redirect("/alarms/rules?done=rule_reset", status_code=303)


def change_of(typed: Mapping[str, str]) -> dict[str, object]:
    """Return a form as the change that it means: minutes as seconds, decimal commas as points, blanks as absent."""
    values: dict[str, object] = {name: typed.get(name, "").strip() or None for name in FIELDS}
    for name in ("threshold", "delay"):
        values[name] = typed.get(name, "").strip().replace(",", ".") or "0"
    delay = values["delay"]
    try:
        values["delay"] = float(str(delay)) * SECONDS
    except ValueError:
        values["delay"] = delay
    values |= {name: typed.get(name, "") for name in WORDS}
    return values | {"enabled": typed.get("enabled") == "1", "link": typed.get("link", "").strip()}


def typed_of(rule: RuleView) -> dict[str, str]:
    """Return a rule as its form shows it."""
    members = rule.model_dump()
    values = {name: "" if members[name] is None else str(members[name]) for name in (*FIELDS, *WORDS)}
    numbers = {"threshold": f"{rule.threshold:g}", "delay": f"{rule.delay / SECONDS:g}"}
    return values | numbers | {"enabled": "1" if rule.enabled else ""}


def rules_context(
    request: HttpRequest, site: Site, sessions: Reads, actor: Actor, /, snapshot: Snapshot, *, cell: str = ""
) -> dict[str, Any]:
    """Return what the page shows."""
    cell = cell if cell in site.unit_of_cell else next(iter(site.unit_of_cell))
    language = language_of(request)
    with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
        experiment = snapshot["experiments"].get(cell, {}).get("id")
        levels = levels_in_force(session, site, cell, experiment)
        rules = list_rules(session)
    query = ExperimentQuery(state=("planned", "running"), sort="code", descending=False, limit=500)
    experiments = list_experiments(sessions, actor, query).experiments
    return shared(request, site, actor) | {
        "snapshot": snapshot,
        "cell_code": cell,
        "levels": sorted(levels, key=lambda one: (one.kind, one.parameter or "", one.threshold)),
        "rules": rules,
        "kind_words": translated(request, KIND_WORDS),
        "kinds": [(kind, page_gettext(request)(KIND_WORDS[kind])) for kind in get_args(Settable)],
        "parameters": [("", "–"), *((one.code, one.label.in_(language)) for one in site.parameters)],
        "experiments": [
            ("", page_gettext(request)(ALL_EXPERIMENTS)),
            *((str(one.id), one.code) for one in experiments),
        ],
        "experiment_codes": {one.id: one.code for one in experiments},
        "threshold_text": lambda one: threshold_text(site, one, language),
        "may_change": actor.may(Act.ALARM_RULE_CHANGE),
        "typed": dict.fromkeys((*FIELDS, *WORDS), "") | {"enabled": "1", "severity": "warning", "kind": "deviation"},
        "preview": None,
        "message": "",
        "done": "",
    }


def threshold_text(site: Site, one: Definition | RuleView, language: str) -> str:
    """Write a threshold with its unit."""
    parameter = site.parameter_by_code.get(one.parameter or "")
    unit = "" if parameter is None else parameter.unit
    number = plain_number(one.threshold, language)
    shapes = {"low": "< {} {}", "high": "> {} {}", "rate": "{} {}/min", "frozen": "{} h", "no_data": "{} s"}
    shape = shapes.get(one.kind, "± {} {}" if one.kind in {"deviation", "odd_one_out"} else "")
    return shape.format(number, unit).strip()
