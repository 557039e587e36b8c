"""The only place where the server's parts meet: settings, site, database, hub in; an application out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler, Message, Scope
from sqlalchemy import Engine

from schemas.database import read_sessions, write_sessions
from schemas.site import Site
from schemas.version import octopus_version
from web.api import live
from web.assets import read_assets, static_file
from web.errors import exception_handlers
from web.live.feed import Feed
from web.live.hub import Hub
from web.settings import WebSettings

TEMPLATES = Path(__file__).parent / "templates"

# Controllers of the pages (web/pages) and of the API (web/api); a subject is added by adding its line.
PAGES: tuple[ControllerRouterHandler, ...] = ()
API: tuple[ControllerRouterHandler, ...] = (live.stream,)

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
    assets = read_assets()

    @asynccontextmanager
    async def follow_the_broker(_: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(feed.run(), name="feed")
        try:
            yield
        finally:
            hub.close()
            await _ended(task)

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.globals |= {"static": assets.address, "site": site, "version": octopus_version()}
    return Litestar(
        route_handlers=[static_file, *API, *PAGES],
        dependencies={
            "sessions": _given(read_sessions(engine)),
            "writing": _given(write_sessions(engine)),
            "site": _given(site),
            "hub": _given(hub),
            "feed": _given(feed),
            "settings": _given(settings),
            "assets": _given(assets),
        },
        template_config=TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment)),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=5, exclude=[r"^/live$", r"\.woff2$"]),
        openapi_config=OpenAPIConfig(
            title="Octopus",
            version=octopus_version(),
            description="Live values, history and experiments of the site's cells.",
            path="/schema",
            render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"])],
            use_handler_docstrings=True,
        ),
        exception_handlers=exception_handlers(),
        before_send=[_add_security_headers],
        lifespan=[follow_the_broker],
        logging_config=None,
    )


def _given(part: Any) -> Provide:
    def provide() -> Any:
        return part

    return Provide(provide, sync_to_thread=False)


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.wait([task], timeout=2)


async def _add_security_headers(message: Message, scope: Scope) -> None:
    del scope
    if message["type"] == "http.response.start":
        message["headers"] = [*message["headers"], *_ENCODED_HEADERS]
