"""A request reads one snapshot over one connection, cannot write with it, and never waits for who writes."""

from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text

from facility.acting.auditing import AuditQuery, changes_of_experiment, search_audit
from facility.assignments.assigning import assign, unassign
from facility.experiments.changing import create_experiment
from facility.experiments.drafts import ExperimentDraft
from facility.people.last_seen import LastSeen
from facility.people.sessions import SEEN_EVERY, Lifetimes, actor_of_session
from schemas import times
from schemas.tables import LoginAttempt, LoginSession
from storage.database import ReadTransaction, read_sessions, write_sessions
from tests.facility.conftest import Station
from tests.web.counting import counted
from tests.web.visitor import Visitor


@pytest.fixture(scope="module")
def number(station: Station) -> int:
    """An experiment that came and went in a cell, and is in another."""
    draft = {"code": "SNAP-1", "title": "Snapshots", "team": "t", "state": "planned"}
    days = {"planned_start": "2026-11-01", "planned_end": "2026-12-24"}
    made = create_experiment(station.sessions, station.technician, ExperimentDraft.model_validate(draft | days))
    assign(station.sessions, station.technician, made.id, ["E1C1", "E1C2"])
    unassign(station.sessions, station.technician, "E1C1")
    return made.id


def test_an_experiments_page_takes_one_connection_beside_the_visitors(
    shared: Engine, technician: Visitor, number: int
) -> None:
    assert technician.get(f"/experiments/{number}").status_code == 200
    with counted(shared) as asked:
        assert technician.get(f"/experiments/{number}").status_code == 200
    # Who it is, what the page shows, and three for its notes: their number, themselves, their tags.
    assert asked.connections <= 2, asked.statements
    selects = [statement for statement, _ in asked.statements if statement.startswith("SELECT")]
    assert len(selects) <= 13, "\n".join(selects)


def test_what_is_committed_meanwhile_is_not_seen(shared: Engine) -> None:
    transaction = ReadTransaction(read_sessions(shared))

    def count() -> int:
        with transaction.reading() as session:
            return len(session.scalars(select(LoginAttempt.id)).all())

    before = count()
    with write_sessions(shared)() as session, session.begin():
        row = {"at": times.now(), "account": "x", "address": "x", "succeeded": False}
        session.execute(insert(LoginAttempt), row)
    assert count() == before
    transaction.close()
    assert count() == before + 1, "after the request each block looks anew"


def test_a_session_for_reading_writes_nothing(shared: Engine) -> None:
    with read_sessions(shared)() as session:
        session.add(LoginAttempt(at=times.now(), account="x", address="x", succeeded=False))
        with pytest.raises(TypeError, match="for reading"):
            session.commit()
    if shared.dialect.name != "sqlite":
        with read_sessions(shared)() as session, pytest.raises(Exception, match="READ ONLY transaction"):
            session.execute(text("DELETE FROM login_attempt"))


def test_a_page_does_not_wait_for_who_writes(shared: Engine, technician: Visitor, number: int) -> None:
    """Also where the visitor's session was last seen long ago."""
    with shared.begin() as connection:
        connection.execute(LoginSession.__table__.update().values(seen_at=times.now() - 2 * SEEN_EVERY))  # type: ignore[attr-defined] # a Table, declared as FromClause
    with write_sessions(shared)() as writer:
        writer.execute(text("UPDATE person SET note = note"))
        writer.execute(text("UPDATE session SET seen_at = seen_at"))
        for path in ("/", f"/experiments/{number}", "/account", "/occupancy"):
            assert technician.get(path).status_code == 200, path
        writer.rollback()


def test_that_a_session_was_used_is_written_later(shared: Engine, technician: Visitor, station: Station) -> None:
    long_ago = times.now() - 2 * SEEN_EVERY
    with shared.begin() as connection:
        connection.execute(LoginSession.__table__.update().values(seen_at=long_ago))  # type: ignore[attr-defined] # as above
    seen = LastSeen()
    assert actor_of_session(station.sessions, technician.secret, "", Lifetimes(), seen) is not None

    def newest() -> Any:
        with read_sessions(shared)() as session:
            return max(session.scalars(select(LoginSession.seen_at)))

    assert newest() == long_ago
    seen.write(station.sessions)
    assert newest() > long_ago


def plans(engine: Engine, ask: Any) -> list[dict[str, Any]]:
    """Return MariaDB's plan of each statement that `ask` sends, a row a table."""
    with counted(engine) as asked:
        ask()
    found: list[dict[str, Any]] = []
    with engine.connect() as connection:
        for statement, parameters in asked.statements:
            if statement.startswith("SELECT"):
                result = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                found += [dict(row) for row in result.mappings()]
    return found


def test_the_audit_is_found_by_person_and_experiment_without_a_scan(
    shared: Engine, station: Station, number: int
) -> None:
    with write_sessions(shared)() as session, session.begin():
        session.execute(
            text(
                "INSERT INTO audit_event (at, actor, via, address, act, subject, subject_id)"
                " SELECT '2026-01-01', CONCAT('somebody', n), 'web', '', 'x.y', 'cell', 'E1C1' FROM"
                " (SELECT a.id * 100 + b.id AS n FROM parameter a, parameter b, parameter c) AS many"
                if shared.dialect.name != "sqlite"
                else "INSERT INTO audit_event (at, actor, via, address, act, subject, subject_id)"
                " SELECT '2026-01-01', 'somebody' || (a.id * 100 + b.id), 'web', '', 'x.y', 'cell', 'E1C1'"
                " FROM parameter a, parameter b, parameter c"
            )
        )
    changes = changes_of_experiment(station.sessions, station.member, number)
    assert [line.subject for line in changes].count("cell") == 3
    if shared.dialect.name == "sqlite":
        return  # its plans are told in other words; the indexes are the same
    with shared.connect() as connection:
        connection.exec_driver_sql("ANALYZE TABLE audit_event, audit_experiment")
    for ask in (
        lambda: changes_of_experiment(station.sessions, station.member, number),
        lambda: search_audit(station.sessions, station.admin, AuditQuery(actor="technician")),
    ):
        rows = [row for row in plans(shared, ask) if str(row["table"]).startswith("audit")]
        assert rows
        assert not [row for row in rows if row["type"] in {"ALL", "index"}], rows


def test_the_history_of_many_series_is_found_without_a_scan(shared: Engine, technician: Visitor) -> None:
    if shared.dialect.name == "sqlite":
        return
    span = "from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z"
    path = f"/api/cells/E1C1/history?{span}&parameters=air_temperature,co2"
    rows = plans(shared, lambda: technician.get(path).raise_for_status())
    reading = [row for row in rows if str(row["table"]).startswith("reading")]
    assert not [row for row in reading if row["type"] == "ALL"], reading
