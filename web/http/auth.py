"""Who is asking: a session cookie or a bearer token becomes an actor; a form must come from our own page.

The token of a form is made from a cookie that scripts cannot read: no secret of the server is needed, so any
number of web processes agree. Logged in, that cookie is the session's own; before, one made for the purpose.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from facility.acting.acts import Actor, nobody
from facility.acting.permissions import Act, require
from facility.acting.refusals import Forbidden, NotLoggedIn
from facility.acting.secret_texts import form_token, same
from facility.acting.user_messages import message
from facility.people.last_seen import LastSeen
from facility.people.sessions import Lifetimes, actor_of_session
from facility.people.tokens import actor_of_token
from service.threads import Threads
from storage.database import Reads
from storage.faults import DatabaseAway, away_as_one
from web.http.cookies import CookieNames, cookie
from web.http.form_bodies import read_form
from web.rendering.form_tokens import FORM_FIELD
from web.requests import HttpRequest
from web.threads import PATIENCE

SESSION_COOKIE = "octopus_session"
FORM_COOKIE = "octopus_form"
FORM_HEADER = "x-csrf-token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

# How open a route is, in its `opt["access"]`. A route that says nothing is for people who are logged in;
# `opt["act"]` names the act whose role it needs; `opt["machines"]` lets the token of `web.machine_token_file` in.
PERSON = "person"
LAB = "lab"  # without login inside the lab, unless the setting `web.public` is off
ANYONE = "anyone"
UNSEEN = "unseen"  # anyone, and who it is does not matter: nothing is looked up


class Identity:
    """Middleware: puts the actor into the request's state and refuses forms of other sites."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        sessions: Reads,
        lifetimes: Lifetimes,
        secure: bool,
        threads: Threads,
        seen: LastSeen,
        names: CookieNames,
        machine_token: str,
    ) -> None:
        self._seen = seen
        self._app, self._sessions, self._lifetimes, self._secure = app, sessions, lifetimes, secure
        self._threads = threads
        self._names, self._machine_token = names, machine_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        request: HttpRequest = Request(scope, receive)
        state: dict[str, Any] = scope["state"]
        state["secure"] = secure = self._secure or scope["scheme"] == "https"
        state["session_cookie"] = self._names.name(SESSION_COOKIE, secure=secure)
        await self._identify(request, state)
        if request.method not in SAFE and state["forgeable"]:
            await _check_form(request, state["form_secret"])

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and state.get("new_form_cookie"):
                headers = MutableScopeHeaders.from_message(message)
                name = self._names.name(FORM_COOKIE, secure=secure)
                headers.add("set-cookie", cookie(name, state["form_secret"], None, secure=secure))
            await send(message)

        await self._app(scope, receive, with_cookie)

    async def _identify(self, request: HttpRequest, state: dict[str, Any]) -> None:
        """Set the actor, and the cookie that forms of this request are bound to."""
        opt = request.route_handler.opt
        program = request.scope["path"].startswith("/api/")
        address = request.client.host if request.client else ""
        actor = nobody("api" if program else "web", address)
        secret = self._names.read(request, SESSION_COOKIE, secure=state["secure"])
        form_secret = self._names.read(request, FORM_COOKIE, secure=state["secure"])
        state |= {"actor": actor, "session": "", "form_secret": form_secret, "forgeable": not program}
        if opt.get("access") == UNSEEN:
            return
        if opt.get("machines") and self._is_machine(request):
            state |= {"machine": True, "forgeable": False}
            return
        found: Actor | None = None
        try:
            with away_as_one():
                found = await self._of_token(request, address)
                if found is not None:
                    state |= {"actor": found, "forgeable": False}
                    return
                if secret:
                    session = (self._sessions, secret, address, self._lifetimes, self._seen)
                    found = await self._threads.within(PATIENCE, actor_of_session, *session)
        except DatabaseAway:
            # Live pages go on without the database; whoever needs to be somebody is told that it is away.
            if opt.get("access", PERSON) == PERSON or request.method not in SAFE:
                raise
        if found is not None:
            actor = replace(found, via="api" if program else "web")
            state |= {"actor": actor, "session": secret, "form_secret": secret, "forgeable": True}

    def _is_machine(self, request: HttpRequest) -> bool:
        """Tell whether a monitoring program asks: its token works without the database."""
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        return bool(self._machine_token) and kind.lower() == "bearer" and same(token.strip(), self._machine_token)

    async def _of_token(self, request: HttpRequest, address: str) -> Actor | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        calendar = bool(request.route_handler.opt.get("calendar"))
        in_address = kind.lower() != "bearer"
        if in_address:
            # Calendar programs cannot send a header: they carry a token that opens calendars only.
            token = request.query_params.get("token", "") if calendar else ""
            if not token:
                return None
        ask = partial(
            actor_of_token, calendar=calendar, in_address=in_address, lifetimes=self._lifetimes, seen=self._seen
        )
        found = await self._threads.within(PATIENCE, ask, self._sessions, token.strip(), address)
        if found is None:
            raise NotLoggedIn(message("This token is unknown, revoked or expired."))
        return found


def guard_routes(*, public: bool) -> Any:
    """Return the guard of every route: what is not declared open needs a login."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        actor: Actor = connection.scope["state"]["actor"]
        access = handler.opt.get("access", PERSON)
        act: Act | None = handler.opt.get("act")
        if act is not None:
            require(actor.role, act, read_only=actor.read_only)
        elif actor.role is None and (access == PERSON or (access == LAB and not public)):
            if connection.scope["state"].get("machine"):
                return
            raise NotLoggedIn(message("Please log in."))

    return guard


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks: the dependency `actor` of the handlers."""
    actor: Actor = request.scope["state"]["actor"]
    return actor


async def _check_form(request: HttpRequest, secret: str) -> None:
    field = (await read_form(request)).get(FORM_FIELD, "")
    given = request.headers.get(FORM_HEADER) or (field if isinstance(field, str) else "")
    if request.headers.get("sec-fetch-site") == "cross-site" or not secret or not same(given, form_token(secret)):
        raise Forbidden(message("This form is too old or came from another site: load the page again."))
