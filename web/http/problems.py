"""Error answers of the API, for its OpenAPI description."""

from http import HTTPStatus

from litestar.openapi.datastructures import ResponseSpec
from pydantic import BaseModel

from web.http.errors import PROBLEM


class Problem(BaseModel):
    """RFC 9457. `errors` names the members at fault; `current` is how things stand, after a conflict."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, object]] | None = None
    current: dict[str, object] | None = None


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe refusals: those given, and what every route that needs a login can answer."""
    return {
        status: ResponseSpec(
            data_container=Problem,
            generate_examples=False,
            description=HTTPStatus(status).phrase,
            media_type=PROBLEM,
        )
        for status in sorted({400, 401, 403, 503, *statuses})
    }
