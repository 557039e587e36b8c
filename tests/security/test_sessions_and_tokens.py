"""Sessions and tokens after a password change, with an end, in addresses, and a second login in one browser."""

import pytest
from litestar.testing import TestClient
from pydantic import SecretStr
from sqlalchemy import Engine

from facility.acting.acts import Actor, nobody
from facility.acting.refusals import Invalid
from facility.people.account import PasswordChange, change_password, issue_link, use_link
from facility.people.login import Gate, LoggedIn, log_in
from facility.people.sessions import Lifetimes, actor_of_session
from facility.people.tokens import TokenDraft, actor_of_token, create_token
from schemas.site import Site
from service.settings import BrokerSettings
from tests.facility.conftest import PASSWORD, Station
from web.app import create_app
from web.settings import WebSettings


def enter(station: Station, replaced: str = "") -> LoggedIn:
    gate = Gate(station.sessions, station.passwords, Lifetimes())
    return log_in(gate, nobody("web", "192.0.2.9"), "member", PASSWORD, "test", replaced=replaced)


def inside(station: Station, done: LoggedIn) -> Actor | None:
    return actor_of_session(station.sessions, done.secret, "192.0.2.9", Lifetimes())


@pytest.mark.parametrize("how", ["change", "reset"])
def test_tokens_end_with_the_password(station: Station, how: str) -> None:
    token = create_token(station.sessions, station.member, TokenDraft(name="script")).secret
    if how == "change":
        change = PasswordChange(old=SecretStr(PASSWORD), new=SecretStr("seven quiet herons"))
        change_password(station.sessions, station.passwords, station.member, change, None)
    else:
        link = issue_link(station.sessions, station.admin, station.member.id or 0)
        use_link(station.sessions, station.passwords, nobody("web", ""), link, "seven quiet herons")
    assert actor_of_token(station.sessions, token, "") is None


def test_a_token_with_an_end_makes_none_that_outlives_it(station: Station) -> None:
    parent = create_token(station.sessions, station.member, TokenDraft(name="a day", days=1)).secret
    actor = actor_of_token(station.sessions, parent, "")
    assert actor is not None
    for days in (None, 2, 3650):
        with pytest.raises(Invalid):
            create_token(station.sessions, actor, TokenDraft(name="for ever", days=days))
    assert create_token(station.sessions, station.member, TokenDraft(name="logged in")).expires_at is None


def test_a_second_login_ends_the_first_session_of_that_browser_alone(station: Station) -> None:
    first, elsewhere = enter(station), enter(station)
    second = enter(station, replaced=first.secret)
    assert [inside(station, one) is not None for one in (first, elsewhere, second)] == [False, True, True]


def test_only_a_calendar_token_may_stand_in_an_address(station: Station, engine: Engine, site: Site) -> None:
    tokens = {
        scope: create_token(station.sessions, station.member, TokenDraft(name=scope, scope=scope)).secret
        for scope in ("all", "read", "calendar")
    }
    with TestClient(create_app(WebSettings(broker=BrokerSettings(port=1)), site, engine)) as client:
        path = "/api/calendars/cells/E1C1"
        answers = {scope: client.get(f"{path}?token={token}").status_code for scope, token in tokens.items()}
        assert answers == {"all": 401, "read": 401, "calendar": 200}
        headed = {
            scope: client.get(path, headers={"authorization": f"Bearer {token}"}).status_code
            for scope, token in tokens.items()
        }
        assert set(headed.values()) == {200}
