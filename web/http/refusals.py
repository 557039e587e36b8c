"""From refusal to answer: a status and words in the reader's language."""

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
    """Return the sentence in the language; the values are put in afterwards, those that are words translated, too."""
    engine = request.app.template_engine
    texts: Texts = engine.engine.globals["texts"]  # type: ignore[union-attr]  # put there by template_config
    return translate_message(texts.of(language).gettext, text)


def refuse(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """Answer an act that was not done; who is not logged in and looks at a page is sent to the login."""
    status = STATUSES[type(refusal)]
    page = not for_program(request)
    if status == 401 and page and request.method in {"GET", "HEAD"}:
        path = requested_path(request)
        return Redirect(f"/login?next={quote(path)}", status_code=303, headers={"Cache-Control": "no-store"})
    language = language_of(request) if page or "accept-language" in request.headers else "en"
    members: dict[str, object] = {}
    headers: dict[str, str] = {}
    if isinstance(refusal, Invalid):
        members["errors"] = [
            {"key": field, "message": translate(request, text, language)} for field, text in refusal.faults.items()
        ]
    elif isinstance(refusal, Conflict) and refusal.current is not None:
        members["current"] = refusal.current.model_dump(mode="json")
    elif isinstance(refusal, TooManyAttempts):
        headers["Retry-After"] = str(refusal.wait)
    elif isinstance(refusal, NotLoggedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="octopus"'
    return answer(request, status, translate(request, refusal.message, language), headers, **members)
