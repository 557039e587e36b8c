"""`/people`: who waits, who may what; for admins."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import ROLE_LABELS, Act
from facility.acting.refusals import Refusal
from facility.people.account import issue_link
from facility.people.people import STATE_WORDS, PersonChange, change_person, get_person, list_people
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import form_texts, page_again, parse
from web.http.query_parameters import RowId
from web.rendering.pages import page, translated_messages
from web.requests import FormData, HttpRequest, HttpResponse
from web.settings import WebSettings


@get("/people", opt={"act": Act.PEOPLE_READ}, include_in_schema=False, sync_to_thread=True)
def people_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    search: FromQuery[str] = "",
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    done: FromQuery[str] = "",
) -> Template:
    """List people, those who wait first."""
    context = _context(request, sessions, actor, search, in_state) | {"done": done}
    return page(request, "people/people.html", context, current="people")


@post(
    "/people/{person:int}",
    opt={"act": Act.PERSON_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save_person(
    request: HttpRequest,
    person: RowId,
    data: FormData,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Approve, refuse, deactivate, reactivate or give a role."""
    try:
        change_person(writing, actor, person, parse(PersonChange, form_texts(data)))
    except Refusal as refusal:
        return page_again(request, "people/people.html", _context(request, writing, actor), refusal, current="people")
    return Redirect(f"/people?done=saved#person-{person}", status_code=303)


@post(
    "/people/{person:int}/password-link",
    opt={"act": Act.PASSWORD_LINK},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=200,
)
def make_link(
    request: HttpRequest,
    person: RowId,
    writing: NamedDependency[Sessions],
    actor: NamedDependency[Actor],
    settings: NamedDependency[WebSettings],
) -> HttpResponse:
    """Make a one-time link and show it in this answer only."""
    try:
        # From the settings alone: a request's own Host header may name another site, which would get the secret.
        address = f"{settings.web.origin}/password/{issue_link(writing, actor, person)}"
    except Refusal as refusal:
        return page_again(request, "people/people.html", _context(request, writing, actor), refusal, current="people")
    link = {"address": address, "name": get_person(writing, actor, person).name}
    return page(request, "people/people.html", _context(request, writing, actor) | {"link": link}, current="people")


def _context(
    request: HttpRequest, sessions: Reads, actor: Actor, search: FromQuery[str] = "", state: str = ""
) -> dict[str, object]:
    return {
        "people": list_people(sessions, actor, state=state or None, search=search[:200]),
        "search": search,
        "state": state,
        "role_words": translated_messages(request, ROLE_LABELS),
        "state_words_people": translated_messages(request, STATE_WORDS),
        "faults": {},
        "message": "",
        "done": "",
        "link": None,
    }
