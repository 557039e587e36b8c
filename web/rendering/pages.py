"""Templates and what every page gets: language, theme, navigation, the site and the texts of its scripts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template.config import TemplateConfig

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.user_messages import UserMessage
from schemas.messages import PRESENCE_SECONDS
from schemas.site import Site
from schemas.times import CLOCK_SKEW
from telemetry import judging
from telemetry.limits import station_limits
from web.rendering import alarm_strip, cell_view, formatting
from web.rendering.addresses import requested_path
from web.rendering.client_texts import CLIENT_TEXTS, NEVER, client_texts
from web.rendering.form_tokens import token_for_form
from web.rendering.texts import N_, Texts, choose_language, read_texts, translate_message
from web.requests import HttpRequest

# A template is named by its path below web/: "cells/cell.html".
TEMPLATES = Path(__file__).parent.parent
THEMES = ("auto", "light", "dark")


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the navigation bar; `key` identifies the current page."""

    key: str
    path: str
    text: str
    act: Act | None = None


NAVIGATION = (
    NavigationItem("cards", "/", N_("Cells")),
    NavigationItem("plan", "/plan", N_("Site plan")),
    NavigationItem("alarms", "/alarms", N_("Alarms"), Act.ALARMS_READ),
    NavigationItem("experiments", "/experiments", N_("Experiments"), Act.EXPERIMENTS_READ),
    NavigationItem("occupancy", "/occupancy", N_("Occupancy"), Act.EXPERIMENTS_READ),
    NavigationItem("people", "/people", N_("People"), Act.PEOPLE_READ),
    NavigationItem("audit", "/audit", N_("Audit"), Act.AUDIT_READ),
)


def template_config(site: Site, version: str, static: Callable[[str], str]) -> TemplateConfig[JinjaTemplateEngine]:
    """Make the template engine with everything that is the same for every request."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals |= {
        "site": site,
        "version": version,
        "static": static,
        "texts": read_texts(),
        "alarm_strip_of": alarm_strip.strip,
        "state_words": cell_view.STATE_LABELS,
        "value_words": cell_view.VALUE_LABELS,
        "site_description": describe_site(site),
    }
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment))


def language_of(request: HttpRequest) -> str:
    """Return the language of this request's page."""
    return choose_language(request.cookies.get("language"), request.headers.get("accept-language"))


def translated(request: HttpRequest, labels: Mapping[str, str]) -> dict[str, str]:
    """Return marked texts in the request's language."""
    return {key: page_gettext(request)(text) for key, text in labels.items()}


def translated_messages(request: HttpRequest, labels: Mapping[Any, UserMessage]) -> dict[str, str]:
    """Return the facility's words for roles and states in the request's language."""
    gettext = page_gettext(request)
    return {str(key): translate_message(gettext, word) for key, word in labels.items()}


def page_gettext(request: HttpRequest) -> Callable[[str], str]:
    """Return the translation of marked texts for this request's page."""
    texts: Texts = request.app.template_engine.engine.globals["texts"]  # type: ignore[union-attr] # template_config
    return texts.of(language_of(request)).gettext


def page(
    request: HttpRequest,
    name: str,
    context: Mapping[str, object] | None = None,
    *,
    current: str = "",
    status_code: int = 200,
) -> Template:
    """Answer with a template in the request's language; `current` is the page's key in the navigation."""
    return Template(
        template_name=name,
        status_code=status_code,
        headers={"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language"},
        context=page_context(request, current) | dict(context or {}),
    )


def page_context(request: HttpRequest, current: str = "") -> dict[str, object]:
    """Return what the base template needs of a request."""
    template_engine = request.app.template_engine
    assert isinstance(template_engine, JinjaTemplateEngine)  # noqa: S101 - template_config made it
    site: Site = template_engine.engine.globals["site"]  # type: ignore[assignment] # put there by template_config
    texts: Texts = template_engine.engine.globals["texts"]  # type: ignore[assignment] # likewise
    language = language_of(request)
    translations = texts.of(language)
    theme = request.cookies.get("theme", "auto")
    actor: Actor | None = request.scope["state"].get("actor")
    me = actor if actor is not None and actor.role is not None else None
    return {
        "gettext": translations.gettext,
        "ngettext": translations.ngettext,
        "language": language,
        "me": me,
        "form_token": partial(token_for_form, request),
        "navigation": [item for item in NAVIGATION if item.act is None or (me is not None and me.may(item.act))],
        "alarm_badge": alarm_strip.badge(request.app.state.hub.picture.alarms.values()),
        "theme": theme if theme in THEMES else "auto",
        "current": current,
        "here": requested_path(request),
        "zone_name": formatting.zone_name(site.zone, language),
        "value_text": partial(formatting.value_text, language=language),
        "number": partial(formatting.number, language=language),
        "age_text": partial(formatting.age_text, language=language),
        "since_text": partial(since_text, gettext=translations.gettext, language=language),
        "flag_text": partial(flag_text, gettext=translations.gettext, language=language),
        "moment": partial(formatting.moment, zone=site.zone, language=language),
        "short_moment": partial(formatting.short_moment, zone=site.zone, language=language),
        "day": partial(formatting.day, zone=site.zone, language=language),
        "span_text": partial(formatting.span_text, language=language),
        "client_texts": client_texts(translations.gettext),
    }


def since_text(age: float | None, *, gettext: Callable[[str], str], language: str) -> str:
    """Format an age in seconds as text, also one ahead of the server's clock."""
    if age is None:
        return gettext(NEVER)
    key = "ahead" if judging.is_ahead(age) else "ago"
    return gettext(CLIENT_TEXTS[key]).format(age=formatting.age_text(abs(age) if key == "ahead" else age, language))


def flag_text(verdict: judging.ValueVerdict, *, gettext: Callable[[str], str], language: str) -> str:
    """Return the label of a value's state, "" for a normal one; a stale one has its age."""
    word = cell_view.VALUE_LABELS[verdict.state]
    text = gettext(word) if word else ""
    return f"{text} · {formatting.age_text(verdict.age, language)}" if verdict.state == "stale" else text


def describe_site(site: Site) -> dict[str, object]:
    """Return the site's description for the scripts."""
    return {
        "zone": site.timezone,
        "stale_periods": judging.STALE_PERIODS,
        "presence_seconds": PRESENCE_SECONDS,
        "clock_skew": CLOCK_SKEW.total_seconds(),
        "silent_states": sorted(judging.SILENT_STATES),
        "missing_states": sorted(judging.MISSING_STATES),
        "abnormal_states": sorted(judging.ABNORMAL_STATES),
        "cells": {
            cell: {
                "unit": unit.code,
                "period": site.period_of(cell),
                "parameters": [p.code for p in site.parameters_of(cell)],
            }
            for cell, unit in site.unit_of_cell.items()
        },
        "units": {unit.code: {"fr": unit.label.fr, "en": unit.label.en} for unit in site.units},
        "parameters": {
            p.code: {
                "fr": p.label.fr,
                "en": p.label.en,
                "unit": p.unit,
                "kind": p.kind,
                "decimals": p.decimals,
                "setpoint_of": p.setpoint_of,
                "command_of": p.command_of,
                "minimum": p.minimum,
                "maximum": p.maximum,
                "tolerances": station_limits(p).tolerances,
                "main": p.main,
                "states": {word: {"fr": label.fr, "en": label.en} for word, label in p.states.items()},
            }
            for p in site.parameters
        },
    }
