"""From exception to answer: problem+json (RFC 9457) for programs, a page for people, in words that help."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, TemplateNotFoundException
from litestar.response import Template
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from web.rendering.pages import page_context

AnyRequest = Request[Any, Any, Any]

PROBLEM = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/live", "/health", "/metrics", "/schema")
TEMPLATE = "http/error.html"

log = logging.getLogger(__name__)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> Response[Any]:
    """Return an answer that a program can read."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(content | members, status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def exception_handlers() -> ExceptionHandlersMap:
    return {HTTPException: _http, SQLAlchemyError: _database, RecursionError: _too_deep, Exception: _unknown}


def for_program(request: AnyRequest) -> bool:
    """Tell whether JSON or a page is the right answer."""
    path = request.scope["path"]
    if any(path == prefix.rstrip("/") or path.startswith(prefix) for prefix in FOR_PROGRAMS):
        return True
    return "text/html" not in request.headers.get("accept", "text/html")


def _http(request: AnyRequest, error: HTTPException) -> Response[Any]:
    members: dict[str, object] = {}
    if isinstance(error.extra, list) and error.extra:
        members["errors"] = error.extra
    detail = error.detail
    if detail.startswith("Validation failed for") and isinstance(error.extra, list):
        detail = "; ".join(f"{fault.get('key', 'body')}: {fault.get('message', '')}" for fault in error.extra)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is no such address as {request.scope['path'][:100]}"
    return answer(request, error.status_code, detail, error.headers, **members)


def _database(request: AnyRequest, error: SQLAlchemyError) -> Response[Any]:
    if isinstance(error, (DBAPIError, PoolTimeout)):
        # A page a second from each of many people: the outage itself is logged by who watches the database.
        log.debug("database: %s", error.__class__.__name__)
        detail = "the database cannot be reached or refuses to answer; live values go on, history will be back"
        return answer(request, 503, detail, {"Retry-After": "10"})
    return _unknown(request, error)


def _too_deep(request: AnyRequest, error: RecursionError) -> Response[Any]:
    """Answer JSON of a hundred thousand brackets; the same fault where nothing was sent is ours."""
    if request.method in {"GET", "HEAD"}:
        return _unknown(request, error)
    return answer(request, 400, "what was sent is nested too deeply", None)


def _unknown(request: AnyRequest, error: Exception) -> Response[Any]:
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return answer(request, 500, "this is a fault of Octopus; it has been logged", None)


def answer(
    request: AnyRequest, status: int, detail: str, headers: Mapping[str, str] | None, **members: object
) -> Response[Any]:
    if for_program(request):
        return problem(status, detail, headers, **members)
    context = {**page_context(request), "status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    page = Template(TEMPLATE, context=context, status_code=status, headers=dict(headers or {}))
    try:
        return _rendered(page, request)
    except TemplateNotFoundException:
        text = f"{status} {HTTPStatus(status).phrase}: {detail}\n"
        return Response(text, status_code=status, media_type=MediaType.TEXT, headers=dict(headers or {}))


def _rendered(page: Template, request: AnyRequest) -> Response[Any]:
    """Render now: a template that fails must not hide the first error."""
    engine = request.app.template_engine
    if engine is None:
        raise TemplateNotFoundException(template_name=TEMPLATE)
    html = engine.get_template(TEMPLATE).render(**page.context)
    return Response(html, status_code=page.status_code, media_type=MediaType.HTML, headers=page.headers)
