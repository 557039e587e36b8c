"""`/account`: one's own name, password, sessions, tokens and Discord account."""

from functools import partial
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from facility.acting.acts import Actor
from facility.acting.permissions import ROLE_LABELS, Act
from facility.acting.refusals import Refusal
from facility.alarms.own_notifications import OwnNotifications, own_notifications, set_own_notifications
from facility.people.account import AccountChange, PasswordChange, change_account, change_password, get_account
from facility.people.discord_links import issue_link_code, linked_account, unlink
from facility.people.login import Gate
from facility.people.sessions import end_session, list_sessions
from facility.people.tokens import TokenDraft, create_token, list_tokens, revoke_token
from storage.database import Reads, ReadTransaction, Sessions
from web.http.forms import check_same, form_texts, page_again, parse
from web.http.query_parameters import RowId
from web.people.browsers import program
from web.people.login_threads import in_login_threads
from web.rendering.labels import SCOPE_LABELS
from web.rendering.pages import page, page_gettext, translated, translated_messages
from web.rendering.texts import N_
from web.requests import FormData, HttpRequest, HttpResponse

SEVERITY_LABELS = {
    "warning": N_("warnings and graver"),
    "major": N_("major and critical"),
    "critical": N_("critical only"),
}


@get("/account", opt={"act": Act.ACCOUNT_READ}, include_in_schema=False, sync_to_thread=True)
def account_page(
    request: HttpRequest,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    done: FromQuery[str] = "",
) -> Template:
    """Show all of it."""
    return page(request, "people/account.html", _context(request, sessions, actor) | {"done": done}, current="account")


@post("/account", opt={"act": Act.ACCOUNT_CHANGE}, include_in_schema=False, sync_to_thread=True, status_code=303)
def save_account(
    request: HttpRequest, data: FormData, gate: NamedDependency[Gate], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Keep name, address and language."""
    typed = form_texts(data)
    try:
        changed = change_account(
            gate.sessions, actor, parse(AccountChange, typed | {"locale": typed.get("locale") or None})
        )
    except Refusal as refusal:
        context = _context(request, gate.sessions, actor)
        context["typed"] |= {name: typed.get(name, "") for name in context["typed"]}
        return page_again(request, "people/account.html", context, refusal, current="account")
    answer = Redirect("/account?done=saved", status_code=303)
    if changed.locale is not None:
        answer.set_cookie("language", changed.locale, max_age=365 * 86400, path="/", samesite="lax")
    return answer


@post("/account/password", opt={"act": Act.PASSWORD_CHANGE}, include_in_schema=False, status_code=303)
@in_login_threads
def save_password(
    request: HttpRequest, data: FormData, gate: NamedDependency[Gate], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Change the password; other browsers are logged out."""
    typed = form_texts(data)
    try:
        check_same(typed, "new")
        change = parse(PasswordChange, {name: typed.get(name, "") for name in ("old", "new")})
        change_password(gate.sessions, gate.passwords, actor, change, request.scope["state"]["session"] or None)
    except Refusal as refusal:
        context = _context(request, gate.sessions, actor)
        return page_again(request, "people/account.html", context, refusal, current="account")
    return Redirect("/account?done=saved", status_code=303)


@post("/account/tokens", opt={"act": Act.TOKEN_CREATE}, include_in_schema=False, sync_to_thread=True, status_code=200)
def make_token(
    request: HttpRequest, data: FormData, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Make a token and show it in this answer: an address to come back to would show it again."""
    typed = form_texts(data)
    try:
        token = create_token(writing, actor, parse(TokenDraft, typed | {"days": typed.get("days") or None}))
    except Refusal as refusal:
        return page_again(request, "people/account.html", _context(request, writing, actor), refusal, current="account")
    return page(request, "people/account.html", _context(request, writing, actor) | {"token": token}, current="account")


@post(
    "/account/tokens/{token:int}/revoke",
    opt={"act": Act.TOKEN_REVOKE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def revoke(token: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> Redirect:
    """Make a token useless."""
    revoke_token(writing, actor, token)
    return Redirect("/account?done=saved", status_code=303)


@post("/account/discord", opt={"act": Act.DISCORD_CODE}, include_in_schema=False, sync_to_thread=True, status_code=200)
def show_link_code(
    request: HttpRequest, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Make a code for `/lier` and show it in this answer alone."""
    code = issue_link_code(writing, actor)
    return page(request, "people/account.html", _context(request, writing, actor) | {"code": code}, current="account")


@post(
    "/account/discord/unlink",
    opt={"act": Act.DISCORD_UNLINK},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def unlink_discord(
    request: HttpRequest, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Let the Discord account act for nobody."""
    try:
        unlink(writing, actor)
    except Refusal as refusal:
        return page_again(request, "people/account.html", _context(request, writing, actor), refusal, current="account")
    return Redirect("/account?done=saved", status_code=303)


@post(
    "/account/notifications",
    opt={"act": Act.NOTIFICATIONS_CHANGE},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def save_notifications(
    request: HttpRequest, data: FormData, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
) -> HttpResponse:
    """Keep when one is told of alarms by e-mail."""
    typed = form_texts(data)
    try:
        wanted = parse(OwnNotifications, typed | {"enabled": "enabled" in typed})
        set_own_notifications(writing, actor, wanted)
    except Refusal as refusal:
        context = _context(request, writing, actor) | {"own": typed}
        return page_again(request, "people/account.html", context, refusal, current="account")
    return Redirect("/account?done=saved", status_code=303)


@post(
    "/account/sessions/{session:int}/end",
    opt={"act": Act.SESSION_END},
    include_in_schema=False,
    sync_to_thread=True,
    status_code=303,
)
def end(session: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> Redirect:
    """Log another browser out."""
    end_session(writing, actor, session)
    return Redirect("/account?done=saved", status_code=303)


def _context(request: HttpRequest, sessions: Reads, actor: Actor) -> dict[str, Any]:
    person = get_account(sessions, actor)
    return {
        "person": person,
        "typed": {"name": person.name, "email": person.email or "", "locale": person.locale or ""},
        "sessions": list_sessions(sessions, actor, request.scope["state"]["session"]),
        "program": partial(program, gettext=page_gettext(request)),
        "tokens": list_tokens(sessions, actor),
        "discord": linked_account(sessions, actor),
        "own": own_notifications(sessions, actor),
        "severity_words": translated(request, SEVERITY_LABELS),
        "role_words": translated_messages(request, ROLE_LABELS),
        "scope_words": translated(request, SCOPE_LABELS),
        "faults": {},
        "message": "",
        "done": "",
        "token": None,
        "code": None,
    }
