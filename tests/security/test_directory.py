"""People of a real OpenLDAP server who leave it, lose their group, are renamed, or get somebody else's name."""

from collections.abc import Iterator
from datetime import timedelta

import ldap
import pytest
from sqlalchemy import select, update

from facility.acting.acts import nobody
from facility.acting.permissions import Role
from facility.acting.refusals import Conflict, NotLoggedIn, TooManyAttempts
from facility.people.account import AccountChange, change_account
from facility.people.directory import Directory, DirectoryAway
from facility.people.directory_people import check_people
from facility.people.login import Gate, LoggedIn, log_in
from facility.people.people import PersonChange, change_person
from facility.people.sessions import Lifetimes, actor_of_session
from facility.people.tokens import TokenDraft, actor_of_token, create_token
from schemas import times
from schemas.tables import LoginAttempt, Person
from tests.facility.conftest import Station
from tests.facility.people.test_directory import BINDING, GROUPS, settings
from tests.services.slapd import Slapd, dn

NOW = timedelta(0)
PASSWORD = "zoe's long password"


@pytest.fixture
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    people = [
        ("zoe", "Zoe Martin", "zoe@example.org", PASSWORD),
        ("max", "Max Weber", "max@example.org", "max's long password"),
    ]
    server = Slapd(tmp_path_factory.mktemp("slapd"), people, {"crew": ["zoe", "max"]})
    server.start()
    yield server
    server.stop()


class Rig:
    def __init__(self, slapd: Slapd, station: Station, **more: object) -> None:
        self.slapd, self.sessions, self.admin = slapd, station.sessions, station.admin
        mail_too = {"search_filter": "(|(uid={login})(mail={login}))"}
        self.directory = Directory(settings(slapd, **(mail_too | more)))
        self.gate = Gate(station.sessions, station.passwords, Lifetimes(), self.directory)

    def enter(self, login: str = "zoe", password: str = PASSWORD, address: str = "192.0.2.7") -> LoggedIn:
        return log_in(self.gate, nobody("web", address), login, password, "test")

    def person(self, number: int) -> Person:
        with self.sessions() as session:
            return session.get_one(Person, number)

    def inside(self, done: LoggedIn) -> bool:
        return actor_of_session(self.sessions, done.secret, "192.0.2.7", Lifetimes()) is not None

    def token(self, done: LoggedIn) -> str:
        actor = actor_of_session(self.sessions, done.secret, "192.0.2.7", Lifetimes())
        assert actor is not None
        return create_token(self.sessions, actor, TokenDraft(name="script")).secret

    def check(self) -> None:
        check_people(self.sessions, self.directory, NOW)


@pytest.fixture
def rig(slapd: Slapd, station: Station) -> Rig:
    return Rig(slapd, station)


@pytest.mark.parametrize("how", ["person", "group"])
def test_who_leaves_the_directory_or_its_group_loses_session_and_token(rig: Rig, how: str) -> None:
    done, other = rig.enter(), rig.enter("max", "max's long password")
    token = rig.token(done)
    rig.check()
    assert rig.inside(done)
    if how == "person":
        rig.slapd.change("delete_s", dn("zoe"))
    else:
        gone = [(ldap.MOD_DELETE, "member", [dn("zoe").encode()])]
        rig.slapd.change("modify_s", f"cn=crew,{GROUPS}", gone)
    rig.check()
    assert not rig.inside(done)
    assert actor_of_token(rig.sessions, token, "") is None
    assert rig.person(done.person_id).state == "deactivated"
    assert rig.inside(other)
    if how == "group":
        with pytest.raises(NotLoggedIn, match="not active"):
            rig.enter()
        rig.slapd.change("modify_s", f"cn=crew,{GROUPS}", [(ldap.MOD_ADD, "member", [dn("zoe").encode()])])
        assert rig.inside(rig.enter())
        assert actor_of_token(rig.sessions, token, "") is None


def test_who_an_admin_deactivated_stays_so_whatever_the_directory_says(rig: Rig) -> None:
    done = rig.enter()
    change = PersonChange(version=rig.person(done.person_id).version, state="deactivated")
    change_person(rig.sessions, rig.admin, done.person_id, change)
    rig.check()
    with pytest.raises(NotLoggedIn, match="not active"):
        rig.enter()


def test_the_directory_says_nothing_for_long_and_access_rests(rig: Rig) -> None:
    done = rig.enter()
    token = rig.token(done)
    rig.slapd.freeze()
    try:
        with pytest.raises(DirectoryAway):
            rig.check()
    finally:
        rig.slapd.thaw()
    assert rig.inside(done), "an outage logs nobody out at once"
    with rig.sessions() as session, session.begin():
        session.execute(update(Person).values(directory_checked_at=times.now() - timedelta(hours=13)))
    assert not rig.inside(done)
    assert actor_of_token(rig.sessions, token, "") is None
    rig.check()
    assert rig.inside(done)
    assert actor_of_token(rig.sessions, token, "") is not None


@pytest.mark.parametrize("way", ["search", "bind"])
def test_a_name_that_is_used_again_is_another_person(slapd: Slapd, station: Station, way: str) -> None:
    rig = Rig(slapd, station, **(BINDING if way == "bind" else {}))
    first = rig.enter()
    slapd.change("delete_s", dn("zoe"))
    slapd.add("zoe", "zoe.other@example.org", "another long password")
    second = rig.enter(password="another long password")
    assert second.person_id != first.person_id
    assert rig.person(second.person_id).login == "zoe2"
    assert rig.person(first.person_id).directory_id != rig.person(second.person_id).directory_id


def test_a_person_who_is_renamed_stays_the_same_and_name_and_mail_follow(rig: Rig) -> None:
    first = rig.enter()
    rig.slapd.change("modify_s", dn("zoe"), [
        (ldap.MOD_REPLACE, "cn", ["Zoé Durand".encode()]), (ldap.MOD_REPLACE, "mail", [b"Zoe.Durand@example.org"]),
    ])  # fmt: skip
    rig.check()
    person = rig.person(first.person_id)
    assert (person.name, person.email) == ("Zoé Durand", "zoe.durand@example.org")
    rig.slapd.change("rename_s", dn("zoe"), "uid=zdurand")
    rig.slapd.change("modify_s", f"cn=crew,{GROUPS}", [(ldap.MOD_ADD, "member", [dn("zdurand").encode()])])
    assert rig.enter("zdurand").person_id == first.person_id
    assert rig.enter("zoe.durand@example.org").person_id == first.person_id
    actor = actor_of_session(rig.sessions, rig.enter("zdurand").secret, "", Lifetimes())
    assert actor is not None
    with pytest.raises(Conflict, match="belong to the directory"):
        change_account(rig.sessions, actor, AccountChange(name="Somebody Else", email="zoe.durand@example.org"))


def test_logging_in_by_mail_works_twice_and_names_the_person_as_the_directory_does(rig: Rig) -> None:
    made = rig.enter("ZOE@example.org")
    assert rig.enter("zoe@example.org").person_id == made.person_id
    assert rig.enter("zoe").person_id == made.person_id
    assert rig.person(made.person_id).login == "zoe"
    assert rig.person(made.person_id).role == Role.TECHNICIAN.value


def test_names_longer_than_a_column_are_told_apart(rig: Rig) -> None:
    shared = ",".join(f"ou={'x' * 60}{number}" for number in range(4))
    base = "ou=people,dc=example,dc=org"
    parts = shared.split(",")
    for at in range(len(parts) - 1, -1, -1):
        unit = ",".join([*parts[at:], base])
        rig.slapd.change("add_s", unit, [("objectClass", [b"organizationalUnit"])])
    numbers = set()
    for login in ("ann", "bob"):
        values = {
            "uid": login,
            "cn": login,
            "sn": login,
            "mail": f"{login}@example.org",
            "userPassword": "a long secret",
        }
        entry = [("objectClass", [b"inetOrgPerson"]), *((name, [text.encode()]) for name, text in values.items())]
        # The same 255 characters at the end, and at the beginning but for the last.
        rig.slapd.change("add_s", f"cn={login},{shared},{base}", entry)
        with pytest.raises(NotLoggedIn, match="waits"):
            rig.enter(login, "a long secret")
        with rig.sessions() as session:
            numbers.add(session.scalars(select(Person.id).where(Person.login == login)).one())
    assert len(numbers) == 2


def test_a_person_kept_by_an_older_version_is_known_by_the_dn_once(rig: Rig) -> None:
    with rig.sessions() as session, session.begin():
        old = Person(
            login="zoe", name="Zoe", directory_id=dn("zoe"), state="active", role="member", note="",
            created_at=times.now(), updated_at=times.now(), version=1,
        )  # fmt: skip
        session.add(old)
        session.flush()
        number = old.id
    rig.check()
    assert (rig.person(number).directory_id or "").startswith("entryuuid:")
    assert rig.enter().person_id == number
    rig.slapd.change("delete_s", dn("zoe"))
    rig.slapd.add("zoe", "zoe@example.org", "another long password")
    assert rig.enter(password="another long password").person_id != number


def test_a_directory_that_is_away_is_no_wrong_guess(rig: Rig) -> None:
    rig.enter()
    rig.slapd.stop()
    try:
        for _ in range(8):
            with pytest.raises(NotLoggedIn, match="directory does not answer"):
                rig.enter(address="203.0.113.9")
    finally:
        rig.slapd.start()
    assert rig.inside(rig.enter(address="203.0.113.9"))


def test_guesses_count_for_the_person_however_they_are_written(rig: Rig) -> None:
    rig.enter(address="192.0.2.99")
    spellings = ["zoe", "ZOE", " zoe ", "zoe@example.org", "Zoe@Example.org", "ｚｏｅ"]
    refused = 0
    for spelling in spellings:
        try:
            rig.enter(spelling, "wrong", address="203.0.113.7")
        except TooManyAttempts:
            refused += 1
        except NotLoggedIn:
            continue
    assert refused == 1, "five guesses, not five for each spelling"
    with rig.sessions() as session:
        wrong = session.scalars(select(LoginAttempt.account).where(LoginAttempt.succeeded.is_(False))).all()
    assert len(set(wrong)) == 1
