"""People of the station for tests: an admin, a technician, a member, with passwords that hash quickly."""

from dataclasses import dataclass

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine

from facility.acting.acts import Actor, command
from facility.acting.permissions import Role
from facility.people.passwords import Passwords
from facility.people.people import PersonDraft, add_person
from storage.database import Sessions, write_sessions

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Station:
    sessions: Sessions
    passwords: Passwords
    admin: Actor
    technician: Actor
    member: Actor

    def add(self, login: str, role: Role = Role.MEMBER) -> Actor:
        draft = PersonDraft(login=login, name=login.title(), email=f"{login}@example.org", role=role)
        person = add_person(self.sessions, self.passwords, command("test"), draft, PASSWORD)
        return Actor(person.id, person.login, person.name, person.role, "web", "192.0.2.1")


def quick_passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def make_station(engine: Engine) -> Station:
    station = Station(write_sessions(engine), quick_passwords(), *(command("x"),) * 3)
    roles = {role: station.add(role.value, role) for role in Role}
    return Station(station.sessions, station.passwords, roles[Role.ADMIN], roles[Role.TECHNICIAN], roles[Role.MEMBER])


@pytest.fixture
def station(engine: Engine) -> Station:
    return make_station(engine)
