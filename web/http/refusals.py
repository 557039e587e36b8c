"""Refusals of the facility as HTTP answers: a status, and text in the reader's language."""

from dataclasses import dataclass
from urllib.parse import quote

from litestar.response import Redirect

from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound, NotLoggedIn, Refusal, TooManyAttempts
from facility.acting.user_messages import UserMessage
from web.http.errors import answer, for_program
from web.rendering.addresses import requested_path
from web.rendering.pages import language_of
from web.rendering.texts import Texts, translate_message
from web.requests import HttpRequest, HttpResponse

STATUSES: dict[type[Refusal], int] = {
    NotLoggedIn: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooManyAttempts: 429,
}


def translate(request: HttpRequest, text: UserMessage, language: str) -> str:
    """Return a message in the language; its values are inserted afterwards, those that are messages translated, too."""
    engine = request.app.template_engine
    texts: Texts = engine.engine.globals["texts"]  # type: ignore[union-attr]  # put there by template_config
    return translate_message(texts.of(language).gettext, text)


@dataclass(frozen=True, slots=True)
class RefusalText:
    """A refusal as HTTP status and text; `fields` has the errors of single fields of what was sent."""

    status: int
    message: str
    fields: dict[str, str]


def refusal_text(request: HttpRequest, refusal: Refusal, language: str) -> RefusalText:
    """Translate a refusal for an answer, whether JSON or a page with its form."""
    faults = refusal.faults if isinstance(refusal, Invalid) else {}
    return RefusalText(
        status=STATUSES[type(refusal)],
        message=translate(request, refusal.message, language),
        fields={field: translate(request, text, language) for field, text in faults.items()},
    )


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer a refused act; a visitor without login who opens a page is redirected to the login."""
    page = not for_program(request)
    language = language_of(request) if page or "accept-language" in request.headers else "en"
    text = refusal_text(request, refusal, language)
    if text.status == 401 and page and request.method in {"GET", "HEAD"}:
        path = requested_path(request)
        return Redirect(f"/login?next={quote(path)}", status_code=303, headers={"Cache-Control": "no-store"})
    members: dict[str, object] = {}
    headers: dict[str, str] = {}
    if isinstance(refusal, Invalid):
        members["errors"] = [{"key": field, "message": error} for field, error in text.fields.items()]
    elif isinstance(refusal, Conflict) and refusal.current is not None:
        members["current"] = refusal.current.model_dump(mode="json")
    elif isinstance(refusal, TooManyAttempts):
        headers["Retry-After"] = str(refusal.wait)
    elif isinstance(refusal, NotLoggedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="octopus"'
    return answer(request, text.status, text.message, headers, **members)
