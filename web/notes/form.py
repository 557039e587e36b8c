"""The form for a note, as several pages show it."""

from collections.abc import Mapping
from typing import Any

from facility.notes.tags import TAGS, WORKS
from schemas import times
from schemas.site import Site
from web.notes.moments import FIELDS, are_twice
from web.rendering.local_times import WHICH_LABELS, local_text
from web.rendering.pages import translated, translated_messages
from web.requests import HttpRequest


def form_context(request: HttpRequest, site: Site, cell: str, typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what the form for a note needs, wherever it stands."""
    names = (*FIELDS, *(f"{name}_which" for name in FIELDS), "parameter", "text")
    values: dict[str, Any] = {name: (typed or {}).get(name, "") for name in names}
    if typed is None:
        values["started_at"] = local_text(times.now().replace(microsecond=0), site.zone)
    return {
        "cell_code": cell,
        "typed": values | {"tags": (typed or {}).get("tags", [])},
        "twice": are_twice(values, site),
        "which_words": translated(request, WHICH_LABELS),
        "tag_words": translated_messages(request, TAGS),
        "work_words": translated_messages(request, WORKS),
        "parameters": site.parameters_of(cell),
        "now": times.now(),
        "faults": {},
        "message": "",
    }
