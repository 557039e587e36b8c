"""`/alarms/channels`: on which ways people are told of alarms, and whether these work; for admins."""

from collections.abc import Callable
from time import monotonic, sleep

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.alarms.channels import (
    KIND_WORDS,
    ChannelDraft,
    add_channel,
    change_channel,
    list_channels,
    list_places,
    remove_channel,
    try_channel,
)
from facility.alarms.targets import DIGEST
from schemas import times
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_text_list, form_texts, page_again, parse
from web.http.query_parameters import RowId
from web.rendering.pages import page, translated, translated_messages
from web.rendering.texts import N_
from web.requests import FormData, HttpRequest, HttpResponse

SEVERITY_WORDS = {
    "warning": N_("warnings and graver"),
    "major": N_("major and critical"),
    "critical": N_("critical only"),
}
BLANK: dict[str, object] = {
    "name": "", "kind": "email", "address": "", "secret": "", "enabled": "", "severity": "warning", "language": "fr",
    "places": (), "delay": 0, "digest": DIGEST, "version": 0,
}  # fmt: skip
# Seconds that an answer to a trial is waited for before the page is shown; the channel may take longer.
PATIENCE = 5.0


@get("/alarms/channels", opt={"act": Act.CHANNELS_READ}, include_in_schema=False, sync_to_thread=True)
def channels_page(
    request: HttpRequest,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
) -> Template:
    """List the channels with how they do, and a form for each."""
    context = _context(request, sessions, actor) | {"done": done}
    return page(request, "channels/channels.html", context, current="alarms")


@post("/alarms/channels", opt={"act": Act.CHANNEL_ADD}, include_in_schema=False, sync_to_thread=True, status_code=303)
def add(
    request: HttpRequest, data: FormData, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Add a channel; a trial is sent at once where it is switched on."""

    def act() -> None:
        add_channel(writing, actor, _draft(data))

    return _done(request, data, writing, actor, form="new", act=act)


@post(
    "/alarms/channels/{channel:int}",
    opt={"act": Act.CHANNEL_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def change(
    request: HttpRequest,
    channel: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Change a channel."""

    def act() -> None:
        change_channel(writing, actor, channel, _draft(data))

    return _done(request, data, writing, actor, form=str(channel), act=act)


@post(
    "/alarms/channels/{channel:int}/remove",
    opt={"act": Act.CHANNEL_REMOVE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def remove(
    request: HttpRequest,
    channel: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Remove a channel and what waits for it."""
    return _done(request, data, writing, actor, act=lambda: remove_channel(writing, actor, channel))


@post(
    "/alarms/channels/{channel:int}/test",
    opt={"act": Act.CHANNEL_TEST},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def try_out(
    request: HttpRequest,
    channel: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Have the watchdog send a trial, and wait a little for what became of it."""
    return _done(request, data, writing, actor, act=lambda: try_channel(writing, actor, channel))


def _draft(data: FormData) -> ChannelDraft:
    typed = form_texts(data)
    known = {name: typed[name] for name in ChannelDraft.model_fields.keys() & typed.keys()}
    return parse(ChannelDraft, known | {"places": form_text_list(data, "places"), "enabled": "enabled" in typed})


def _done(
    request: HttpRequest,
    data: FormData,
    sessions: Sessions,
    actor: Actor,
    *,
    form: str = "",
    act: Callable[[], None],
) -> HttpResponse:
    try:
        act()
    except Refusal as refusal:
        typed = BLANK | form_texts(data) | {"places": form_text_list(data, "places")}
        context = _context(request, sessions, actor) | {"typed": typed, "typed_form": form}
        return page_again(request, "channels/channels.html", context, refusal, current="alarms")
    _await_trials(sessions, actor)
    return Redirect("/alarms/channels?done=saved", status_code=303)


def _await_trials(sessions: Reads, actor: Actor) -> None:
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        views = list_channels(sessions, actor, times.now())
        if not any(view.trial is not None and view.trial.state == "waiting" for view in views):
            return
        sleep(0.2)


def _context(request: HttpRequest, sessions: Reads, actor: Actor) -> dict[str, object]:
    channels = list_channels(sessions, actor, times.now())
    words = {}
    for view in channels:
        said = {"fault": view.fault, "trial": None if view.trial is None else view.trial.words}
        words[view.id] = translated_messages(request, {key: one for key, one in said.items() if one is not None})
    return {
        "channels": channels,
        "words": words,
        "places": list_places(sessions, actor),
        "kind_words": translated_messages(request, KIND_WORDS),
        "severity_words": translated(request, SEVERITY_WORDS),
        "blank": BLANK,
        "typed": BLANK,
        "typed_form": "",
        "faults": {},
        "message": "",
        "done": "",
    }
