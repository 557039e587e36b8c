"""The token that a form of ours carries: derived from a cookie that scripts cannot read."""

from typing import Any

from facility.acting.secret_texts import form_token, new_secret
from web.requests import HttpRequest

FORM_FIELD = "_csrf_token"


def token_for_form(request: HttpRequest) -> str:
    """Return what a form of this answer must send back in FORM_FIELD, or a script in the header X-CSRF-Token."""
    state: dict[str, Any] = request.scope["state"]
    if not state.get("form_secret"):
        state["form_secret"] = new_secret()
        state["new_form_cookie"] = True
    return form_token(state["form_secret"])
