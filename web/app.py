"""The only place where the server's parts meet: settings, site, database, hub in; an application out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.plugins.pydantic import PydanticPlugin
from litestar.types import ControllerRouterHandler, Message, Scope
from sqlalchemy import Engine

from broker import ending
from facility.directory import Directory
from facility.login import Gate
from facility.passwords import Passwords
from facility.refusals import Refusal
from facility.sessions import Lifetimes
from schemas.database import read_sessions, write_sessions
from schemas.site import Site
from schemas.version import octopus_version
from web.api import health, live, metrics
from web.api.assignments import AssignmentController, CellExperimentController, occupancy_of_cells
from web.api.audit import AuditController
from web.api.calendars import CalendarController
from web.api.cells import CellController
from web.api.describing import InstantSchema, openapi_config
from web.api.experiments import ExperimentController
from web.api.history import HistoryController
from web.api.people import AccountController, PersonController
from web.api.units import UnitController
from web.assets import read_assets, static_file
from web.auth import ANYONE, LAB, UNSEEN, Identity, actor_of, guard_routes
from web.errors import exception_handlers
from web.form_bodies import LARGEST_BODY
from web.heads import heads_as_gets
from web.live.experiment_topics import ExperimentTopics
from web.live.feed import Feed
from web.live.filling import Filling
from web.live.hub import Hub
from web.pages.account import (
    account_page,
    end,
    make_token,
    revoke,
    save_account,
    save_password,
    show_link_code,
    unlink_discord,
)
from web.pages.assigning import end_experiment, put_experiment
from web.pages.assignment import assignment_page, past_page, save_assignment, save_past, withdraw_assignment
from web.pages.audit import audit_page
from web.pages.cards import cards
from web.pages.cell import cell_page
from web.pages.experiment import experiment_page
from web.pages.experiment_acts import end_in_cells, move_experiment, put_into_cells
from web.pages.experiment_form import create, edit_page, new_page, save
from web.pages.experiments import experiments_page
from web.pages.login import (
    do_login,
    do_logout,
    do_register,
    login_page,
    password_page,
    register_page,
    set_password,
)
from web.pages.manifest import manifest
from web.pages.occupancy import occupancy_page
from web.pages.people import make_link, people_page, save_person
from web.pages.plan import plan
from web.pages.preferences import preferences
from web.pages.rendering import template_config
from web.pages.wall import wall
from web.refusing import refuse
from web.settings import WebSettings

log = logging.getLogger(__name__)

# A subject is added by adding its line. FOR_LAB is readable without login inside the lab, unless
# `web.public` is off; what says nothing of the station's values is for anyone; the rest needs a role.
FOR_LAB: tuple[ControllerRouterHandler, ...] = (
    *(cards, plan, cell_page, wall),
    *(live.stream, UnitController, CellController),
)
FOR_ANYONE: tuple[ControllerRouterHandler, ...] = (
    preferences,
    *(login_page, do_login, do_logout, register_page, do_register, password_page, set_password),
)
UNSEEN_BY: tuple[ControllerRouterHandler, ...] = (static_file, manifest, health.health, metrics.metrics)
FOR_PEOPLE: tuple[ControllerRouterHandler, ...] = (
    HistoryController,
    ExperimentController,
    CellExperimentController,
    AssignmentController,
    occupancy_of_cells,
    CalendarController,
    PersonController,
    AccountController,
    AuditController,
    *(account_page, save_account, save_password, make_token, revoke, end, show_link_code, unlink_discord),
    *(people_page, save_person, make_link),
    *(put_experiment, end_experiment, past_page, save_past),
    *(assignment_page, save_assignment, withdraw_assignment),
    *(experiments_page, experiment_page, move_experiment, put_into_cells, end_in_cells),
    *(occupancy_page, audit_page),
    *(new_page, create, edit_page, save),
)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ENCODED_HEADERS = [(name.lower().encode(), text.encode()) for name, text in SECURITY_HEADERS.items()]


def create_app(settings: WebSettings, site: Site, engine: Engine, hub: Hub | None = None) -> Litestar:
    """Wire the application; nothing is opened before it starts."""
    hub = hub or Hub()
    feed = Feed(settings.broker, site, hub)
    filling = Filling(engine, site, hub)
    assets = read_assets()
    writing = write_sessions(engine)
    topics = ExperimentTopics(settings.broker, writing, hub)
    lifetimes = Lifetimes(timedelta(hours=settings.web.session_idle_hours), timedelta(days=settings.web.session_days))
    directory = None if settings.ldap is None else Directory(settings.ldap)
    gate = Gate(writing, Passwords(), lifetimes, directory)

    @asynccontextmanager
    async def follow(_: Litestar) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_kept(part), name=type(part).__name__) for part in (feed, filling, topics)]
        try:
            yield
        finally:
            hub.close()
            await ending.end(*tasks, again=1.0)

    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=UNSEEN_BY, opt={"access": UNSEEN}),
            Router("/", route_handlers=FOR_ANYONE, opt={"access": ANYONE}),
            Router("/", route_handlers=FOR_LAB, opt={"access": LAB}),
            # In a router: registered one by one, two functions of one path would be prepared twice.
            Router("/", route_handlers=FOR_PEOPLE),
        ],
        middleware=[
            DefineMiddleware(Identity, sessions=writing, lifetimes=lifetimes, secure=settings.web.secure_cookies)
        ],
        guards=[guard_routes(public=settings.web.public)],
        dependencies={
            "engine": _given(engine),
            "sessions": _given(read_sessions(engine)),
            "writing": _given(writing),
            "topics": _given(topics),
            "gate": _given(gate),
            "actor": Provide(actor_of, sync_to_thread=False),
            "site": _given(site),
            "hub": _given(hub),
            # Taken in the event loop, where the hub changes: a page that also asks the database runs in a thread.
            "snapshot": Provide(hub.whole, sync_to_thread=False),
            "feed": _given(feed),
            "settings": _given(settings),
            "assets": _given(assets),
        },
        template_config=template_config(site, octopus_version(), assets.address),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=5, exclude=[r"^/live$", r"\.woff2$"]),
        openapi_config=openapi_config(),
        plugins=[InstantSchema(), PydanticPlugin(prefer_alias=True)],
        exception_handlers={**exception_handlers(), Refusal: refuse},
        before_send=[_add_headers],
        request_max_body_size=LARGEST_BODY,
        lifespan=[follow],
        logging_config=None,
    )
    app.asgi_handler = heads_as_gets(app.asgi_handler)
    return app


def _given(part: Any) -> Provide:
    def provide() -> Any:
        return part

    return Provide(provide, sync_to_thread=False)


async def _kept(part: Feed | Filling | ExperimentTopics) -> None:
    """Run a part; what nobody foresaw is logged and does not leave the pages without live values for good."""
    while True:
        try:
            await part.run()
        except Exception:
            log.exception("%s failed; starting it again", type(part).__name__)
        await asyncio.sleep(5)


async def _add_headers(message: Message, scope: Scope) -> None:
    del scope
    if message["type"] == "http.response.start":
        headers = [*message["headers"], *_ENCODED_HEADERS]
        # What somebody was allowed to see stays in no cache on the way, unless its own handler says otherwise.
        if not any(name.lower() == b"cache-control" for name, _ in headers):
            headers.append((b"cache-control", b"no-store"))
        message["headers"] = headers
