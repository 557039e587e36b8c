"""Somebody with a browser: pages asked for and forms sent with the cookie and the token that a browser would send."""

from dataclasses import dataclass
from typing import Any

import httpx
from litestar.testing import TestClient

from facility.acting.acts import ActContext, Actor
from facility.acting.permissions import Act
from facility.acting.secret_texts import form_token
from facility.people.sessions import Lifetimes, open_session
from schemas import times
from schemas.tables import Person
from tests.facility.conftest import Station
from web.http.auth import FORM_FIELD, SESSION_COOKIE


@dataclass(frozen=True)
class Visitor:
    """A person of the station, logged in; nobody where `secret` is empty."""

    client: TestClient[Any]
    secret: str

    def get(self, path: str, language: str = "en") -> httpx.Response:
        return self._send("GET", path, None, language)

    def post(self, path: str, fields: dict[str, object], language: str = "en") -> httpx.Response:
        """Send a form as the browser does: text only, a list as boxes of one name, with its token."""
        texts = {
            name: [str(one) for one in value] if isinstance(value, list) else str(value)
            for name, value in fields.items()
        }
        return self._send("POST", path, texts | {FORM_FIELD: form_token(self.secret)}, language)

    def _send(self, method: str, path: str, form: dict[str, str | list[str]] | None, language: str) -> httpx.Response:
        cookies = f"language={language}" + (f"; {SESSION_COOKIE}={self.secret}" if self.secret else "")
        headers = {"accept": "text/html", "cookie": cookies}
        return self.client.request(method, path, data=form, headers=headers, follow_redirects=False)


def visit(client: TestClient[Any], station: Station, actor: Actor) -> Visitor:
    """Log a person in."""
    with station.sessions() as session, session.begin():
        person = session.get_one(Person, actor.id)
        secret = open_session(ActContext(session, actor, Act.LOG_IN, times.now()), person, "test", Lifetimes())
    return Visitor(client, secret)
