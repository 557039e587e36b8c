"""Forms of pages: parse what was sent, and render it again with its errors where it is refused."""

from collections.abc import Mapping
from typing import TypeVar

from litestar.response import Template
from pydantic import BaseModel, ValidationError

from facility.acting.refusals import Invalid, Refusal, invalid
from facility.acting.user_messages import message
from web.http.refusals import refusal_text
from web.rendering.form_tokens import FORM_FIELD
from web.rendering.pages import language_of, page
from web.requests import HttpRequest

M = TypeVar("M", bound=BaseModel)


def form_texts(data: Mapping[str, object]) -> dict[str, str]:
    """Return the texts of a form without its token; files and whatever else is no text count as empty.

    Browsers end each line of a text with two characters: taken as they come, every text would look changed.
    """
    return {
        name: value.replace("\r\n", "\n") if isinstance(value, str) else ""
        for name, value in data.items()
        if name != FORM_FIELD
    }


def form_text_list(data: Mapping[str, object], name: str) -> list[str]:
    """Return what was sent under a name that a form may send more than once: boxes that were ticked."""
    found = data.get(name, [])
    return [item for item in (found if isinstance(found, list) else [found]) if isinstance(item, str)]


def parse(model: type[M], values: Mapping[str, object]) -> M:
    """Return the form as its model; raise Invalid with words for each field."""
    try:
        return model.model_validate(without_blanks(model, values))
    except ValidationError as error:
        raise invalid(error) from error


def without_blanks(model: type[BaseModel], values: Mapping[str, object]) -> dict[str, object]:
    """Return the values with None where a field that may be absent was left empty: forms cannot send nothing."""
    absent = {name for name, field in model.model_fields.items() if not field.is_required() and field.default is None}
    blank = {name for name, value in values.items() if isinstance(value, str) and not value.strip()}
    return {name: None if name in absent & blank else value for name, value in values.items()}


def check_same(data: Mapping[str, str], first: str) -> None:
    """Raise Invalid unless a password was typed twice alike."""
    if data.get(first, "") != data.get("again", ""):
        raise Invalid({"again": message("The two passwords differ.")})


def page_again(
    request: HttpRequest, name: str, context: Mapping[str, object], refusal: Refusal, *, current: str = ""
) -> Template:
    """Render the form again with the refusal's status and message, and an error beside each field."""
    text = refusal_text(request, refusal, language_of(request))
    faults = {field.split(".")[0]: error for field, error in text.fields.items()}
    values = dict(context) | {"faults": faults, "message": text.message}
    return page(request, name, values, current=current, status_code=text.status)
