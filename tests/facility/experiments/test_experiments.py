"""Experiments: nobody's change is lost, and what cannot be is refused in words."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from pydantic import ValidationError

from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound, invalid
from facility.experiments.changing import change_experiment, create_experiment
from facility.experiments.drafts import ExperimentChange, ExperimentDraft
from facility.experiments.views import ExperimentQuery, ExperimentView, get_experiment, list_experiments
from schemas.site import Site
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from tests.services.mariadb import MariaDB


def make(station: Station, code: str, **members: object) -> ExperimentView:
    draft = ExperimentDraft.model_validate({"code": code, "title": code} | members)
    return create_experiment(station.sessions, station.technician, draft)


@pytest.fixture
def station_on_mariadb(mariadb_server: MariaDB, site: Site) -> Iterator[Station]:
    engine = prepare_database(mariadb_server.make_database(), site)
    yield make_station(engine)
    engine.dispose()


def test_what_is_typed_comes_back(station: Station) -> None:
    title = "Sécheresse <b>'; DROP TABLE experiment; --</b> 🌱"
    tolerance = {"parameter": "air_temperature", "deviation": 0.5, "delay": 900, "severity": "major"}
    made = make(
        station, "DRY-2026", title=title, cells=["E1C2", "E1C1"], parameters=[tolerance],
        planned_start="2028-02-29", planned_end="2028-03-26",
    )  # fmt: skip
    found = get_experiment(station.sessions, station.member, made.id)
    assert (found.title, found.cells, found.version) == (title, ("E1C1", "E1C2"), 1)
    assert found.parameters[0].model_dump() == tolerance | {"low": None, "high": None}


def test_of_two_who_edit_the_second_is_told_and_sees_both(station: Station) -> None:
    made = make(station, "A")
    change_experiment(station.sessions, station.technician, made.id, ExperimentChange(version=1, title="First"))
    with pytest.raises(Conflict) as refused:
        change_experiment(station.sessions, station.admin, made.id, ExperimentChange(version=1, team="Second"))
    assert isinstance(refused.value.current, ExperimentView)
    assert (refused.value.current.title, refused.value.current.version) == ("First", 2)


def test_of_many_who_edit_at_once_one_wins(station_on_mariadb: Station) -> None:
    station = station_on_mariadb
    made = make(station, "A")
    start = Barrier(4)

    def edit(number: int) -> bool:
        start.wait()
        wanted = ExperimentChange(version=1, title=f"Title {number}")
        try:
            change_experiment(station.sessions, station.technician, made.id, wanted)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(edit, range(4))) == [False, False, False, True]


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"title": "x" * 10_000}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": "\x00"}, "title"),
        ({"title": "paid \u202edne"}, "title"),
        ({"description": "\u2067turned"}, "description"),
        ({"title": "\u200b\ufeff"}, "title"),
        ({"code": "../etc"}, "code"),
        ({"planned_start": "2026-02-29"}, "planned_start"),
        ({"planned_start": "0001-01-01"}, "planned_start"),
        ({"state": "running"}, "state"),
        ({"parameters": [{"parameter": "co2", "deviation": float("nan")}]}, "parameters.0.deviation"),
        ({"parameters": [{"parameter": "co2", "delay": -1}]}, "parameters.0.delay"),
        ({"parameters": [{"parameter": "co2"}, {"parameter": "co2"}]}, "parameters"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_cannot_be_typed_is_refused_at_its_field(members: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ExperimentDraft.model_validate({"code": "A", "title": "A"} | members)
    faults = invalid(refused.value).faults
    assert any(name.startswith(field) for name in faults), faults


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"planned_start": "2026-05-02", "planned_end": "2026-05-01"}, "planned_end"),
        ({"state": "planned", "planned_start": "2026-05-02"}, "planned_end"),
        ({"cells": ["E9C9"]}, "cells"),
        ({"parameters": [{"parameter": "phlogiston"}]}, "parameters.0.parameter"),
        ({"parameters": [{"parameter": "o2", "deviation": 1}]}, "parameters.0.deviation"),
        ({"parameters": [{"parameter": "co2", "deviation": 1, "low": 1}]}, "parameters.0.deviation"),
        ({"parameters": [{"parameter": "co2", "low": 2, "high": 1}]}, "parameters.0.high"),
    ],
)
def test_what_does_not_fit_together_is_refused(station: Station, members: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        make(station, "A", **members)
    assert field in refused.value.faults
    assert list_experiments(station.sessions, station.member, ExperimentQuery()).total == 0


def test_codes_are_unique_members_look_and_what_vanished_is_not_found(station: Station) -> None:
    make(station, "A")
    with pytest.raises(Invalid):
        make(station, "A")
    with pytest.raises(NotFound):
        change_experiment(station.sessions, station.technician, 999, ExperimentChange(version=1))
    with pytest.raises(Forbidden):
        create_experiment(station.sessions, station.member, ExperimentDraft(code="B", title="B"))


def test_states_move_along_their_ways_only(station: Station) -> None:
    made = make(station, "A")
    with pytest.raises(Invalid):
        change_experiment(station.sessions, station.technician, made.id, ExperimentChange(version=1, state="ended"))
    with pytest.raises(Invalid) as refused:
        change_experiment(station.sessions, station.technician, made.id, ExperimentChange(version=1, state="planned"))
    assert "planned_start" in refused.value.faults


def test_search_filter_sort_and_pages(station: Station) -> None:
    make(station, "A", title="Sécheresse d'été", team="Sols")
    make(station, "B", title="Ozone", cells=["E3C1"])
    make(station, "C", title="100 % CO2_test")

    def codes(**query: object) -> list[str]:
        page = list_experiments(station.sessions, station.member, ExperimentQuery.model_validate(query))
        return [one.code for one in page.experiments]

    assert codes(search="secheresse ETE") == ["A"]
    assert codes(search="%") == ["C"]
    assert codes(search="_") == ["C"]
    assert codes(cell="E3C1") == ["B"]
    assert codes(state=("running",)) == []
    assert codes(sort="code", descending=False) == ["A", "B", "C"]
    assert codes(sort="code", descending=False, offset=1, limit=1) == ["B"]


def test_a_change_of_parameters_may_leave_out_what_has_a_default(station: Station) -> None:
    made = make(station, "A")
    wanted = ExperimentChange.model_validate({"version": 1, "parameters": [{"parameter": "co2"}]})
    changed = change_experiment(station.sessions, station.technician, made.id, wanted)
    assert [(one.parameter, one.delay, one.deviation) for one in changed.parameters] == [("co2", 600, None)]
