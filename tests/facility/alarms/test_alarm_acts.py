"""Acknowledging, shelving and the outbox, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from facility.acting.acts import Actor
from facility.acting.permissions import Role
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound
from facility.alarms import actions, notifications
from facility.people.discord_links import actor_of, issue_link_code, link
from schemas import times
from schemas.messages import Alarm
from schemas.tables import Alarm as AlarmRow
from schemas.tables import AuditEvent, Notification, Person
from storage.database import Sessions, write_sessions


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return write_sessions(engine)


def person(sessions: Sessions, login: str, role: Role) -> Actor:
    at = times.now()
    with sessions() as session, session.begin():
        row = Person(
            login=login, name=login, state="active", role=role, note="", created_at=at, updated_at=at, version=1
        )
        session.add(row)
        session.flush()
        return Actor(row.id, login, login, role, "bot", "discord:1")


def raised(sessions: Sessions, state: str = "active") -> int:
    at = times.now()
    with sessions() as session, session.begin():
        row = AlarmRow(
            place="E1C1", code="door", severity="warning", state=state, since=at, text_fr="Porte ouverte",
            text_en="Door open", comment="", changed_at=at, active=state != "returned",
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def test_an_acknowledgement_is_one_transaction_with_audit_and_notification(sessions: Sessions) -> None:
    ada, number = person(sessions, "ada", Role.TECHNICIAN), raised(sessions)
    alarm = actions.acknowledge(sessions, ada, number, "vu")
    assert (alarm.state, alarm.acknowledged_by) == ("acknowledged", "ada")
    with sessions() as session:
        line = session.scalars(select(AuditEvent)).one()
        assert (line.actor, line.via, line.subject_id) == ("ada", "bot", str(number))
        assert line.before is not None
        assert (line.before["state"], line.after["state"] if line.after else None) == ("active", "acknowledged")
        (item,) = notifications.waiting(session, "discord", times.now())
    assert item.alarm == alarm
    with pytest.raises(Conflict):
        actions.acknowledge(sessions, ada, number)


def test_two_at_the_same_time_acknowledge_once(sessions: Sessions) -> None:
    actors = [person(sessions, name, Role.TECHNICIAN) for name in ("ada", "bob")]
    number = raised(sessions)

    def attempt(actor: Actor) -> bool:
        try:
            actions.acknowledge(sessions, actor, number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, actors)) == [False, True]
    with sessions() as session:
        assert len(session.scalars(select(AuditEvent)).all()) == 1


def test_who_may_not_and_what_cannot_be(sessions: Sessions) -> None:
    member, ada = person(sessions, "bob", Role.MEMBER), person(sessions, "ada", Role.TECHNICIAN)
    number = raised(sessions, "returned")
    with pytest.raises(Forbidden):
        actions.acknowledge(sessions, member, number)
    with pytest.raises(NotFound):
        actions.acknowledge(sessions, ada, number + 1)
    with pytest.raises(Invalid):
        actions.shelve(sessions, ada, number, timedelta(days=2))
    # Returned to normal before anybody looked: acknowledging ends it.
    actions.acknowledge(sessions, ada, number)
    with sessions() as session:
        assert session.get_one(AlarmRow, number).state == "ended"
        assert session.scalars(select(Notification.over)).all() == [True]
    with pytest.raises(Conflict):
        actions.shelve(sessions, ada, number, timedelta(minutes=30))


def test_a_repeat_is_no_news_and_a_value_is_none_either(sessions: Sessions) -> None:
    content = {
        "id": 7, "place": "E1C1", "code": "x", "severity": "warning", "state": "active",
        "since": "2026-11-24T00:00:00Z", "text": {"fr": "a", "en": "b"},
    }  # fmt: skip

    def hear(**members: object) -> bool:
        with sessions() as session, session.begin():
            return notifications.heard(session, Alarm.model_validate({**content, **members}), times.now())

    assert hear()
    assert not hear()
    assert not hear(value=3.0)
    assert hear(severity="major")
    # The same place and code under another number: the first one went away unseen.
    assert hear(id=8)
    with sessions() as session:
        rows = session.scalars(select(Notification).order_by(Notification.alarm_id)).all()
        assert [(row.alarm_id, row.over, row.revision) for row in rows] == [(7, True, 3), (8, False, 1)]
    with sessions() as session, session.begin():
        assert notifications.heard_all(session, set(), times.now())
        assert not notifications.heard_all(session, set(), times.now())


def test_a_change_while_it_is_sent_goes_on_waiting(sessions: Sessions) -> None:
    number = raised(sessions)
    ada = person(sessions, "ada", Role.TECHNICIAN)
    actions.shelve(sessions, ada, number, timedelta(minutes=30))
    with sessions() as session:
        items = notifications.waiting(session, "discord", times.now())
    notifications.claim(sessions, items, "batch")
    actions.acknowledge(sessions, ada, number)
    notifications.sent(sessions, items, "901", "1", times.now())
    with sessions() as session:
        (item,) = notifications.waiting(session, "discord", times.now())
        assert (item.message_id, item.batch) == ("1", "batch")
        assert notifications.count_waiting(session, "discord") == 1


def test_a_code_links_once_and_the_last_code_counts(sessions: Sessions) -> None:
    ada = person(sessions, "ada", Role.MEMBER)
    first, second = issue_link_code(sessions, ada), issue_link_code(sessions, ada)
    with pytest.raises(NotFound):
        link(sessions, first.code, 71)
    assert link(sessions, f" {second.code.lower()} ", 71).login == "ada"
    with pytest.raises(NotFound):
        link(sessions, second.code, 72)
    with sessions() as session:
        found = actor_of(session, 71)
        assert found is not None
        assert found.id == ada.id
        assert actor_of(session, 72) is None
