"""How often would a rule have fired? The watchdog's own function over the last 30 days of one cell."""

from datetime import datetime, timedelta

from pydantic import BaseModel

from facility.acting.acts import Actor, read_transaction
from facility.acting.permissions import Act
from facility.acting.refusals import Invalid
from facility.acting.user_messages import message
from facility.alarms.rules import RuleChange
from schemas.site import Site
from storage.database import Reads
from telemetry.alarms.definitions import Definition
from telemetry.alarms.preview import preview
from telemetry.alarms.rules import RuleError

# Conditions that other cells or a command's effect decide are not in one cell's history.
NOT_IN_HISTORY = frozenset({"odd_one_out", "no_effect"})
SHOWN = 20


class FiringView(BaseModel):
    """An alarm that would have been; `ended_at` is null where it still stood at the end."""

    started_at: datetime
    ended_at: datetime | None


class PreviewView(BaseModel):
    """Over which time a rule was tried, on how many values, and when it would have called; the newest first."""

    cell: str
    start: datetime
    end: datetime
    values: int
    times: int
    firings: list[FiringView]


def preview_rule(sessions: Reads, actor: Actor, site: Site, change: RuleChange, now: datetime) -> PreviewView:
    """Try one level of a rule on the cell it names, or the site's first that has the parameter; raise Invalid."""
    cells = [
        cell
        for cell in (site.unit_of_cell if change.cell is None else [change.cell])
        if cell in site.unit_of_cell
        and (change.parameter is None or change.parameter in {one.code for one in site.parameters_of(cell)})
    ]
    if not cells:
        raise Invalid({"parameter": message("No such cell has this parameter.")})
    if change.kind in NOT_IN_HISTORY or (change.kind == "no_data") != (change.parameter is None):
        raise Invalid({"kind": message("This cannot be tried on the history of one cell and parameter.")})
    delay = timedelta(seconds=change.delay)
    level = Definition(change.kind, change.severity, change.threshold, delay, change.parameter)
    try:
        with read_transaction(sessions, actor, Act.ALARMS_READ) as session:
            found = preview(session, site, cells[0], [level], end=now)
    except RuleError as error:
        raise Invalid({"threshold": message("The threshold must be greater than 0.")}) from error
    firings = [FiringView(started_at=one.started_at, ended_at=one.ended_at) for one in reversed(found.firings)]
    return PreviewView(
        cell=cells[0],
        start=found.start,
        end=found.end,
        values=found.values,
        times=len(firings),
        firings=firings[:SHOWN],
    )
