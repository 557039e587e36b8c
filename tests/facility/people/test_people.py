"""Registering, approving, passwords, sessions, tokens; the last admin stays whoever wants to remove them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select, update

from facility.acting.acts import Actor, nobody
from facility.acting.auditing import AuditQuery, export_audit, search_audit, to_csv
from facility.acting.permissions import Role
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound, NotLoggedIn, TooManyAttempts
from facility.people.account import PasswordChange, change_password, issue_link, person_of_link, use_link
from facility.people.last_seen import LastSeen
from facility.people.login import Gate, LoggedIn, log_in
from facility.people.people import PersonChange, change_person, get_person, list_people
from facility.people.registration import Registration, register
from facility.people.sessions import Lifetimes, actor_of_session, list_sessions
from facility.people.throttling import PAIR_LIMIT, network_of
from facility.people.tokens import TokenDraft, actor_of_token, create_token, list_tokens, revoke_token
from schemas import times
from schemas.site import Site
from schemas.tables import LoginAttempt, LoginSession, Person
from tests.conftest import prepare_database
from tests.facility.conftest import PASSWORD, Station, make_station
from tests.services.mariadb import MariaDB

VISITOR = nobody("web", "192.0.2.9")
FORM = {"name": "Zoé Martin", "email": "Zoe.Martin@example.org", "password": "purple river stone"}


@pytest.fixture
def station_on_mariadb(mariadb_server: MariaDB, site: Site) -> Iterator[Station]:
    engine = prepare_database(mariadb_server.make_database(), site)
    yield make_station(engine)
    engine.dispose()


def gate(station: Station, **lifetimes: timedelta) -> Gate:
    return Gate(station.sessions, station.passwords, Lifetimes(**lifetimes))


def enter(station: Station, login: str, password: str = PASSWORD, address: str = "192.0.2.9") -> LoggedIn:
    return log_in(gate(station), nobody("web", address), login, password, "trial")


def change(station: Station, actor: Actor, number: int | None, **members: object) -> None:
    version = get_person(station.sessions, station.admin, number or 0).version
    change_person(station.sessions, actor, number or 0, PersonChange.model_validate(members | {"version": version}))


def test_register_wait_be_approved_log_in(station: Station) -> None:
    register(station.sessions, station.passwords, VISITOR, Registration.model_validate(FORM))
    waiting = list_people(station.sessions, station.admin, state="pending")[0]
    assert waiting.login == "zoe.martin"
    with pytest.raises(NotLoggedIn, match="waits for"):
        enter(station, "zoe.martin@example.org", FORM["password"])
    change(station, station.admin, waiting.id, state="active", role="technician")
    done = enter(station, "ZOE.martin@example.org", FORM["password"])
    actor = actor_of_session(station.sessions, done.secret, "192.0.2.9", Lifetimes())
    assert actor is not None
    assert actor.role is Role.TECHNICIAN
    acts = [line.act for line in search_audit(station.sessions, station.admin, AuditQuery())]
    assert acts[:3] == ["login", "person.approve", "person.register"]


def test_registering_a_known_address_tells_nothing_and_changes_nothing(station: Station) -> None:
    known = Registration.model_validate(FORM | {"email": "member@example.org", "password": "another long one"})
    register(station.sessions, station.passwords, VISITOR, known)
    enter(station, "member@example.org")
    assert len(list_people(station.sessions, station.admin)) == 3


def test_wrong_name_and_wrong_password_get_the_same_words(station: Station) -> None:
    words = set()
    for login, password in (("member", "wrong"), ("who", "wrong"), ("", ""), ("' OR 1=1 --", "x"), ("é" * 300, "x")):
        with pytest.raises(NotLoggedIn) as refused:
            enter(station, login, password)
        words.add(str(refused.value))
    assert len(words) == 1


def test_guessing_is_slowed_down_for_who_guesses_and_for_nobody_else(station: Station) -> None:
    enter(station, "member", address="192.0.2.1")
    for _ in range(PAIR_LIMIT):
        with pytest.raises(NotLoggedIn):
            enter(station, "member", "wrong", address="203.0.113.5")
    with pytest.raises(TooManyAttempts) as refused:
        enter(station, "member", address="203.0.113.5")
    assert 0 < refused.value.wait <= 15
    enter(station, "member", address="192.0.2.1")
    enter(station, "technician", address="203.0.113.5")
    with station.sessions() as session, session.begin():
        session.execute(update(LoginAttempt).values(at=times.now() - timedelta(minutes=1)))
    enter(station, "member", address="203.0.113.5")


def test_an_ipv6_customer_counts_as_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"


def test_the_last_admin_stays(station: Station) -> None:
    for members in ({"role": "member"}, {"state": "deactivated"}):
        with pytest.raises(Conflict, match="last admin"):
            change(station, station.admin, station.admin.id, **members)


def test_two_admins_who_demote_each_other_leave_one(station_on_mariadb: Station) -> None:
    station = station_on_mariadb
    for round_ in range(4):
        other = station.add(f"chief{round_}", Role.ADMIN)
        start = Barrier(2)
        wanted = {
            who.id: PersonChange(
                version=get_person(station.sessions, station.admin, who.id or 0).version, role="member"
            )  # type: ignore[arg-type]
            for who in (station.admin, other)
        }

        def demote(actor: Actor, target: Actor, start: Barrier = start, wanted: dict = wanted) -> bool:  # type: ignore[type-arg]
            start.wait()
            try:
                change_person(station.sessions, actor, target.id or 0, wanted[target.id])
            except (Forbidden, Conflict):
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(demote, (station.admin, other), (other, station.admin)))
        assert sorted(done) == [False, True]
        with station.sessions() as session, session.begin():
            admins = session.scalars(select(Person).where(Person.role == "admin", Person.state == "active")).all()
            assert len(admins) == 1
            session.execute(update(Person).where(Person.id == station.admin.id).values(role="admin"))
            session.execute(update(Person).where(Person.id == other.id).values(role="member"))


def test_a_role_taken_away_counts_at_once_and_ends_what_was_open(station: Station) -> None:
    done = enter(station, "technician")
    change(station, station.admin, station.technician.id, state="deactivated")
    assert actor_of_session(station.sessions, done.secret, "", Lifetimes()) is None
    with pytest.raises(NotLoggedIn):
        create_token(station.sessions, station.technician, TokenDraft(name="late"))
    with pytest.raises(NotLoggedIn, match="not active"):
        enter(station, "technician")


def test_stale_versions_and_unknown_roles_and_moves_are_refused(station: Station) -> None:
    change(station, station.admin, station.member.id, role="technician")
    with pytest.raises(Conflict) as refused:
        change_person(station.sessions, station.admin, station.member.id or 0, PersonChange(version=1, name="Else"))
    assert refused.value.current is not None
    with pytest.raises(ValidationError):
        PersonChange.model_validate({"version": 1, "role": "director"})
    with pytest.raises(Invalid, match="correct"):
        change(station, station.admin, station.member.id, state="refused")
    with pytest.raises(NotFound):
        change_person(station.sessions, station.admin, 9999, PersonChange(version=1))


def test_sessions_end_idle_and_absolutely_and_one_by_one(station: Station) -> None:
    done = enter(station, "member")
    assert actor_of_session(station.sessions, done.secret, "", Lifetimes()) is not None
    assert list_sessions(station.sessions, station.member, done.secret)[0].current
    for column, limits in (("seen_at", Lifetimes(idle=timedelta(hours=1))), ("expires_at", Lifetimes())):
        with station.sessions() as session, session.begin():
            session.execute(update(LoginSession).values({column: times.now() - timedelta(hours=2)}))
        assert actor_of_session(station.sessions, done.secret, "", limits) is None
    assert actor_of_session(station.sessions, "stolen or made up", "", Lifetimes()) is None


def test_a_new_password_ends_the_other_sessions(station: Station) -> None:
    kept, other = enter(station, "member"), enter(station, "member")
    new = PasswordChange(old=SecretStr(PASSWORD), new=SecretStr("seven green bottles"))
    change_password(station.sessions, station.passwords, station.member, new, kept.secret)
    assert actor_of_session(station.sessions, kept.secret, "", Lifetimes()) is not None
    assert actor_of_session(station.sessions, other.secret, "", Lifetimes()) is None
    for bad in ("short", "member@example.org", "aaaaaaaaaaaaaaaa", "x" * 300):
        with pytest.raises(Invalid):
            change_password(
                station.sessions,
                station.passwords,
                station.member,
                PasswordChange(old=SecretStr("seven green bottles"), new=SecretStr(bad)),
                None,
            )


def test_a_reset_link_works_once_and_only_the_newest(station: Station) -> None:
    first = issue_link(station.sessions, station.admin, station.member.id or 0)
    second = issue_link(station.sessions, station.admin, station.member.id or 0)
    with pytest.raises(NotFound):
        person_of_link(station.sessions, first)
    assert person_of_link(station.sessions, second).login == "member"
    use_link(station.sessions, station.passwords, VISITOR, second, "seven green bottles")
    enter(station, "member", "seven green bottles")
    with pytest.raises(NotFound):
        use_link(station.sessions, station.passwords, VISITOR, second, "eight green bottles")
    with pytest.raises(Forbidden):
        issue_link(station.sessions, station.technician, station.member.id or 0)


def test_tokens_are_their_owners_alone_and_do_what_their_scope_says(station: Station) -> None:
    token = create_token(station.sessions, station.member, TokenDraft(name="script"))
    with pytest.raises(NotFound):
        revoke_token(station.sessions, station.admin, token.id)
    seen = LastSeen()
    assert actor_of_token(station.sessions, token.secret, "", seen=seen) is not None
    seen.write(station.sessions)
    assert list_tokens(station.sessions, station.member)[0].used_at is not None
    reading = create_token(station.sessions, station.technician, TokenDraft(name="r", scope="read")).secret
    reader = actor_of_token(station.sessions, reading, "")
    assert reader is not None
    with pytest.raises(Forbidden, match="only read"):
        create_token(station.sessions, reader, TokenDraft(name="more"))
    feed = create_token(station.sessions, station.member, TokenDraft(name="c", scope="calendar")).secret
    assert actor_of_token(station.sessions, feed, "") is None
    assert actor_of_token(station.sessions, feed, "", calendar=True) is not None
    revoke_token(station.sessions, station.member, token.id)
    assert actor_of_token(station.sessions, token.secret, "") is None


def test_the_audit_is_for_admins_holds_no_secret_and_opens_in_a_spreadsheet(station: Station) -> None:
    token = create_token(station.sessions, station.member, TokenDraft(name="=cmd|' /C calc'!A0")).secret
    enter(station, "member")
    with pytest.raises(Forbidden):
        search_audit(station.sessions, station.technician, AuditQuery())
    text = to_csv(export_audit(station.sessions, station.admin, AuditQuery()))
    assert "audit.export" in text
    for secret in (PASSWORD, token, "argon2"):
        assert secret not in text
