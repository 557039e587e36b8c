"""The only place where the server's parts meet: settings, site, database, hub in; an application out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.plugins.pydantic import PydanticPlugin
from litestar.types import Message, Scope
from sqlalchemy import Engine

from broker.following import Follower
from facility.acting.refusals import Refusal
from facility.people.directory import Directory
from facility.people.last_seen import LastSeen
from facility.people.login import Gate
from facility.people.passwords import Passwords
from facility.people.sessions import Lifetimes
from schemas.site import Site
from service import ending
from service.version import octopus_version
from storage.database import ReadSessions, ReadTransaction, read_sessions, write_sessions
from web import (
    alarms,
    assignments,
    audit,
    cells,
    channels,
    experiments,
    health,
    notes,
    occupancy,
    people,
    plan,
    wall,
)
from web.http.assets import read_assets, static_file
from web.http.auth import ANYONE, LAB, PERSON, UNSEEN, Identity, actor_of, guard_routes
from web.http.cookies import CookieNames
from web.http.errors import exception_handlers
from web.http.form_bodies import LARGEST_BODY
from web.http.head_requests import answer_head_requests
from web.http.last_seen import LastSeenWriting
from web.http.manifest import manifest
from web.http.openapi import InstantSchema, openapi_config
from web.http.preferences import preferences
from web.http.refusals import refuse
from web.http.routes import Handlers, Routes
from web.live.experiment_topics import ExperimentTopics
from web.live.filling import Filling
from web.live.hub import Hub
from web.live.stream import stream
from web.people.directory_checks import DirectoryChecks
from web.rendering.pages import template_config
from web.server_limits import PlaceCounter, Proxies
from web.settings import WebSettings
from web.threads import WebThreads

log = logging.getLogger(__name__)

# A feature is added by adding it here.
FEATURES: tuple[Routes, ...] = (
    cells.ROUTES,
    plan.ROUTES,
    wall.ROUTES,
    experiments.ROUTES,
    assignments.ROUTES,
    occupancy.ROUTES,
    people.ROUTES,
    audit.ROUTES,
    channels.ROUTES,
    health.ROUTES,
    alarms.ROUTES,
    notes.ROUTES,
    Routes(lab=(stream, manifest), anyone=(preferences,), unseen=(static_file,)),
)

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Where there is TLS the browser does not try without it for a year.
_HSTS = (b"strict-transport-security", b"max-age=31536000")
_ENCODED_HEADERS = [(name.lower().encode(), text.encode()) for name, text in SECURITY_HEADERS.items()]


class Part(Protocol):
    """What runs beside the pages for as long as they are served."""

    async def run(self) -> None: ...


def create_app(
    settings: WebSettings, site: Site, engine: Engine, hub: Hub | None = None, threads: WebThreads | None = None
) -> Litestar:
    """Wire the application; nothing is opened before it starts. Who gives the threads closes them."""
    hub, threads = hub or Hub(), threads or WebThreads()
    follower = Follower(settings.broker, site, "web", hub.live)
    filling = Filling(engine, site, hub, threads.refresh)
    assets = read_assets()
    reading, writing = read_sessions(engine), write_sessions(engine)
    seen = LastSeen()
    topics = ExperimentTopics(reading, writing, hub, follower, threads.refresh)
    lifetimes = Lifetimes(
        timedelta(hours=settings.web.session_idle_hours),
        timedelta(days=settings.web.session_days),
        timedelta(hours=12 if settings.ldap is None else settings.ldap.unchecked_hours),
    )
    directory = None if settings.ldap is None else Directory(settings.ldap)
    gate = Gate(writing, Passwords(), lifetimes, directory)

    parts: list[Part] = [follower, filling, topics, LastSeenWriting(seen, writing, threads.refresh)]
    if settings.ldap is not None and directory is not None and directory.checks_people:
        parts.append(DirectoryChecks(writing, directory, timedelta(minutes=settings.ldap.check_minutes)))

    @asynccontextmanager
    async def follow(_: Litestar) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_kept(part), name=type(part).__name__) for part in parts]
        try:
            yield
        finally:
            hub.close()
            await ending.end(*tasks, again=1.0)

    app = Litestar(
        route_handlers=[
            _router([feature.unseen for feature in FEATURES], UNSEEN),
            _router([feature.anyone for feature in FEATURES], ANYONE),
            _router([feature.lab for feature in FEATURES], LAB),
            _router([feature.people for feature in FEATURES], PERSON),
        ],
        middleware=[
            DefineMiddleware(
                Identity,
                sessions=reading,
                lifetimes=lifetimes,
                secure=settings.web.secure_cookies,
                threads=threads.identity,
                seen=seen,
                names=CookieNames(settings.web.cookie_instance),
                machine_token=settings.web.machine_token(),
            )
        ],
        guards=[guard_routes(public=settings.web.public)],
        dependencies={
            "engine": _given(engine),
            "sessions": _given_to_each_request(reading, threads),
            "writing": _given(writing),
            "gate": _given(gate),
            "actor": Provide(actor_of, sync_to_thread=False),
            "site": _given(site),
            "hub": _given(hub),
            "streams": _given(PlaceCounter(settings.web.streams_per_address, Proxies(settings.web.proxies))),
            "snapshot": Provide(hub.snapshot, sync_to_thread=False),
            "follower": _given(follower),
            "threads": _given(threads),
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
        state=State({"threads": threads, "filling": filling, "hub": hub}),
        logging_config=None,
    )
    app.asgi_handler = answer_head_requests(app.asgi_handler)
    return app


def _router(handlers: list[Handlers], access: str) -> Router:
    # In a router: registered one by one, two functions of one path would be prepared twice.
    return Router("/", route_handlers=[each for several in handlers for each in several], opt={"access": access})


def _given_to_each_request(reading: ReadSessions, threads: WebThreads) -> Provide:
    """Give each request a transaction of its own for all that it reads."""

    async def provide() -> AsyncIterator[ReadTransaction]:
        transaction = ReadTransaction(reading)
        try:
            yield transaction
        finally:
            if transaction.is_open:
                # Giving the connection back asks the database, which may hang.
                await threads.closing.run(transaction.close)
            else:
                transaction.close()

    return Provide(provide)


def _given(part: Any) -> Provide:
    def provide() -> Any:
        return part

    return Provide(provide, sync_to_thread=False)


async def _kept(part: Part) -> None:
    """Run a part again after an unexpected error, which is logged."""
    while True:
        try:
            await part.run()
        except Exception:
            log.exception("%s failed; starting it again", type(part).__name__)
        await asyncio.sleep(5)


async def _add_headers(message: Message, scope: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = [*message["headers"], *_ENCODED_HEADERS]
        if scope.get("state", {}).get("secure"):
            headers.append(_HSTS)
        # What somebody was allowed to see stays in no cache on the way, unless its own handler says otherwise.
        if not any(name.lower() == b"cache-control" for name, _ in headers):
            headers.append((b"cache-control", b"no-store"))
        message["headers"] = headers
