"""Language and theme, kept in cookies so that they need neither an account nor a script."""

from typing import Annotated

from litestar import get
from litestar.datastructures import Cookie
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect

from web.rendering.pages import THEMES
from web.rendering.texts import LANGUAGES

A_YEAR = 365 * 86400


@get("/preferences", include_in_schema=False, sync_to_thread=False)
def preferences(
    back: Annotated[str, QueryParameter(name="next")] = "/",
    language: FromQuery[str | None] = None,
    theme: FromQuery[str | None] = None,
) -> Redirect:
    """Store a preference in a cookie and redirect to the page that sent it."""
    chosen = {"language": language if language in LANGUAGES else None, "theme": theme if theme in THEMES else None}
    return Redirect(
        own_path(back),
        cookies=[
            Cookie(key=key, value=value, path="/", max_age=A_YEAR, samesite="lax")
            for key, value in chosen.items()
            if value is not None
        ],
        headers={"Cache-Control": "no-store"},
    )


def own_path(target: str) -> str:
    """Return a path of this site only: a link from elsewhere must not send people away."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if plain else "/"
