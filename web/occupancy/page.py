"""`/occupancy`: who was, is and will be in which cell; as a drawing, as words, and as calendars."""

from datetime import date, timedelta
from typing import Annotated, Any, cast, get_args
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.fields import FIRST_DAY, LAST_DAY
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid, Refusal
from facility.assignments.occupancy import Occupancy, OccupancyRow, occupancy
from facility.assignments.views import Occupant
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction
from web.http.forms import page_again
from web.occupancy.timeline import MOMENT, Kind, Zoom, kind_of, lay_out, shifted, window
from web.rendering.local_times import UnclearTimeError, read_day
from web.rendering.pages import language_of, page, translated
from web.rendering.texts import N_
from web.requests import HttpRequest

KIND_LABELS: dict[Kind, str] = {"past": N_("past"), "present": N_("present"), "planned": N_("planned")}
ZOOM_LABELS: dict[Zoom, str] = {"weeks": N_("Weeks"), "months": N_("Months"), "year": N_("Year")}
# Not worth a line among words: what lies between one experiment's end and the next one's start.
SHORTEST_GAP = timedelta(hours=1)


@get("/occupancy", opt={"act": Act.EXPERIMENTS_READ}, include_in_schema=False, sync_to_thread=True)
def occupancy_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    zoom: FromQuery[str] = "",
    first: Annotated[str, QueryParameter(name="from")] = "",
    last: Annotated[str, QueryParameter(name="to")] = "",
) -> Template:
    """Show the requested days; where they are not valid, the error and the present months."""
    today = times.now().astimezone(site.zone).date()
    chosen = cast("Zoom", zoom) if zoom in get_args(Zoom) else None
    try:
        days = _days(chosen, first, last, today)
        found = occupancy(sessions, actor, *days, site.zone, past_plans=False)
    except Refusal as refusal:
        days = window("months", today)
        context = _context(
            request, occupancy(sessions, actor, *days, site.zone, past_plans=False), days, "months", site
        )
        context["typed"] = {"from": first[:40], "to": last[:40]}
        return page_again(request, "occupancy/occupancy.html", context, refusal, current="occupancy")
    selected_zoom = chosen or (None if first or last else "months")
    return page(
        request, "occupancy/occupancy.html", _context(request, found, days, selected_zoom, site), current="occupancy"
    )


def _days(zoom: Zoom | None, first: str, last: str, today: date) -> tuple[date, date]:
    """Return the first and the last day; raise Invalid for what is no day."""
    start, end = _day("from", first), _day("to", last)
    if start is None and end is None:
        return window(zoom or "months", today)
    if end is None:
        return cast("date", start), min(LAST_DAY, cast("date", start) + timedelta(days=91))
    return start or max(FIRST_DAY, end - timedelta(days=91)), end


def _day(name: str, text: str) -> date | None:
    try:
        return read_day(text)
    except UnclearTimeError as unclear:
        raise Invalid({name: unclear.message}) from None


def _context(
    request: HttpRequest, found: Occupancy, days: tuple[date, date], zoom: Zoom | None, site: Site
) -> dict[str, object]:
    experiments: dict[int, Occupant] = {bar.experiment.id: bar.experiment for row in found.rows for bar in row.bars}
    return {
        "timeline": lay_out(found, site.zone, language_of(request)),
        "found": found,
        "listed": [(row.cell, _lines(row)) for row in found.rows],
        "conflicts": [
            (row.cell, conflict.experiments, conflict.started_at, conflict.ended_at - MOMENT)
            for row in found.rows
            for conflict in row.conflicts
        ],
        "occupied": sum(any(bar.open for bar in row.bars) for row in found.rows),
        "experiments": sorted(experiments.values(), key=lambda experiment: experiment.code),
        "days": days,
        "zoom": zoom or "",
        "zooms": [
            (code, word, f"/occupancy?zoom={code}") for code, word in translated(request, _kind_labels()).items()
        ],
        "earlier": _address(zoom, *shifted(zoom, *days, -1)),
        "later": _address(zoom, *shifted(zoom, *days, 1)),
        "kind_words": translated(request, {str(kind): word for kind, word in KIND_LABELS.items()}),
        "kind_of": kind_of,
        "typed": {"from": days[0].isoformat(), "to": days[1].isoformat()},
        "faults": {},
        "message": "",
    }


def _kind_labels() -> dict[str, str]:
    return {str(zoom): word for zoom, word in ZOOM_LABELS.items()}


def _address(zoom: Zoom | None, first: date, last: date) -> str:
    query_values = {"zoom": zoom or "", "from": first.isoformat(), "to": last.isoformat()}
    return f"/occupancy?{urlencode({name: text for name, text in query_values.items() if text})}"


def _lines(row: OccupancyRow) -> list[dict[str, Any]]:
    """Return what a cell held, holds, will hold and when it is free, in the order of time, for readers."""
    lines: list[dict[str, Any]] = [
        {
            "kind": kind_of(bar),
            "experiment": bar.experiment,
            "start": bar.started_at,
            "end": None if bar.open else bar.ended_at - MOMENT,
        }
        for bar in row.bars
    ]
    lines += [
        {"kind": "free", "experiment": None, "start": gap.started_at, "end": gap.ended_at - MOMENT}
        for gap in row.gaps
        if gap.ended_at - gap.started_at >= SHORTEST_GAP
    ]
    return sorted(lines, key=lambda line: line["start"])
