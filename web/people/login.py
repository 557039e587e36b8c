"""`/login`, `/logout`, `/register`, `/password/<link>`: the ways in and out."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from facility.acting.acts import Actor, nobody
from facility.acting.refusals import Refusal
from facility.people.account import person_of_link, use_link
from facility.people.login import Gate, log_in
from facility.people.registration import Registration, register
from facility.people.sessions import log_out
from web.http.auth import ANYONE
from web.http.cookies import cookie
from web.http.forms import check_same, form_texts, page_again, parse
from web.http.preferences import own_path
from web.people.login_threads import in_login_threads
from web.rendering.pages import language_of, page
from web.requests import FormData, HttpRequest, HttpResponse

OPT = {"access": ANYONE}


@get("/login", opt=OPT, include_in_schema=False, sync_to_thread=False)
def login_page(
    request: HttpRequest, after: Annotated[str, QueryParameter(name="next")] = "/", done: FromQuery[str] = ""
) -> Template:
    """Show the form."""
    return page(request, "people/login.html", _login(after) | {"done": done}, current="login")


@post("/login", opt=OPT, include_in_schema=False, status_code=303)
@in_login_threads
def do_login(
    request: HttpRequest, data: FormData, gate: NamedDependency[Gate], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Log in and go where the person wanted to go."""
    typed = form_texts(data)
    visitor, state = nobody("web", actor.address), request.scope["state"]
    agent = request.headers.get("user-agent", "")
    try:
        login, password = typed.get("login", "")[:254], typed.get("password", "")
        done = log_in(gate, visitor, login, password, agent, replaced=state["session"])
    except Refusal as refusal:
        again = _login(typed.get("next", "/")) | {"typed": {"login": typed.get("login", "")}}
        return page_again(request, "people/login.html", again, refusal, current="login")
    seconds = int(gate.lifetimes.absolute.total_seconds())
    answer = Redirect(own_path(typed.get("next", "/")), status_code=303)
    answer.headers["Set-Cookie"] = cookie(state["session_cookie"], done.secret, seconds, secure=state["secure"])
    if done.locale is not None:
        answer.set_cookie("language", done.locale, max_age=365 * 86400, path="/", samesite="lax")
    return answer


@post("/logout", opt=OPT, include_in_schema=False, sync_to_thread=True, status_code=303)
def do_logout(request: HttpRequest, gate: NamedDependency[Gate], actor: NamedDependency[Actor]) -> Redirect:
    """End the session."""
    state = request.scope["state"]
    if actor.role is not None:
        log_out(gate.sessions, actor, state["session"])
    answer = Redirect("/", status_code=303)
    answer.headers["Set-Cookie"] = cookie(state["session_cookie"], "", 0, secure=state["secure"])
    return answer


@get("/register", opt=OPT, include_in_schema=False, sync_to_thread=False)
def register_page(request: HttpRequest, *, done: FromQuery[bool] = False) -> Template:
    """Show the form, or the thanks."""
    return page(request, "people/register.html", _register({}) | {"registered": done}, current="login")


@post("/register", opt=OPT, include_in_schema=False, status_code=303)
@in_login_threads
def do_register(
    request: HttpRequest, data: FormData, gate: NamedDependency[Gate], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Keep the request for an account; the answer does not tell whether the address is known."""
    typed = form_texts(data)
    try:
        check_same(typed, "password")
        members = {name: typed.get(name, "") for name in ("name", "email", "password", "note")}
        form = parse(Registration, members | {"locale": language_of(request)})
        register(gate.sessions, gate.passwords, nobody("web", actor.address), form)
    except Refusal as refusal:
        return page_again(request, "people/register.html", _register(typed), refusal, current="login")
    return Redirect("/register?done=true", status_code=303)


@get("/password/{secret:str}", opt=OPT, include_in_schema=False, sync_to_thread=True)
def password_page(request: HttpRequest, secret: FromPath[str], gate: NamedDependency[Gate]) -> Template:
    """Show whose password is set; looking at the link does not use it up."""
    person = person_of_link(gate.sessions, secret)
    return page(request, "people/password.html", {"person": person, "faults": {}, "message": ""})


@post("/password/{secret:str}", opt=OPT, include_in_schema=False, status_code=303)
@in_login_threads
def set_password(
    request: HttpRequest,
    secret: FromPath[str],
    data: FormData,
    gate: NamedDependency[Gate],
    actor: NamedDependency[Actor],
) -> HttpResponse:
    """Set the password and use the link up."""
    person = person_of_link(gate.sessions, secret)
    typed = form_texts(data)
    try:
        check_same(typed, "password")
        visitor = nobody("web", actor.address)
        use_link(gate.sessions, gate.passwords, visitor, secret, typed.get("password", ""))
    except Refusal as refusal:
        return page_again(request, "people/password.html", {"person": person}, refusal)
    return Redirect("/login?done=password", status_code=303)


def _login(after: str) -> dict[str, object]:
    return {"next": own_path(after), "typed": {"login": ""}, "message": "", "done": ""}


def _register(typed: dict[str, str]) -> dict[str, object]:
    kept = {name: typed.get(name, "") for name in ("name", "email", "note")}
    return {"typed": kept, "faults": {}, "message": "", "registered": False}
