"""A code for Discord, shown on the account page: used once, and the link can be cut from there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from facility.acting.refusals import NotFound
from facility.acting.secret_texts import form_token
from facility.people.discord_links import actor_of, link
from schemas.site import Site
from schemas.tables import AuditEvent
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from tests.web.http.test_authorisation import log_in, settings
from web.app import create_app
from web.http.auth import FORM_HEADER, SESSION_COOKIE

DISCORD = 71


@pytest.fixture
def station(tmp_path: Path, site: Site) -> Iterator[Station]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", site)
    yield make_station(engine)
    engine.dispose()


@pytest.fixture
def client(tmp_path: Path, station: Station, site: Site) -> Iterator[TestClient[object]]:
    """Return the browser of the station's technician."""
    app = create_app(settings(f"sqlite:///{tmp_path}/octopus.sqlite"), site, station.sessions.kw["bind"])
    secret = log_in(station, station.technician)
    with TestClient(app) as client:
        client.cookies.set(SESSION_COOKIE, secret)
        client.headers.update({"accept": "text/html", FORM_HEADER: form_token(secret)})
        yield client


def shown(page: str) -> str:
    found = re.search(r">/lier ([A-Z2-9]{4}-[A-Z2-9]{4})<", page)
    assert found is not None, page
    return found[1]


def test_from_the_account_page_to_discord_and_back(station: Station, client: TestClient[object]) -> None:
    first = shown(client.post("/account/discord").text)
    code = shown(client.post("/account/discord").text)
    assert code not in client.get("/account").text
    with pytest.raises(NotFound):  # another code takes its place
        link(station.sessions, first, DISCORD)
    assert link(station.sessions, code, DISCORD).id == station.technician.id
    assert f"Le compte Discord {DISCORD} agit pour vous" in client.get("/account").text
    client.post("/account/discord/unlink")
    with station.sessions() as session:
        assert actor_of(session, DISCORD) is None
        acts = session.scalars(select(AuditEvent.act).where(AuditEvent.act.startswith("discord."))).all()
    assert sorted(acts) == ["discord.code", "discord.code", "discord.link", "discord.unlink"]
    again = client.post("/account/discord/unlink")
    assert again.status_code == 409
    assert "Aucun compte Discord n’est lié" in again.text
