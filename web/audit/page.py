"""`/audit`: acts with person, time, and values before and after; for admins, read-only, with export."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.auditing import AuditLine, AuditQuery, count_audit, search_audit
from facility.acting.fields import fold
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid
from facility.acting.user_messages import UserMessage, message
from facility.assignments.occupancy import day_start
from facility.experiments.views import ExperimentQuery, experiment_codes, list_experiments
from facility.people.people import PersonView, list_people
from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from web.http.forms import page_again
from web.rendering.audit_text import AuditText
from web.rendering.labels import ACT_LABELS, SUBJECT_LABELS, VIA_LABELS
from web.rendering.local_times import UnclearTimeError, read_day
from web.rendering.pages import language_of, page, page_gettext, translated
from web.requests import HttpRequest

PER_PAGE = 50
LONGEST = 64
PLACES = {"experiment": "/experiments/{}", "cell": "/cells/{}", "person": "/people#person-{}"}


@get("/audit", opt={"act": Act.AUDIT_READ}, include_in_schema=False, sync_to_thread=True)
def audit_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    who: FromQuery[str] = "",
    act: FromQuery[str] = "",
    subject: FromQuery[str] = "",
    subject_id: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    before: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
) -> Template:
    """Show a page of the lines that match, the newest first."""
    submitted = {"who": who, "act": act, "subject": subject, "subject_id": subject_id, "since": since, "until": until}
    submitted = {name: text.strip()[:LONGEST] for name, text in submitted.items()}
    people = list_people(sessions, actor)
    try:
        query = _query(submitted, people, site)
    except Invalid as refusal:
        context = _context(request, submitted, people) | _found(request, [], {}, site)
        return page_again(request, "audit/audit.html", context, refusal, current="audit")
    query = _by_code(sessions, actor, query)
    lines = search_audit(sessions, actor, query.model_copy(update={"before": before, "limit": PER_PAGE + 1}))
    codes = experiment_codes(sessions, actor, _experiments_in(lines))
    context = _context(request, submitted, people) | _found(request, lines[:PER_PAGE], codes, site)
    query_values = {name: text for name, text in submitted.items() if text}
    context |= {
        "total": count_audit(sessions, actor, query),
        "first_page": before is None,
        "newest": f"/audit?{urlencode(query_values)}",
        "older": f"/audit?{urlencode(query_values | {'before': lines[PER_PAGE - 1].id})}"
        if len(lines) > PER_PAGE
        else None,
        "exports": [(file, f"/api/audit/export?{_exported(query, file)}") for file in ("csv", "json")],
    }
    return page(request, "audit/audit.html", context, current="audit")


def _query(submitted: dict[str, str], people: Iterable[PersonView], site: Site) -> AuditQuery:
    """Return the search; raise Invalid for a day that is none and a name that several people have."""
    faults: dict[str, UserMessage] = {}
    ends: dict[str, datetime | None] = {}
    for name, days in (("since", 0), ("until", 1)):
        try:
            day = read_day(submitted[name])
            ends[name] = None if day is None else day_start(day + timedelta(days=days), site.zone)
        except UnclearTimeError as unclear:
            faults[name] = unclear.message
    found = _logins(submitted["who"], people)
    if len(found) > 1:
        faults["who"] = message("Several people have this name: {logins}.", logins=", ".join(found[:8]))
    if not faults and ends["since"] is not None and ends["until"] is not None and ends["since"] >= ends["until"]:
        faults["until"] = message("The end is before the start.")
    if faults:
        raise Invalid(faults)
    texts = {name: submitted[name] for name in ("act", "subject", "subject_id")}
    return AuditQuery(actor=found[0] if found else "", since=ends["since"], until=ends["until"], **texts)


def _by_code(sessions: Reads, actor: Actor, query: AuditQuery) -> AuditQuery:
    """Return the search with the number of an experiment whose code was typed."""
    code = query.subject_id
    if not code or code.isdecimal() or query.subject not in {"", "experiment"}:
        return query
    found = list_experiments(sessions, actor, ExperimentQuery(search=code, limit=500)).experiments
    number = next((str(item.id) for item in found if item.code.lower() == code.lower()), None)
    return query if number is None else query.model_copy(update={"subject": "experiment", "subject_id": number})


def _logins(who: str, people: Iterable[PersonView]) -> list[str]:
    """Return the login, or those of all people whose name contains the text; the text itself where there are none."""
    folded = fold(who)
    if not folded:
        return []
    exact = [person.login for person in people if person.login == folded]
    return exact or [person.login for person in people if folded in fold(person.name)] or [who]


def _context(request: HttpRequest, submitted: dict[str, str], people: Iterable[PersonView]) -> dict[str, object]:
    return {
        "typed": submitted,
        "narrowed": any(submitted.values()),
        "people": sorted(people, key=lambda person: person.login),
        "names": {person.login: person.name for person in people},
        "names_by_number": {str(person.id): person.name for person in people},
        "act_words": sorted(
            translated(request, {act.value: words for act, words in ACT_LABELS.items()}).items(),
            key=lambda item: fold(item[1]),
        ),
        "subject_words": translated(request, SUBJECT_LABELS),
        "via_words": translated(request, VIA_LABELS),
        "places": PLACES,
        "total": 0,
        "first_page": True,
        "newest": "/audit",
        "older": None,
        "exports": [],
        "faults": {},
        "message": "",
    }


def _found(request: HttpRequest, lines: list[AuditLine], codes: dict[int, str], site: Site) -> dict[str, object]:
    text = AuditText(site, language_of(request), page_gettext(request), codes)
    return {
        "lines": [(line, text.act(line), text.differences(line)) for line in lines],
        "codes": {str(number): code for number, code in codes.items()},
    }


def _experiments_in(lines: Iterable[AuditLine]) -> set[int]:
    """Return the row numbers of the experiments that lines are about or contain."""
    found: set[int] = set()
    for line in lines:
        if line.subject == "experiment" and line.subject_id.isdecimal():
            found.add(int(line.subject_id))
        for values in (line.before, line.after):
            if values and isinstance(values.get("experiment"), int):
                found.add(values["experiment"])
    return found


def _exported(query: AuditQuery, file: str) -> str:
    ends = {name: getattr(query, name) for name in ("since", "until")}
    texts = {"who": query.actor, "act": query.act, "subject": query.subject, "subject_id": query.subject_id}
    texts |= {name: times.to_text(end) for name, end in ends.items() if end is not None}
    return urlencode({name: text for name, text in texts.items() if text} | {"file": file})
