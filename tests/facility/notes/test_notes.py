"""Annotations, announced work and rejected values, on both databases."""

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, insert, select, update

from facility.acting.acts import command
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound
from facility.assignments.correcting import BackDated, assign_back_dated
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.exports.readings import Export, csv_pieces
from facility.notes.annotations import (
    AnnotationDraft,
    AnnotationQuery,
    annotate,
    find_annotations,
    withdraw_annotation,
)
from facility.notes.events import events_csv, events_of_cell
from facility.notes.interventions import (
    InterventionDraft,
    end_intervention,
    extend_intervention,
    last_interventions,
    running_intervention,
    start_intervention,
)
from facility.notes.rejecting import Rejection, affected, reject, withdraw_rejection
from schemas import times
from schemas.site import Site
from schemas.tables import AuditEvent, Cell, Intervention, Parameter, Reading, Series
from telemetry.history import read_history
from tests.facility.conftest import Station

EVIL = "=cmd|'/C calc'!A0 <script>alert(1)</script>"


def draft(**members: object) -> AnnotationDraft:
    values = {"cell": "E1C1", "started_at": times.now() - timedelta(hours=1), "text": "leaf 3 cut"} | members
    return AnnotationDraft.model_validate(values)


def experiment(station: Station, cell: str, since: timedelta) -> int:
    form = ExperimentDraft.model_validate(
        {"code": f"X-{cell}", "title": "Drought", "state": "planned", "scientific_contact": "Ada",
         "planned_start": "2026-01-01", "planned_end": "2027-01-01"}
    )  # fmt: skip
    number = create_experiment(station.sessions, command("test"), form).id
    held = BackDated(experiment=number, cell=cell, started_at=times.now() - since, ended_at=None, reason="test")
    assign_back_dated(station.sessions, command("test"), held)
    return number


def test_a_member_annotates_and_it_belongs_to_the_experiment_that_was_there(station: Station) -> None:
    number = experiment(station, "E1C1", timedelta(hours=2))
    made = annotate(station.sessions, station.member, draft(parameter="co2", tags=("sampling", "plants", "sampling")))
    assert (made.experiment, made.tags, made.person) == ("X-E1C1", ["sampling", "plants"], "Member")
    before = annotate(station.sessions, station.member, draft(started_at=times.now() - timedelta(hours=3)))
    assert before.experiment is None
    query = AnnotationQuery(experiment=number)
    assert [one.id for one in find_annotations(station.sessions, station.member, query)[0]] == [made.id]
    tagged, total = find_annotations(station.sessions, station.member, AnnotationQuery(tag="plants"))
    assert ([one.id for one in tagged], total) == ([made.id], 1)
    with station.sessions() as session:
        line = session.scalars(select(AuditEvent).where(AuditEvent.subject == "annotation")).first()
        assert line is not None
        assert (line.act, line.after["tags"] if line.after else None) == ("annotation.add", ["sampling", "plants"])


@pytest.mark.parametrize(
    "members",
    [{"text": ""}, {"text": "x" * 100_000}, {"tags": ("nonsense",)}, {"tags": ("door",) * 6}, {"text": "a\x00b"},
     {"started_at": "yesterday"}, {"cell": "../etc"}, {"text": "\u202eevil"}],
)  # fmt: skip
def test_what_cannot_be_an_annotation_is_refused(members: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        draft(**members)


def test_an_end_before_its_start_an_unknown_cell_and_parameter_are_refused(station: Station) -> None:
    start = times.now()
    with pytest.raises(Invalid):
        annotate(station.sessions, station.member, draft(started_at=start, ended_at=start - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        annotate(station.sessions, station.member, draft(cell="E9C9"))
    with pytest.raises(Invalid):
        annotate(station.sessions, station.member, draft(parameter="nonsense"))


def test_withdrawn_is_kept_and_only_by_its_author_or_a_technician(station: Station) -> None:
    made = annotate(station.sessions, station.technician, draft())
    with pytest.raises(Forbidden):
        withdraw_annotation(station.sessions, station.member, made.id)
    assert withdraw_annotation(station.sessions, station.technician, made.id).withdrawn_at is not None
    with pytest.raises(Conflict):
        withdraw_annotation(station.sessions, station.technician, made.id)
    listed, _ = find_annotations(station.sessions, station.member, AnnotationQuery())
    assert [one.id for one in listed] == [made.id]
    start, end = times.now() - timedelta(days=1), times.now()
    assert events_of_cell(station.sessions, station.member, "E1C1", start, end).annotations == []
    with pytest.raises(NotFound):
        withdraw_annotation(station.sessions, station.technician, 10**6)


def test_work_begins_once_ends_by_itself_and_begins_anew(station: Station) -> None:
    form = InterventionDraft(cell="E1C1", minutes=20, work="sampling")

    def attempt(_: int) -> bool:
        try:
            start_intervention(station.sessions, station.technician, form)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
    present = running_intervention(station.sessions, station.member, "E1C1")
    assert present is not None
    assert extend_intervention(station.sessions, station.technician, present.id, 60).expected_end is not None
    with station.sessions() as session, session.begin():
        session.execute(update(Intervention).values(expected_end=times.now() - timedelta(minutes=1)))
    assert running_intervention(station.sessions, station.member, "E1C1") is None
    for act in (end_intervention, lambda *given: extend_intervention(*given, 5)):
        with pytest.raises(Conflict):
            act(station.sessions, station.technician, present.id)
    again = start_intervention(station.sessions, station.technician, form)
    assert end_intervention(station.sessions, station.technician, again.id).ended_at is not None
    listed = last_interventions(station.sessions, station.member, "E1C1")
    assert [one.ended_at is not None for one in listed] == [True, True]
    with pytest.raises(Forbidden):
        start_intervention(station.sessions, station.member, form)
    with pytest.raises(NotFound):
        start_intervention(station.sessions, station.technician, InterventionDraft(cell="E9C9"))


@pytest.mark.parametrize("minutes", [0, -1, 481, 10**9])
def test_work_lasts_from_a_minute_to_eight_hours(minutes: int) -> None:
    with pytest.raises(ValidationError):
        InterventionDraft(cell="E1C1", minutes=minutes)


def store(station: Station, cell: str, code: str, rows: list[tuple[datetime, float]]) -> None:
    with station.sessions() as session, session.begin():
        number = session.scalars(
            select(Series.id).join(Cell).join(Parameter).where(Cell.code == cell, Parameter.code == code)
        ).one()
        session.execute(
            insert(Reading),
            [{"series_id": number, "observed_at": at, "value": value, "quality": 0} for at, value in rows],
        )


def test_rejected_values_stay_and_export_and_chart_say_so(station: Station, engine: Engine, site: Site) -> None:
    del engine
    number = experiment(station, "E1C1", timedelta(hours=3))
    start = times.now().replace(microsecond=0) - timedelta(hours=1)
    store(station, "E1C1", "co2", [(start + timedelta(minutes=n), 400.0 + n) for n in range(10)])
    begin, end = start + timedelta(minutes=2), start + timedelta(minutes=5)
    form = Rejection(cell="E1C1", parameter="co2", started_at=begin, ended_at=end, reason="bottle empty")
    found = reject(station.sessions, station.technician, form)
    assert (found.readings, [one.id for one in found.experiments]) == (3, [number])
    assert affected(station.sessions, station.member, found.rejection.id) == found
    export = Export("E1C1", ("co2",), start, start + timedelta(hours=1), quality=True)
    rows = list(csv.reader(StringIO("".join(csv_pieces(station.sessions, site, export)))))
    assert [row[3] for row in rows[1:]] == ["0", "0", "3", "3", "3", "0", "0", "0", "0", "0"]
    assert [row[2] for row in rows[1:]] == [str(400 + n) for n in range(10)]
    with station.sessions() as session:
        history = read_history(session, site, cell="E1C1", parameters=["co2"], start=start, end=times.now(), points=100)
        assert set(session.scalars(select(Reading.quality))) == {0}
    assert history.model_dump(mode="json")["rejected"] == {"co2": [[times.to_text(begin), times.to_text(end)]]}
    withdraw_rejection(station.sessions, station.technician, found.rejection.id)
    rows = list(csv.reader(StringIO("".join(csv_pieces(station.sessions, site, export)))))
    assert {row[3] for row in rows[1:]} == {"0"}
    with pytest.raises(Conflict):
        withdraw_rejection(station.sessions, station.technician, found.rejection.id)
    with pytest.raises(Forbidden):
        reject(station.sessions, station.member, form)


def test_a_span_that_cannot_be_rejected(station: Station) -> None:
    now = times.now()
    hour = timedelta(hours=1)
    tried = [("co2", now, now - hour), ("co2", now, now), ("co2", now, now + 24 * hour), ("nonsense", now - hour, now)]
    for code, start, end in tried:
        form = Rejection(cell="E1C1", parameter=code, started_at=start, ended_at=end, reason="because")
        with pytest.raises(Invalid):
            reject(station.sessions, station.technician, form)


def test_events_are_exported_and_run_nothing(station: Station) -> None:
    annotate(station.sessions, station.member, draft(text=EVIL))
    start_intervention(station.sessions, station.technician, InterventionDraft(cell="E1C1", text=EVIL))
    found = events_of_cell(
        station.sessions, station.member, "E1C1", times.now() - timedelta(days=1), times.now() + timedelta(seconds=1)
    )
    rows = list(csv.reader(StringIO(events_csv(found))))
    assert [row[0] for row in rows[1:]] == ["annotation", "intervention"]
    assert [row[8][:1] for row in rows[1:]] == ["'", "'"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    span=st.tuples(st.integers(0, 3600), st.integers(0, 3600)),
    asked=st.tuples(st.integers(0, 3600), st.integers(1, 3600)),
)
def test_an_annotation_is_found_exactly_where_it_touches(
    station: Station, span: tuple[int, int], asked: tuple[int, int]
) -> None:
    base = times.from_text("2026-01-01T00:00:00Z")
    start, end = base + timedelta(seconds=span[0]), base + timedelta(seconds=sum(span))
    begin, until = base + timedelta(seconds=asked[0]), base + timedelta(seconds=sum(asked))
    made = annotate(station.sessions, station.member, draft(started_at=start, ended_at=end))
    found, _ = find_annotations(
        station.sessions, station.member, AnnotationQuery(cell="E1C1", since=begin, until=until, limit=500)
    )
    touches = start < until and end >= begin
    assert (made.id in {one.id for one in found}) == touches
