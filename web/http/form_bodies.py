"""The body of a form, read once, before authentication.

Litestar's own reader keeps the last thousand bodies, passwords included, for as long as the process lives: enough to
fill the memory of the server from outside. What is read here is found by the handlers as the form of their request.
"""

import asyncio
from http import HTTPStatus
from urllib.parse import parse_qsl

from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, HTTPException
from litestar.utils.scope.state import ScopeState

from web.requests import HttpRequest

Form = dict[str, str | list[str]]

# The longest form is an experiment's: two texts of 20,000 letters, each letter at most twelve bytes as it travels.
LARGEST_BODY = 1024 * 1024
MOST_FIELDS = 5000
SECONDS = 30.0


async def read_form(request: HttpRequest) -> Form:
    """Return the fields of a form, a list where a name came more than once; no fields where the body is no form."""
    form: Form = {}
    if request.content_type[0] == RequestEncodingType.URL_ENCODED:
        for name, value in _fields(await _body(request)):
            found = form.get(name)
            form[name] = value if found is None else [*(found if isinstance(found, list) else [found]), value]
    ScopeState.from_scope(request.scope).form = {**form}
    return form


async def _body(request: HttpRequest) -> str:
    try:
        async with asyncio.timeout(SECONDS):
            return (await request.body()).decode("utf-8", "replace")
    except TimeoutError:
        raise HTTPException(status_code=HTTPStatus.REQUEST_TIMEOUT, detail="the form did not arrive in time") from None


def _fields(body: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ClientException(detail=f"a form has at most {MOST_FIELDS} fields") from None
