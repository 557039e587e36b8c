"""`/experiments`: all of them, searched, filtered, sorted, page by page."""

from typing import Annotated, get_args
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.experiments.drafts import EXPERIMENT_STATE_LABELS
from facility.experiments.views import ExperimentQuery, Sort, list_experiments
from schemas.site import Site
from storage.database import Reads, ReadTransaction
from web.http.query_parameters import present_code
from web.rendering.pages import page, translated_messages
from web.rendering.texts import N_
from web.requests import HttpRequest

PER_PAGE = 25
# What stands above the columns; `cells` cannot be sorted by.
COLUMNS: tuple[tuple[Sort | None, str], ...] = (
    ("title", N_("Experiment")),
    ("state", N_("State")),
    (None, N_("Cells")),
    ("planned_start", N_("Planned")),
    ("updated_at", N_("Last change")),
)
# The direction that people expect at the first press: words from A, days from the newest.
NEWEST_FIRST = frozenset({"planned_start", "planned_end", "updated_at"})


@get("/experiments", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def experiments_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    search: FromQuery[str] = "",
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    cell: FromQuery[str] = "",
    sort: FromQuery[str] = "updated_at",
    order: FromQuery[str] = "",
    number: Annotated[int, QueryParameter(name="page", ge=1, le=40_000)] = 1,
) -> Template:
    """Show a page of the list; a filter that names nothing known is no filter."""
    query = ExperimentQuery.model_validate(
        {
            "search": search[:200],
            "state": _states(in_state),
            "cell": present if (present := present_code(site, cell)) in site.unit_of_cell else "",
            "sort": sort if sort in get_args(Sort) else "updated_at",
            "descending": order == "desc" if order in {"asc", "desc"} else sort in NEWEST_FIRST,
            "offset": (number - 1) * PER_PAGE,
            "limit": PER_PAGE,
        }
    )
    found = list_experiments(sessions, actor, query)
    kept = in_state if in_state in {*EXPERIMENT_STATE_LABELS, "all"} else ""
    query_values = {"search": query.search, "state": kept, "cell": query.cell}
    narrowed = {name: value for name, value in query_values.items() if value}

    def address(**changes: object) -> str:
        sorting = {"sort": query.sort, "order": "desc" if query.descending else "asc"}
        return f"/experiments?{urlencode(narrowed | sorting | changes)}"

    def sort_address(column: Sort) -> str:
        turned = not query.descending if column == query.sort else column in NEWEST_FIRST
        return address(sort=column, order="desc" if turned else "asc")

    last = max(1, -(-found.total // PER_PAGE))
    context = {
        "found": found,
        "query": query,
        "asked": query_values,
        "narrowed": narrowed,
        "columns": COLUMNS,
        "sort_address": sort_address,
        "page_address": lambda to: address(page=to),
        "number": number,
        "last": last,
        "first_shown": query.offset + 1,
        "may_create": actor.may(Act.EXPERIMENT_CREATE),
        "all_address": f"/experiments?{urlencode(narrowed | {'state': 'all'})}",
        "archived": _archived(sessions, actor) if not found.total and not narrowed else 0,
        "cell_choices": [(code, code) for code in site.unit_of_cell],
        "experiment_states": translated_messages(request, EXPERIMENT_STATE_LABELS),
    }
    return page(request, "experiments/experiments.html", context, current="experiments")


def _states(query_values: str) -> tuple[str, ...]:
    """Return the states that are listed; archived ones only on request."""
    if query_values in EXPERIMENT_STATE_LABELS:
        return (query_values,)
    return () if query_values == "all" else tuple(state for state in EXPERIMENT_STATE_LABELS if state != "archived")


def _archived(sessions: Reads, actor: Actor) -> int:
    return list_experiments(sessions, actor, ExperimentQuery(state=("archived",), limit=1)).total
