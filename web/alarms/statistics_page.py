"""`/alarms/statistics`: alarms a day, the worst nuisances, how long alarms waited, how much of the time they took."""

from datetime import timedelta

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from facility.acting.acts import Actor
from facility.acting.permissions import Act
from facility.alarms.statistics import alarm_statistics
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction
from telemetry.alarms.rules import SEVERITIES
from web.alarms.page import shared
from web.live.snapshot import Snapshot
from web.rendering.pages import page, translated
from web.rendering.texts import N_
from web.requests import HttpRequest

# What can be looked at, in days.
PERIODS = {"1": N_("24 hours"), "7": N_("7 days"), "30": N_("30 days"), "90": N_("90 days"), "365": N_("a year")}


@get("/alarms/statistics", opt={"act": Act.ALARMS_READ}, include_in_schema=False, sync_to_thread=True)
def statistics_page(
    request: HttpRequest,
    *,
    sessions: NamedDependency[ReadTransaction],
    actor: NamedDependency[Actor],
    site: NamedDependency[Site],
    snapshot: NamedDependency[Snapshot],
    days: FromQuery[str] = "30",
) -> Template:
    """Show them for a period that ends now."""
    days = days if days in PERIODS else "30"
    now = times.now()
    found = alarm_statistics(sessions, actor, now - timedelta(days=int(days)), now, zone=site.zone, now=now)
    busiest = max((one.total for one in found.days), default=0)
    context = shared(request, site, actor) | {
        "snapshot": snapshot,
        "statistics": found,
        "severities": list(reversed(SEVERITIES)),
        "busiest": busiest,
        # Days without an alarm say nothing in a long table.
        "days_shown": [one for one in reversed(found.days) if one.total or len(found.days) <= 31],
        "chosen": days,
        "periods": list(translated(request, PERIODS).items()),
    }
    return page(request, "alarms/statistics.html", context, current="alarms")
