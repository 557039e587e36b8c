"""Two moments that people type in a form, on the clock of the site."""

from collections.abc import Mapping
from datetime import datetime

from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage
from schemas.site import Site
from web.rendering.local_times import UnclearTimeError, read_local

FIELDS = ("started_at", "ended_at")


def read_moments(typed: Mapping[str, str], site: Site) -> dict[str, datetime | None]:
    """Return both, None for one that was left empty; raise Invalid with words for each that names no instant."""
    found: dict[str, datetime | None] = {}
    faults: dict[str, UserMessage] = {}
    for name in FIELDS:
        text = typed.get(name, "").strip()[:100]
        try:
            found[name] = read_local(text, site.zone, typed.get(f"{name}_which", "")) if text else None
        except UnclearTimeError as unclear:
            faults[name] = unclear.message
    if faults:
        raise Invalid(faults)
    return found


def are_twice(typed: Mapping[str, str], site: Site) -> set[str]:
    """Return which of the two names a time that the clock showed twice."""
    found = set()
    for name in FIELDS:
        try:
            read_local(typed.get(name, "")[:100], site.zone)
        except UnclearTimeError as unclear:
            if unclear.twice:
                found.add(name)
    return found
