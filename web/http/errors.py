"""Exceptions as answers: problem+json (RFC 9457) for programs, a page for people."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import SQLAlchemyError

from service.threads import Busy
from storage.faults import AWAY, DatabaseAway, Kind, classify
from web.rendering.pages import page_context
from web.requests import HttpRequest, HttpResponse

PROBLEM = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/live", "/health", "/metrics", "/schema")
TEMPLATE = "http/error.html"
# Seconds after which it is worth asking again.
LATER = {"Retry-After": "10"}

log = logging.getLogger(__name__)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: object) -> HttpResponse:
    """Return an answer that a program can read."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(content | members, status_code=status, media_type=PROBLEM, headers=dict(headers or {}))


def exception_handlers() -> ExceptionHandlersMap:
    """Return what answers each kind of exception; refusals of the facility have an answer of their own."""
    return {
        HTTPException: _http,
        SQLAlchemyError: _database,
        DatabaseAway: _away,
        Busy: _busy,
        RecursionError: _too_deep,
        UnicodeError: _no_text,
        Exception: _bug,
    }


def for_program(request: HttpRequest) -> bool:
    """Return whether JSON or a page is the right answer."""
    path = request.scope["path"]
    if any(path == prefix.rstrip("/") or path.startswith(prefix) for prefix in FOR_PROGRAMS):
        return True
    return "text/html" not in request.headers.get("accept", "text/html")


def _http(request: HttpRequest, error: HTTPException) -> HttpResponse:
    members: dict[str, object] = {}
    if isinstance(error.extra, list) and error.extra:
        members["errors"] = error.extra
    detail = error.detail
    if detail.startswith("Validation failed for") and isinstance(error.extra, list):
        detail = "; ".join(f"{fault.get('key', 'body')}: {fault.get('message', '')}" for fault in error.extra)
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is no such address as {request.scope['path'][:100]}"
    return answer(request, error.status_code, detail, error.headers, **members)


def _database(request: HttpRequest, error: SQLAlchemyError) -> HttpResponse:
    kind, text = classify(error)
    if kind in AWAY:
        return _away(request, DatabaseAway(text))
    if kind is Kind.NOT_PREPARED and request.app.state.filling.wrong_version:
        return answer(request, 503, str(request.app.state.filling.fault), LATER)
    if kind is Kind.CONFLICT:
        # Two did the same at once, and the second comes too late.
        log.info("%s %s: %s", request.method, request.scope["path"], text)
        detail = "somebody has just saved the same: load the page again and look before you repeat it"
        return answer(request, 409, detail, None)
    if kind is Kind.BAD_DATA:
        log.error("%s %s: a value that was not checked: %s", request.method, request.scope["path"], text)
        return answer(
            request, 422, "the database does not take one of these values: too long, or not of its kind", None
        )
    return _bug(request, error)


def _away(request: HttpRequest, error: DatabaseAway) -> HttpResponse:
    # A page a second from each of many people: the outage itself is logged by who watches the database.
    log.debug("%s", error)
    detail = "the database cannot be reached or refuses to answer; live values go on, history will be back"
    return answer(request, 503, detail, LATER)


def _busy(request: HttpRequest, error: Busy) -> HttpResponse:
    del error
    detail = "too many wait for an answer already: the database may be slow; live values go on"
    return answer(request, 503, detail, LATER)


def _too_deep(request: HttpRequest, error: RecursionError) -> HttpResponse:
    """Answer JSON of a hundred thousand brackets; the same fault where nothing was sent is ours."""
    if request.method in {"GET", "HEAD"}:
        return _bug(request, error)
    return answer(request, 400, "what was sent is nested too deeply", None)


def _no_text(request: HttpRequest, error: UnicodeError) -> HttpResponse:
    """Answer bytes that are no UTF-8, and half of a surrogate pair, which no database stores."""
    log.info("%s %s: %s", request.method, request.scope["path"], type(error).__name__)
    return answer(request, 400, "what was sent is not text in UTF-8", None)


def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return answer(request, 500, "this is a fault of Octopus; it has been logged", None)


def answer(
    request: HttpRequest, status: int, detail: str, headers: Mapping[str, str] | None, **members: object
) -> HttpResponse:
    """Return the answer for a program or a person; what fails while a page is made must not hide the first fault."""
    # Half a surrogate pair has come from what was sent, and no answer can hold it.
    detail = detail.encode("utf-8", "replace").decode()
    if for_program(request):
        return problem(status, detail, headers, **members)
    try:
        return _page(request, status, detail, headers)
    except Exception:
        log.exception("the page of a fault failed, at %s %s", request.method, request.scope["path"])
        text = f"{status} {HTTPStatus(status).phrase}: {detail}\n"
        return Response(text, status_code=status, media_type=MediaType.TEXT, headers=dict(headers or {}))


def _page(request: HttpRequest, status: int, detail: str, headers: Mapping[str, str] | None) -> HttpResponse:
    """Render now, not after this answer has been returned."""
    context = {**page_context(request), "status": status, "title": HTTPStatus(status).phrase, "detail": detail}
    html = request.app.template_engine.get_template(TEMPLATE).render(**context)  # type: ignore[union-attr]
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=dict(headers or {}))
