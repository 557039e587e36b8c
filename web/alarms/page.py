"""`/alarms`, `/alarms/history` and `/alarms/<n>`: what is open, what was, and all that became of one alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, get_args
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, Refusal
from facility.acting.user_messages import UserMessage, message
from facility.alarms.views import (
    MOST_SKIPPED,
    PAGE,
    STATES,
    AlarmQuery,
    Sort,
    find_alarms,
    get_alarm,
    out_of_service,
)
from facility.assignments.occupancy import day_start
from schemas import times
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from telemetry.alarms.rules import SEVERITIES
from web.alarms.words import CHANGE_WORDS, DONE_WORDS, SEVERITY_WORDS, SHELVES, STATE_WORDS
from web.http.query_parameters import RowId
from web.http.refusals import STATUSES, translate
from web.live.snapshot import Snapshot
from web.rendering.local_times import UnclearTimeError, read_day
from web.rendering.pages import language_of, page, page_gettext, translated
from web.rendering.texts import N_
from web.requests import HttpRequest

# What stands above the columns, with what it sorts by.
COLUMNS: tuple[tuple[Sort | None, str], ...] = (
    ("severity", N_("Severity")),
    ("place", N_("Place")),
    (None, N_("What")),
    ("state", N_("State")),
    ("since", N_("Since")),
    ("count", N_("Times")),
)
# Columns that people read upwards at the first press.
UPWARDS = frozenset({"place"})


@get("/alarms", opt={"act": Act.ALARMS_READ}, include_in_schema=False, sync_to_thread=True)
def alarms_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    done: FromQuery[str] = "",
) -> Template:
    """Show the alarms that are not over; a filter that names nothing known is no filter."""
    return View(request, site, sessions, actor, snapshot).list(dict(request.query_params), done=done)


@get("/alarms/history", opt={"act": Act.ALARMS_READ}, include_in_schema=False, sync_to_thread=True)
def history_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    number: Annotated[int, QueryParameter(name="page", ge=1, le=MOST_SKIPPED // PAGE)] = 1,
) -> Template:
    """Show all alarms, the newest first, page by page."""
    view = View(request, site, sessions, actor, snapshot)
    return view.list(dict(request.query_params), history=True, number=number)


@get("/alarms/{alarm:int}", opt={"act": Act.ALARMS_READ}, include_in_schema=False, sync_to_thread=True)
def alarm_page(
    request: HttpRequest,
    *,
    alarm: RowId,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    done: FromQuery[str] = "",
) -> Template:
    """Show one alarm with every transition."""
    return View(request, site, sessions, actor, snapshot).one(alarm, done=done)


@dataclass(frozen=True, slots=True)
class View:
    """What the pages are made from; also after an act on them was refused."""

    request: HttpRequest
    site: Site
    sessions: Reads
    actor: Actor
    snapshot: Snapshot

    def one(self, number: int, *, done: str = "", refusal: Refusal | None = None) -> Template:
        """Render an alarm; after a refused act with its words and status."""
        found = get_alarm(self.sessions, self.actor, number)
        context = self._shared(done, refusal) | {
            "alarm": found.alarm,
            "transitions": list(reversed(found.transitions)),
            "more": found.more,
            "back": f"/alarms/{number}",
        }
        return self._page("alarms/alarm.html", context, refusal)

    def list(
        self,
        asked: Mapping[str, str],
        *,
        history: bool = False,
        number: int = 1,
        done: str = "",
        refusal: Refusal | None = None,
    ) -> Template:
        """Render the list; after a refused act with its words and status."""
        query, typed, faults = read_query(self.site, asked, history=history, number=number)
        found = find_alarms(self.sessions, self.actor, query)
        path = "/alarms/history" if history else "/alarms"
        narrowed = {name: value for name, value in typed.items() if value}
        gettext, language = page_gettext(self.request), language_of(self.request)

        def address(**changes: object) -> str:
            sorting = {"sort": query.sort, "order": "desc" if query.descending else "asc"}
            return f"{path}?{urlencode(narrowed | sorting | changes)}"

        def sort_address(column: Sort) -> str:
            turned = not query.descending if column == query.sort else column not in UPWARDS
            return address(sort=column, order="desc" if turned else "asc")

        context = self._shared(done, refusal) | {
            "history": history,
            "state_choices": [(one, gettext(STATE_WORDS[one])) for one in (STATES if history else STATES[:-1])],
            "found": found,
            "query": query,
            "typed": typed,
            "faults": {name: translate(self.request, words, language) for name, words in faults.items()},
            "narrowed": narrowed,
            "columns": COLUMNS,
            "sort_address": sort_address,
            "page_address": lambda to: address(page=to),
            "path": path,
            "back": address(),
            "number": number,
            "last": max(1, min(MOST_SKIPPED // PAGE, -(-found.total // PAGE))),
            "first_shown": query.offset + 1,
            "out": () if history else out_of_service(self.sessions, self.actor),
        }
        return self._page("alarms/alarms.html", context, refusal)

    def _shared(self, done: str, refusal: Refusal | None) -> dict[str, Any]:
        return shared(self.request, self.site, self.actor) | {
            "snapshot": self.snapshot,
            "done": page_gettext(self.request)(DONE_WORDS[done]) if done in DONE_WORDS else "",
            "message": "" if refusal is None else words_of(self.request, refusal),
        }

    def _page(self, template: str, context: dict[str, Any], refusal: Refusal | None) -> Template:
        status = 200 if refusal is None else STATUSES[type(refusal)]
        return page(self.request, template, context, current="alarms", status_code=status)


def read_query(
    site: Site, asked: Mapping[str, str], *, history: bool, number: int
) -> tuple[AlarmQuery, dict[str, str], dict[str, UserMessage]]:
    """Return the search, what is shown as typed, and the faults of its dates."""
    known = {
        "severity": SEVERITIES,
        "state": STATES if history else STATES[:-1],
        "cell": tuple(site.unit_of_cell),
    }
    typed = {name: asked.get(name, "") if asked.get(name, "") in choices else "" for name, choices in known.items()}
    faults: dict[str, UserMessage] = {}
    ends = {}
    for name, days in (("from", 0), ("to", 1)) if history else ():
        typed[name] = asked.get(name, "")[:40]
        try:
            day = read_day(typed[name])
        except UnclearTimeError as unclear:
            faults[name] = unclear.message
            continue
        ends[name] = None if day is None else day_start(day + timedelta(days=days), site.zone)
    begin, end = ends.get("from"), ends.get("to")
    if begin is not None and end is not None and begin >= end:
        faults["to"] = message("The end is before the start.")
    sort = asked.get("sort", "")
    order = asked.get("order", "")
    sort = sort if sort in get_args(Sort) else "since" if history else "severity"
    members = {"severity": typed["severity"] or None, "state": typed["state"] or None, "cell": typed["cell"]}
    query = AlarmQuery.model_validate(
        members
        | {"open": not history, "sort": sort, "since": ends.get("from"), "until": ends.get("to")}
        | {"descending": order == "desc" if order in {"asc", "desc"} else sort not in UPWARDS}
        | {"offset": (number - 1) * PAGE if history else 0, "limit": PAGE if history else 500}
    )
    return query, typed, faults


def shared(request: HttpRequest, site: Site, actor: Actor) -> dict[str, Any]:
    """Return what every page about alarms needs: words, and what the person may do."""
    return {
        "severity_words": translated(request, SEVERITY_WORDS),
        "alarm_state_words": translated(request, STATE_WORDS),
        "change_words": translated(request, CHANGE_WORDS),
        "shelves": list(translated(request, SHELVES).items()),
        "cell_choices": [(code, code) for code in site.unit_of_cell],
        "may_acknowledge": actor.may(Act.ALARM_ACKNOWLEDGE),
        "may_shelve": actor.may(Act.ALARM_SHELVE),
        "may_serve": actor.may(Act.ALARM_OUT_OF_SERVICE),
        "now": times.now(),
        "faults": {},
    }


def words_of(request: HttpRequest, refusal: Refusal) -> str:
    """Return why an act was refused; where the faults of fields say more, those."""
    language = language_of(request)
    if isinstance(refusal, Invalid) and refusal.faults:
        return " ".join(translate(request, words, language) for words in refusal.faults.values())
    return translate(request, refusal.message, language)
