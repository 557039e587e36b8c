"""Guesses and passwords: what slows a guesser down, which passwords are refused, and that one text is one password."""

import unicodedata

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr
from sqlalchemy import update

from facility.acting.acts import command, nobody
from facility.acting.refusals import Invalid, NotLoggedIn, TooManyAttempts
from facility.people import registration
from facility.people.account import PasswordChange, change_password, issue_link, use_link
from facility.people.login import Gate, LoggedIn, log_in
from facility.people.passwords import check_password
from facility.people.people import PersonDraft, add_person
from facility.people.registration import MOST_AN_HOUR, Registration, register
from facility.people.sessions import Lifetimes
from facility.people.throttling import PAIR_LIMIT
from schemas.tables import Person
from tests.facility.conftest import PASSWORD, Station


def enter(station: Station, login: str, password: str = PASSWORD, address: str = "192.0.2.9") -> LoggedIn:
    gate = Gate(station.sessions, station.passwords, Lifetimes())
    return log_in(gate, nobody("web", address), login, password, "test")


@pytest.mark.parametrize("moving", [False, True])
def test_guesses_count_for_the_person_and_the_network(station: Station, *, moving: bool) -> None:
    spellings = ["member", "MEMBER", " member", "member@example.org", "Member@Example.org", "ｍember"]
    assert len(spellings) == PAIR_LIMIT + 1
    for number, spelling in enumerate(spellings):
        # Anybody with IPv6 has 2^64 addresses.
        address = f"2001:db8::{number + 1:x}" if moving else "203.0.113.5"
        expected = TooManyAttempts if number == PAIR_LIMIT else NotLoggedIn
        with pytest.raises(expected):
            enter(station, spelling, "wrong", address)


def test_ones_own_password_cannot_be_found_by_trying(station: Station) -> None:
    change = PasswordChange(old=SecretStr("wrong"), new=SecretStr("seven quiet herons"))
    for _ in range(PAIR_LIMIT):
        with pytest.raises(Invalid):
            change_password(station.sessions, station.passwords, station.member, change, None)
    with pytest.raises(TooManyAttempts):
        change_password(station.sessions, station.passwords, station.member, change, None)


def form(number: int) -> Registration:
    return Registration(name="Eve", email=f"eve{number}@example.org", password=SecretStr("seven quiet herons"))


def test_registrations_count_for_the_network(station: Station) -> None:
    for number in range(MOST_AN_HOUR):
        visitor = nobody("web", f"2001:db8::{number + 1:x}")
        register(station.sessions, station.passwords, visitor, form(number))
    with pytest.raises(TooManyAttempts):
        register(station.sessions, station.passwords, nobody("web", "2001:db8::ffff"), form(99))
    register(station.sessions, station.passwords, nobody("web", "2001:db8:0:1::1"), form(99))


def test_registrations_that_wait_are_limited_in_all(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "MOST_WAITING", 2)
    for number in range(2):
        register(station.sessions, station.passwords, nobody("web", f"198.51.100.{number}"), form(number))
    with pytest.raises(TooManyAttempts):
        register(station.sessions, station.passwords, nobody("web", "198.51.100.9"), form(9))
    with station.sessions() as session, session.begin():
        session.execute(update(Person).where(Person.state == "pending").values(state="refused"))
    register(station.sessions, station.passwords, nobody("web", "198.51.100.9"), form(9))


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "motdepasse123", "azertyuiop123", "123456789012", "qwertyuiopas", "iloveyou1234",
        "Password2024!", "administrator", "abcdefghijkl", "passwordpassword", "ecotronecotron", "aaaaaaaaaaaaaaaa",
    ],
)  # fmt: skip
def test_common_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password)
    assert "password" in refused.value.faults


@pytest.mark.parametrize(
    "password", ["correct horse battery", "une toute autre phrase", "été à Foljuif, 2026", "x" * 8 + " héron vert"]
)
def test_a_few_words_are_fine(password: str) -> None:
    check_password(password)


COMPOSED = "trois hérons d’été"
FORMS = [
    COMPOSED,
    unicodedata.normalize("NFD", COMPOSED),
    f" {COMPOSED} ",
    COMPOSED.replace(" ", "\u00a0"),
]


@pytest.mark.parametrize("way", ["registration", "command", "change", "link"])
@pytest.mark.parametrize("kept", FORMS)
def test_one_password_opens_however_it_is_typed(station: Station, way: str, kept: str) -> None:
    login = "member"
    if way == "registration":
        made = Registration(name="Eve", email="eve@example.org", password=SecretStr(kept))
        register(station.sessions, station.passwords, nobody("web", ""), made)
        with station.sessions() as session, session.begin():
            session.execute(update(Person).values(state="active"))
        login = "eve@example.org"
    elif way == "command":
        add_person(station.sessions, station.passwords, command("x"), PersonDraft(login="eve", name="Eve"), kept)
        login = "eve"
    elif way == "change":
        change = PasswordChange(old=SecretStr(f"{PASSWORD} "), new=SecretStr(kept))
        change_password(station.sessions, station.passwords, station.member, change, None)
    else:
        link = issue_link(station.sessions, station.admin, station.member.id or 0)
        use_link(station.sessions, station.passwords, nobody("web", ""), link, kept)
    for typed in FORMS:
        assert enter(station, login, typed)


def test_a_password_hashed_by_an_older_version_still_opens_and_is_hashed_anew(station: Station) -> None:
    old = unicodedata.normalize("NFD", COMPOSED)
    raw = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(old)
    with station.sessions() as session, session.begin():
        session.execute(update(Person).where(Person.login == "member").values(password_hash=raw))
    assert enter(station, "member", old)
    assert enter(station, "member", COMPOSED)
