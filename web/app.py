"""The only place where the server's parts meet: settings, site, database, hub in; an application out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, Message, Scope
from sqlalchemy import Engine

from schemas.database import read_sessions, write_sessions
from schemas.site import Site
from schemas.version import octopus_version
from web.api import health, live, metrics
from web.api.cells import CellController
from web.api.describing import InstantSchema, openapi_config
from web.api.history import HistoryController
from web.api.units import UnitController
from web.assets import read_assets, static_file
from web.errors import exception_handlers
from web.live.feed import Feed
from web.live.filling import Filling
from web.live.hub import Hub
from web.pages.cards import cards
from web.pages.cell import cell_page
from web.pages.manifest import manifest
from web.pages.plan import plan
from web.pages.preferences import preferences
from web.pages.rendering import template_config
from web.pages.wall import wall
from web.settings import WebSettings

log = logging.getLogger(__name__)

# A subject is added by adding its line. OPEN is readable without login inside the lab, unless
# `web.public` is off; health says nothing of the station's values; the rest needs a role.
PAGES: tuple[ControllerRouterHandler, ...] = (cards, plan, cell_page, wall, preferences, manifest)
OPEN: tuple[ControllerRouterHandler, ...] = (live.stream, UnitController, CellController)
HEALTH: tuple[ControllerRouterHandler, ...] = (health.health, metrics.metrics)
STORED: tuple[ControllerRouterHandler, ...] = (HistoryController,)

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

    @asynccontextmanager
    async def follow(_: Litestar) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_kept(part), name=type(part).__name__) for part in (feed, filling)]
        try:
            yield
        finally:
            hub.close()
            await _ended(tasks)

    return Litestar(
        route_handlers=[static_file, *HEALTH, *OPEN, *STORED, *PAGES],
        dependencies={
            "engine": _given(engine),
            "sessions": _given(read_sessions(engine)),
            "writing": _given(write_sessions(engine)),
            "site": _given(site),
            "hub": _given(hub),
            "feed": _given(feed),
            "settings": _given(settings),
            "assets": _given(assets),
        },
        template_config=template_config(site, octopus_version(), assets.address),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=5, exclude=[r"^/live$", r"\.woff2$"]),
        openapi_config=openapi_config(),
        plugins=[InstantSchema()],
        exception_handlers=exception_handlers(),
        before_send=[_add_security_headers],
        lifespan=[follow],
        logging_config=None,
    )


def _given(part: Any) -> Provide:
    def provide() -> Any:
        return part

    return Provide(provide, sync_to_thread=False)


async def _kept(part: Feed | Filling) -> None:
    """Run a part; what nobody foresaw is logged and does not leave the pages without live values for good."""
    while True:
        try:
            await part.run()
        except Exception:
            log.exception("%s failed; starting it again", type(part).__name__)
        await asyncio.sleep(5)


async def _ended(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=2)


async def _add_security_headers(message: Message, scope: Scope) -> None:
    del scope
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *_ENCODED_HEADERS]
