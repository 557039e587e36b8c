"""The forms under an alarm: acknowledge, shelve, take from the shelf, out of service and back."""

from datetime import timedelta
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import post
from litestar.di import NamedDependency
from litestar.response import Redirect
from pydantic import Field

from facility.acting.acts import Actor
from facility.acting.fields import FormModel
from facility.acting.permissions import Act
from facility.acting.refusals import Refusal
from facility.alarms import actions
from schemas.site import Site
from storage.database import Sessions
from web.alarms.page import View
from web.http.forms import form_texts, parse
from web.http.query_parameters import RowId
from web.live.snapshot import Snapshot
from web.requests import FormData, HttpRequest, HttpResponse

LONGEST_NUMBER = 10


class Minutes(FormModel):
    """For how long."""

    minutes: Annotated[int, Field(ge=1, le=1440)] = 30


class Condition(FormModel):
    """A watched condition, and whether it goes out of service or comes back."""

    place: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=64)]
    out: bool = False


@post(
    "/alarms/{alarm:int}/acknowledge",
    opt={"act": Act.ALARM_ACKNOWLEDGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def acknowledge_alarm(
    request: HttpRequest,
    *,
    alarm: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Take note of an alarm."""
    typed = form_texts(data)
    try:
        actions.acknowledge(writing, actor, alarm, typed.get("comment", ""))
    except Refusal as refusal:
        return _again(View(request, site, writing, actor, snapshot), typed, refusal)
    return _back(typed, "acknowledged")


@post(
    "/alarms/{alarm:int}/shelve",
    opt={"act": Act.ALARM_SHELVE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def shelve_alarm(
    request: HttpRequest,
    *,
    alarm: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Keep an alarm quiet for a while."""
    typed = form_texts(data)
    try:
        minutes = parse(Minutes, {"minutes": typed.get("minutes", "30")}).minutes
        actions.shelve(writing, actor, alarm, timedelta(minutes=minutes), typed.get("comment", ""))
    except Refusal as refusal:
        return _again(View(request, site, writing, actor, snapshot), typed, refusal)
    return _back(typed, "shelved")


@post(
    "/alarms/{alarm:int}/unshelve",
    opt={"act": Act.ALARM_SHELVE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def unshelve_alarm(
    request: HttpRequest,
    *,
    alarm: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Take an alarm from the shelf."""
    typed = form_texts(data)
    try:
        actions.unshelve(writing, actor, alarm, typed.get("comment", ""))
    except Refusal as refusal:
        return _again(View(request, site, writing, actor, snapshot), typed, refusal)
    return _back(typed, "unshelved")


@post(
    "/alarms/service",
    opt={"act": Act.ALARM_OUT_OF_SERVICE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def serve_condition(
    request: HttpRequest,
    *,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
) -> HttpResponse:
    """Take a watched condition out of service, or bring it back."""
    typed = form_texts(data)
    try:
        wanted = parse(
            Condition, {"place": typed.get("place", ""), "code": typed.get("code", ""), "out": bool(typed.get("out"))}
        )
        comment = typed.get("comment", "")
        actions.set_service(writing, actor, wanted.place, wanted.code, out=wanted.out, comment=comment)
    except Refusal as refusal:
        return _again(View(request, site, writing, actor, snapshot), typed, refusal)
    return _back(typed, "out" if wanted.out else "back")


def _place(typed: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return the page that the form stood on: one of the alarms' own, whatever was sent."""
    parts = urlsplit(typed.get("back", ""))
    path = parts.path if parts.path.startswith("/alarms") and not (parts.scheme or parts.netloc) else "/alarms"
    return path, dict(parse_qsl(parts.query)[:20])


def _back(typed: dict[str, str], done: str) -> HttpResponse:
    path, query = _place(typed)
    return Redirect(f"{path}?{urlencode(query | {'done': done})}", status_code=303)


def _again(view: View, typed: dict[str, str], refusal: Refusal) -> HttpResponse:
    path, query = _place(typed)
    last = path.rpartition("/")[2]
    if last.isdecimal() and len(last) < LONGEST_NUMBER:
        return view.one(int(last), refusal=refusal)
    return view.list(query, refusal=refusal)
