"""`/health`: the report as JSON, or as a page for browsers."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Template
from sqlalchemy import Engine

from schemas.site import Site
from storage.database import ReadTransaction
from web.health.page import health_page
from web.health.report import Health, judge
from web.live.hub import Hub
from web.requests import HttpRequest
from web.threads import WebThreads

DOWN = {503: ResponseSpec(data_container=Health, generate_examples=False, description="the same, where status is down")}


@get("/health", opt={"machines": True}, tags=["health"], responses=DOWN)
async def health(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    engine: NamedDependency[Engine],
    site: NamedDependency[Site],
    hub: NamedDependency[Hub],
    threads: NamedDependency[WebThreads],
) -> Response[Health] | Template:
    """Say what works: 200 when readings arrive and are stored, 503 when they do not; a page for browsers."""
    found = await judge(sessions, engine, site, hub, threads)
    code = 503 if found.status == "down" else 200
    if "text/html" in request.headers.get("accept", ""):
        return health_page(request, found, code)
    return Response(found, status_code=code, headers={"Cache-Control": "no-store"})
