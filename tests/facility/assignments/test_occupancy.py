"""Who is expected where: what a cell holds stays there for its planned days, whoever else wants the cell."""

from datetime import timedelta

from facility.assignments.assigning import assign, unassign
from facility.assignments.occupancy import OccupancyRow, day_start, occupancy
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from schemas import times
from schemas.site import Site
from tests.facility.conftest import Station

NEXT = timedelta(days=1)


def plan(station: Station, site: Site, code: str, *, days: int, cells: tuple[str, ...] = ()) -> int:
    """Plan an experiment from today for so many days; return its number."""
    today = times.now().astimezone(site.zone).date()
    draft = ExperimentDraft(
        code=code, title=code, state="planned", planned_start=today, planned_end=today + timedelta(days), cells=cells
    )
    return create_experiment(station.sessions, station.technician, draft).id


def row(station: Station, site: Site, cell: str) -> OccupancyRow:
    today = times.now().astimezone(site.zone).date()
    first, last = today - timedelta(days=5), today + timedelta(days=60)
    found = occupancy(station.sessions, station.member, first, last, site.zone, past_plans=False)
    return next(one for one in found.rows if one.cell == cell)


def test_what_a_cell_holds_stays_for_its_planned_days_also_where_nobody_had_planned_it(
    station: Station, site: Site
) -> None:
    number = plan(station, site, "HERON", days=30, cells=("E1C1",))
    assign(station.sessions, station.technician, number, ["E1C1", "E1C2"])
    end = day_start(times.now().astimezone(site.zone).date() + timedelta(days=31), site.zone)
    for cell in ("E1C1", "E1C2"):
        held, rest = row(station, site, cell).bars
        assert (held.kind, held.open) == ("held", True)
        assert (rest.kind, rest.experiment.code, rest.ended_at) == ("planned", "HERON", end)
        assert held.ended_at <= rest.started_at < held.ended_at + timedelta(minutes=1)
    assert row(station, site, "E1C3").bars == []

    unassign(station.sessions, station.technician, "E1C2")
    assert [bar.kind for bar in row(station, site, "E1C2").bars] == ["held"]


def test_who_plans_a_cell_that_is_held_until_later_sees_a_conflict(station: Station, site: Site) -> None:
    assign(station.sessions, station.technician, plan(station, site, "HERON", days=30), ["E2C1"])
    plan(station, site, "DIGUE", days=10, cells=("E2C1",))
    assert {one.experiments for one in row(station, site, "E2C1").conflicts} == {("DIGUE", "HERON")}


def test_an_experiment_past_its_planned_days_promises_nothing_more(station: Station, site: Site) -> None:
    today = times.now().astimezone(site.zone).date()
    draft = ExperimentDraft(
        code="LATE", title="Late", state="planned", planned_start=today - 9 * NEXT, planned_end=today - NEXT
    )
    number = create_experiment(station.sessions, station.technician, draft).id
    assign(station.sessions, station.technician, number, ["E3C1"])
    assert [bar.kind for bar in row(station, site, "E3C1").bars] == ["held"]
