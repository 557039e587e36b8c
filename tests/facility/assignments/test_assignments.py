"""A cell holds one experiment at a time, whoever asks and however many at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from facility.acting.auditing import AuditQuery, changes_of_experiment, search_audit
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound
from facility.assignments.assigning import assign, assign_free, unassign, unassign_several
from facility.assignments.correcting import (
    BackDated,
    Correction,
    Withdrawal,
    assign_back_dated,
    correct,
    overlaps,
    withdraw,
)
from facility.assignments.views import assignments_of_cell, cell_experiments
from facility.experiments.changing import change_experiment, create_experiment
from facility.experiments.drafts import ExperimentChange, ExperimentDraft
from facility.experiments.views import ExperimentView, get_experiment
from schemas import times
from schemas.messages import CellExperiment, ParameterLimits
from schemas.site import Site
from schemas.tables import Assignment
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from tests.services.mariadb import MariaDB

HOUR = timedelta(hours=1)


def make(station: Station, code: str, **members: object) -> ExperimentView:
    values = {"state": "planned", "planned_start": "2026-03-01", "planned_end": "2026-04-30"} | members
    draft = ExperimentDraft.model_validate({"code": code, "title": f"Experiment {code}"} | values)
    return create_experiment(station.sessions, station.technician, draft)


@pytest.fixture
def station_on_mariadb(mariadb_server: MariaDB, site: Site) -> Iterator[Station]:
    engine = prepare_database(mariadb_server.make_database(), site)
    yield make_station(engine)
    engine.dispose()


def test_assigning_ends_the_previous_and_starts_the_new_at_the_same_instant(station: Station) -> None:
    first, second = make(station, "A"), make(station, "B")
    assign(station.sessions, station.technician, first.id, ["E1C1", "E1C2"])
    assign(station.sessions, station.technician, second.id, ["E1C1"])
    newest, oldest = assignments_of_cell(station.sessions, station.member, "E1C1")
    assert (newest.experiment.code, newest.ended_at) == ("B", None)
    assert (oldest.experiment.code, oldest.ended_at) == ("A", newest.started_at)
    with station.sessions() as session:
        held = cell_experiments(session)
    assert [code for code, one in held.items() if one is not None] == ["E1C1", "E1C2"]
    assert get_experiment(station.sessions, station.member, first.id).state == "running"


def test_what_a_cell_holds_names_its_limits(station: Station) -> None:
    asked = [
        {"parameter": "air_temperature", "deviation": 0.3, "delay": 60, "severity": "major"},
        {"parameter": "co2", "low": 380, "high": 450.5},
        {"parameter": "par"},
    ]
    one = make(station, "A", parameters=asked)
    assign(station.sessions, station.technician, one.id, ["E1C1"])
    with station.sessions() as session:
        held = cell_experiments(session)["E1C1"]
    assert held is not None
    assert held.limits == {
        "air_temperature": ParameterLimits(deviation=0.3, delay=60, severity="major"),
        "co2": ParameterLimits(low=380, high=450.5),
        "par": ParameterLimits(),
    }
    assert CellExperiment.model_validate_json(held.to_json()) == held, "as its topic carries it"


def test_a_second_open_assignment_is_refused_by_the_database_itself(station: Station) -> None:
    one = make(station, "A")
    started = assign(station.sessions, station.technician, one.id, ["E1C1"])[0]
    with station.sessions() as session:
        cell = session.scalar(select(Assignment.cell_id).where(Assignment.id == started.id))
        session.add(Assignment(cell_id=cell, experiment_id=one.id, started_at=times.now()))
        with pytest.raises(IntegrityError):
            session.flush()


def test_all_cells_or_none(station: Station) -> None:
    one = make(station, "A")
    with pytest.raises(NotFound, match="E9C9"):
        assign(station.sessions, station.technician, one.id, ["E1C1", "E9C9"])
    assert assignments_of_cell(station.sessions, station.member, "E1C1") == []


def test_a_stale_page_does_not_replace_what_it_did_not_show(station: Station) -> None:
    first, second = make(station, "A"), make(station, "B")
    assign(station.sessions, station.technician, first.id, ["E1C1"])
    with pytest.raises(Conflict, match="now holds A"):
        assign(station.sessions, station.technician, second.id, ["E1C1"], replacing={"E1C1": None})
    with pytest.raises(Conflict, match="now holds A"):
        unassign(station.sessions, station.technician, "E1C1", experiment_id=second.id)
    assign(station.sessions, station.technician, second.id, ["E1C1"], replacing={"E1C1": first.id})


def test_free_cells_only(station: Station) -> None:
    first, second = make(station, "A"), make(station, "B")
    assign(station.sessions, station.technician, first.id, ["E1C1"])
    taken = assign_free(station.sessions, station.technician, second.id)
    assert len(taken) == 17
    assert "E1C1" not in {one.cell for one in taken}
    with pytest.raises(Conflict, match="No cell is free"):
        assign_free(station.sessions, station.technician, first.id)


def test_two_who_take_all_free_cells_never_share_one(station_on_mariadb: Station) -> None:
    station = station_on_mariadb
    for _ in range(5):
        one, other = (make(station, f"R{_}-{name}") for name in "AB")
        start = Barrier(2)

        def take(number: int, start: Barrier = start) -> set[str]:
            start.wait()
            try:
                return {view.cell for view in assign_free(station.sessions, station.technician, number)}
            except Conflict:
                return set()

        with ThreadPoolExecutor(2) as pool:
            cells = list(pool.map(take, (one.id, other.id)))
        assert sorted(map(len, cells)) == [0, 18]
        for code in cells[0] | cells[1]:
            unassign(station.sessions, station.technician, code)


def test_two_who_assign_the_same_cells_at_once_leave_no_hole_and_no_overlap(station_on_mariadb: Station) -> None:
    station = station_on_mariadb
    numbers = [make(station, f"C{index}").id for index in range(4)]
    start = Barrier(4)

    def put(number: int) -> None:
        start.wait()
        for _ in range(5):
            # In different orders: the acts themselves sort their locks.
            cells = ["E1C1", "E1C2", "E1C3"] if number % 2 else ["E1C3", "E1C2", "E1C1"]
            assign(station.sessions, station.technician, number, cells)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, numbers))
    for cell in ("E1C1", "E1C2", "E1C3"):
        history = assignments_of_cell(station.sessions, station.member, cell)[::-1]
        assert [one.ended_at for one in history[:-1]] == [one.started_at for one in history[1:]]
        assert history[-1].ended_at is None


def test_corrections_need_a_reason_and_refuse_overlaps_and_the_future(station: Station) -> None:
    first, second = make(station, "A"), make(station, "B")
    now = times.now()
    past = BackDated(
        experiment=first.id, cell="E1C1", started_at=now - 10 * HOUR, ended_at=now - 5 * HOUR, reason="noted late"
    )
    noted = assign_back_dated(station.sessions, station.technician, past)
    with pytest.raises(Invalid, match="correct") as refused:
        assign_back_dated(
            station.sessions,
            station.technician,
            BackDated(experiment=second.id, cell="E1C1", started_at=now - 6 * HOUR, reason="also there"),
        )
    assert "held A" in str(refused.value.faults["started_at"])
    current = assign(station.sessions, station.technician, second.id, ["E1C1"])[0]
    touching = Correction(started_at=now - 5 * HOUR, reason="came right after")
    assert correct(station.sessions, station.technician, current.id, touching).started_at == now - 5 * HOUR
    for times_, field in (
        ({"started_at": now + HOUR}, "started_at"),
        ({"started_at": now - HOUR, "ended_at": now + HOUR}, "ended_at"),
        ({"started_at": now - HOUR, "ended_at": now - 2 * HOUR}, "ended_at"),
    ):
        with pytest.raises(Invalid) as refused:
            correct(
                station.sessions, station.technician, noted.id, Correction.model_validate(times_ | {"reason": "why"})
            )
        assert field in refused.value.faults
    with pytest.raises(Forbidden):
        withdraw(station.sessions, station.member, noted.id, Withdrawal(reason="not mine"))
    withdraw(station.sessions, station.technician, noted.id, Withdrawal(reason="never was"))
    assert len(assignments_of_cell(station.sessions, station.member, "E1C1")) == 1
    told = search_audit(station.sessions, station.admin, AuditQuery(act="assignment.withdraw"))[0]
    assert told.after == {"reason": "never was"}
    assert told.before is not None
    assert told.before["experiment"] == first.id


def test_ending_an_experiment_frees_its_cells(station: Station) -> None:
    one = make(station, "A")
    assign(station.sessions, station.technician, one.id, ["E1C1", "E2C1"])
    running = get_experiment(station.sessions, station.member, one.id)
    ended = change_experiment(
        station.sessions, station.technician, one.id, ExperimentChange(version=running.version, state="ended")
    )
    assert (ended.state, ended.cells_now) == ("ended", ())
    with pytest.raises(Invalid, match="correct"):
        assign(station.sessions, station.technician, one.id, ["E1C1"])


def test_the_past_of_an_experiment_that_ended_is_set_right_but_not_opened_again(station: Station) -> None:
    one = make(station, "A")
    started = assign(station.sessions, station.technician, one.id, ["E1C1"])[0].started_at
    running = get_experiment(station.sessions, station.member, one.id)
    change_experiment(
        station.sessions, station.technician, one.id, ExperimentChange(version=running.version, state="ended")
    )
    past = assignments_of_cell(station.sessions, station.member, "E1C1")[0]
    with pytest.raises(Invalid) as refused:
        correct(station.sessions, station.technician, past.id, Correction(started_at=started, reason="still there"))
    assert "ended" in str(refused.value.faults["ended_at"])
    earlier = Correction(started_at=started - HOUR, ended_at=past.ended_at, reason="came before")
    assert correct(station.sessions, station.technician, past.id, earlier).started_at == started - HOUR
    with station.sessions() as session:
        assert cell_experiments(session)["E1C1"] is None


def test_a_planned_experiment_whose_past_is_opened_again_runs(station: Station) -> None:
    one, now = make(station, "A"), times.now()
    past = BackDated(experiment=one.id, cell="E1C1", started_at=now - 2 * HOUR, ended_at=now - HOUR, reason="late")
    noted = assign_back_dated(station.sessions, station.technician, past)
    assert get_experiment(station.sessions, station.member, one.id).state == "planned"
    correct(station.sessions, station.technician, noted.id, Correction(started_at=now - 2 * HOUR, reason="still there"))
    assert get_experiment(station.sessions, station.member, one.id).state == "running"


def test_several_cells_are_freed_in_one_act_or_none(station: Station) -> None:
    one, other = make(station, "A"), make(station, "B")
    assign(station.sessions, station.technician, one.id, ["E1C1", "E1C2"])
    assign(station.sessions, station.technician, other.id, ["E1C3"])
    for cells in (["E1C1", "E1C3"], ["E1C1", "E2C1"]):
        with pytest.raises(Conflict):
            unassign_several(station.sessions, station.technician, cells, experiment_id=one.id)
        assert get_experiment(station.sessions, station.member, one.id).cells_now == ("E1C1", "E1C2")
    with pytest.raises(Forbidden):
        unassign_several(station.sessions, station.member, ["E1C1"])
    ended = unassign_several(station.sessions, station.technician, ["E1C2", "E1C1", "E1C1"], experiment_id=one.id)
    assert {view.cell for view in ended} == {"E1C1", "E1C2"}
    assert len({view.ended_at for view in ended}) == 1
    told = search_audit(station.sessions, station.admin, AuditQuery(act="assignment.end"))
    assert sorted(line.subject_id for line in told) == ["E1C1", "E1C2"]


def test_everybody_sees_what_was_done_to_an_experiment_and_to_no_other(station: Station) -> None:
    one, other = make(station, "A"), make(station, "B")
    assign(station.sessions, station.technician, one.id, ["E1C1"])
    assign(station.sessions, station.technician, other.id, ["E1C1"])
    gone = assignments_of_cell(station.sessions, station.member, "E1C1")[0]
    withdraw(station.sessions, station.technician, gone.id, Withdrawal(reason="never was"))

    def acts(number: int) -> list[tuple[str, str]]:
        lines = changes_of_experiment(station.sessions, station.member, number)
        assert {line.address for line in lines} == {""}
        return [(line.act, line.subject) for line in reversed(lines)]

    begun = [("experiment.create", "experiment"), ("experiment.state", "experiment"), ("assignment.start", "cell")]
    # Its replacement is a line of both; what was withdrawn has left the cell's history, not this one.
    assert acts(one.id) == [*begun, ("assignment.start", "cell")]
    assert acts(other.id) == [*begun, ("assignment.withdraw", "cell")]


def test_the_audit_cannot_be_changed(engine: Engine, station: Station) -> None:
    del station
    for statement in ("UPDATE audit_event SET actor = 'nobody'", "DELETE FROM audit_event"):
        with pytest.raises(Exception, match="never changed"), engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_an_open_assignment_overlaps_all_that_comes_later() -> None:
    now = times.now()
    assert overlaps(now, None, now + HOUR, None)
    assert not overlaps(now, now + HOUR, now + HOUR, None)
