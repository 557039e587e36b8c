"""Logging in with a real OpenLDAP server: both ways to bind, TLS, groups, and a server that is down or hangs."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from facility.acting.acts import nobody
from facility.acting.permissions import Role
from facility.acting.refusals import NotLoggedIn
from facility.people.directory import Directory, DirectoryAway, _comparable
from facility.people.ldap_settings import LdapSettings
from facility.people.login import Gate, LoggedIn, log_in
from facility.people.sessions import Lifetimes
from schemas.tables import Person
from tests.facility.conftest import PASSWORD, Station
from tests.services.slapd import ADMIN, SUFFIX, Slapd
from tests.services.slapd import PASSWORD as DIRECTORY_PASSWORD

GROUPS = f"ou=groups,{SUFFIX}"
ROLES = {f"cn=chiefs,{GROUPS}": "admin", f"CN=Crew, {GROUPS}": "technician"}


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    people = [
        ("zoe", "Zoé Martin".encode("ascii", "ignore").decode(), "zoe@example.org", "zoe's long password"),
        ("max", "Max Weber", "max@example.org", "max's long password"),
        ("member", "Somebody Else", "member@example.org", "the directory's password"),
    ]
    server = Slapd(tmp_path_factory.mktemp("slapd"), people, {"crew": ["zoe"], "others": ["max"]})
    server.start()
    yield server
    server.stop()


def settings(slapd: Slapd, **more: Any) -> LdapSettings:
    searching = {"search_base": f"ou=people,{SUFFIX}", "bind_dn": ADMIN, "bind_password": DIRECTORY_PASSWORD}
    base = {"url": f"ldaps://127.0.0.1:{slapd.tls_port}", "ca": slapd.ca, "timeout": 2}
    return LdapSettings.model_validate(base | {"group_base": GROUPS, "roles": ROLES} | searching | more)


BINDING = {
    "search_base": None,
    "bind_dn": None,
    "bind_password": None,
    "user_dn": f"uid={{login}},ou=people,{SUFFIX}",
}


def gate(station: Station, config: LdapSettings | None) -> Gate:
    return Gate(station.sessions, station.passwords, Lifetimes(), None if config is None else Directory(config))


def enter(way: Gate, login: str, password: str) -> LoggedIn:
    return log_in(way, nobody("web", "192.0.2.7"), login, password, "trial")


@pytest.mark.parametrize("way", ["search", "bind", "start_tls"])
def test_the_right_password_opens_and_groups_give_the_role(slapd: Slapd, way: str) -> None:
    more = {
        "search": {},
        "bind": BINDING,
        "start_tls": {"url": f"ldap://127.0.0.1:{slapd.port}", "start_tls": True},
    }[way]
    directory = Directory(settings(slapd, **more))
    person = directory.authenticate("zoe", "zoe's long password")
    assert person is not None
    assert (person.login, person.email, person.role) == ("zoe", "zoe@example.org", Role.TECHNICIAN)
    assert directory.authenticate("zoe", "wrong") is None
    assert directory.authenticate("zoe", "") is None
    assert directory.authenticate("nobody", "zoe's long password") is None
    for attack in ("*", "z*", "zoe)(uid=*", "zoe,ou=people", "zoe\\2a", "zoe\0", "é" * 500):
        assert directory.authenticate(attack, "zoe's long password") is None


def test_a_certificate_of_another_authority_is_refused(slapd: Slapd) -> None:
    directory = Directory(settings(slapd, ca=None))
    with pytest.raises(DirectoryAway):
        directory.authenticate("zoe", "zoe's long password")


def test_settings_that_would_send_passwords_in_clear_are_refused(slapd: Slapd) -> None:
    with pytest.raises(ValidationError, match="in clear"):
        settings(slapd, url=f"ldap://127.0.0.1:{slapd.port}")


def test_first_login_makes_the_person_and_no_local_account_is_taken_over(slapd: Slapd, station: Station) -> None:
    way = gate(station, settings(slapd))
    made = enter(way, "ZOE", "zoe's long password")
    assert enter(way, "zoe", "zoe's long password").person_id == made.person_id
    with pytest.raises(NotLoggedIn, match="waits for"):
        enter(way, "max", "max's long password")
    with pytest.raises(NotLoggedIn, match="Wrong login name"):
        enter(way, "member", "the directory's password")
    enter(way, "member", PASSWORD)
    with station.sessions() as session:
        rows = {row.login: row for row in session.scalars(select(Person))}
    assert (rows["zoe"].role, rows["zoe"].state, rows["zoe"].password_hash) == ("technician", "active", None)
    assert (rows["max"].role, rows["max"].state) == ("member", "pending")


def test_local_accounts_log_in_while_the_directory_is_down_or_hangs(slapd: Slapd, station: Station) -> None:
    for more in ({}, {"url": "ldaps://127.0.0.1:1"}):
        way = gate(station, settings(slapd, timeout=0.5, **more))
        if not more:
            slapd.freeze()
        try:
            began = time.monotonic()
            enter(way, "technician", PASSWORD)
            with pytest.raises(NotLoggedIn, match="directory does not answer"):
                enter(way, "zoe", "zoe's long password")
            assert time.monotonic() - began < 60, "a server that hangs would hold it for ever"
        finally:
            slapd.thaw()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("cn=crew,ou=groups", "CN=Crew, OU=Groups", True),
        (r"cn=Crew\, night,ou=groups", r"cn=Crew\2C night,ou=groups", True),
        ("cn=a+uid=b,ou=groups", "uid=b+cn=a,ou=groups", True),
        (r"cn=Crew\, night,ou=groups", "cn=Crew,cn= night,ou=groups", False),
        ("cn=crew,ou=groups", "cn=crew,ou=people", False),
        ("no name", "no  name", False),
    ],
)
def test_names_of_groups_compare_as_the_directory_compares_them(one: str, other: str, *, same: bool) -> None:
    assert (_comparable(one) == _comparable(other)) is same
