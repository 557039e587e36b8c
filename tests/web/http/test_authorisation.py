"""Every route tried by everybody: a route that is missing in the table fails, and so does one that lets in too many."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Engine

from facility.acting.acts import ActContext, Actor, command
from facility.acting.permissions import Act, Role
from facility.acting.secret_texts import form_token
from facility.people.people import PersonChange, change_person, get_person
from facility.people.registration import Registration, register
from facility.people.sessions import Lifetimes, open_session
from facility.people.tokens import TokenDraft, create_token
from schemas import times
from schemas.site import Site
from schemas.tables import Person
from tests.conftest import prepare_database
from tests.facility.conftest import Station, make_station
from web.app import create_app
from web.http.auth import FORM_HEADER, SESSION_COOKIE
from web.settings import WebSettings

EVERYBODY = ("nobody", "pending", "deactivated", "member", "technician", "admin")
ANYONE = frozenset(EVERYBODY)
MEMBER = frozenset({"member", "technician", "admin"})
TECHNICIAN = frozenset({"technician", "admin"})
ADMIN = frozenset({"admin"})

# Method and path as the application has them, and who is let in (whatever the answer is then).
TABLE: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/"): ANYONE,
    ("GET", "/plan"): ANYONE,
    ("GET", "/wall"): ANYONE,
    ("GET", "/cells/{cell:str}"): ANYONE,
    ("GET", "/preferences"): ANYONE,
    ("GET", "/manifest.webmanifest"): ANYONE,
    ("GET", "/static/{file:path}"): ANYONE,
    ("GET", "/health"): ANYONE,
    ("GET", "/metrics"): ANYONE,
    ("GET", "/schema"): ANYONE,
    ("GET", "/schema/openapi.json"): ANYONE,
    ("GET", "/schema/{path:str}"): ANYONE,
    ("GET", "/live"): ANYONE,
    ("GET", "/login"): ANYONE,
    ("POST", "/login"): ANYONE,
    ("POST", "/logout"): ANYONE,
    ("GET", "/register"): ANYONE,
    ("POST", "/register"): ANYONE,
    ("GET", "/password/{secret:str}"): ANYONE,
    ("POST", "/password/{secret:str}"): ANYONE,
    ("GET", "/api/units"): ANYONE,
    ("GET", "/api/units/{unit:str}"): ANYONE,
    ("GET", "/api/cells/{cell:str}"): ANYONE,
    ("GET", "/api/cells/{cell:str}/{parameter:str}"): ANYONE,
    ("GET", "/api/cells/{cell:str}/history"): ANYONE,
    ("GET", "/api/cells/{cell:str}/readings.csv"): MEMBER,
    ("GET", "/api/cells/{cell:str}/assignments"): MEMBER,
    ("PUT", "/api/cells/{cell:str}/experiment"): TECHNICIAN,
    ("DELETE", "/api/cells/{cell:str}/experiment"): TECHNICIAN,
    ("GET", "/api/experiments"): MEMBER,
    ("POST", "/api/experiments"): TECHNICIAN,
    ("GET", "/api/experiments/{experiment:int}"): MEMBER,
    ("PATCH", "/api/experiments/{experiment:int}"): TECHNICIAN,
    ("GET", "/api/experiments/{experiment:int}/assignments"): MEMBER,
    ("GET", "/api/experiments/{experiment:int}/changes"): MEMBER,
    ("POST", "/api/assignments"): TECHNICIAN,
    ("POST", "/api/assignments/back-dated"): TECHNICIAN,
    ("PATCH", "/api/assignments/{assignment:int}"): TECHNICIAN,
    ("POST", "/api/assignments/{assignment:int}/withdrawal"): TECHNICIAN,
    ("GET", "/api/occupancy"): MEMBER,
    ("GET", "/api/calendars/cells/{cell:str}"): MEMBER,
    ("GET", "/api/calendars/experiments/{experiment:int}"): MEMBER,
    ("GET", "/api/people"): ADMIN,
    ("GET", "/api/people/{person:int}"): ADMIN,
    ("PATCH", "/api/people/{person:int}"): ADMIN,
    ("POST", "/api/people/{person:int}/password-link"): ADMIN,
    ("GET", "/api/account"): MEMBER,
    ("GET", "/api/account/sessions"): MEMBER,
    ("DELETE", "/api/account/sessions/{session:int}"): MEMBER,
    ("GET", "/api/account/tokens"): MEMBER,
    ("POST", "/api/account/tokens"): MEMBER,
    ("DELETE", "/api/account/tokens/{token:int}"): MEMBER,
    ("GET", "/api/audit"): ADMIN,
    ("GET", "/api/audit/export"): ADMIN,
    ("POST", "/cells/{cell:str}/experiment"): TECHNICIAN,
    ("POST", "/cells/{cell:str}/experiment/end"): TECHNICIAN,
    ("GET", "/cells/{cell:str}/assignments/new"): TECHNICIAN,
    ("POST", "/cells/{cell:str}/assignments"): TECHNICIAN,
    ("GET", "/assignments/{assignment:int}"): TECHNICIAN,
    ("POST", "/assignments/{assignment:int}"): TECHNICIAN,
    ("POST", "/assignments/{assignment:int}/withdrawal"): TECHNICIAN,
    ("GET", "/occupancy"): MEMBER,
    ("GET", "/audit"): ADMIN,
    ("GET", "/account"): MEMBER,
    ("POST", "/account"): MEMBER,
    ("POST", "/account/password"): MEMBER,
    ("POST", "/account/discord"): MEMBER,
    ("POST", "/account/discord/unlink"): MEMBER,
    ("POST", "/account/tokens"): MEMBER,
    ("POST", "/account/tokens/{token:int}/revoke"): MEMBER,
    ("POST", "/account/sessions/{session:int}/end"): MEMBER,
    ("GET", "/experiments"): MEMBER,
    ("GET", "/experiments/{experiment:int}"): MEMBER,
    ("GET", "/experiments/new"): TECHNICIAN,
    ("POST", "/experiments/new"): TECHNICIAN,
    ("GET", "/experiments/{experiment:int}/edit"): TECHNICIAN,
    ("POST", "/experiments/{experiment:int}/edit"): TECHNICIAN,
    ("POST", "/experiments/{experiment:int}/state"): TECHNICIAN,
    ("POST", "/experiments/{experiment:int}/cells"): TECHNICIAN,
    ("POST", "/experiments/{experiment:int}/cells/end"): TECHNICIAN,
    ("GET", "/people"): ADMIN,
    ("POST", "/people/{person:int}"): ADMIN,
    ("POST", "/people/{person:int}/password-link"): ADMIN,
    ("GET", "/api/alarms/now"): ANYONE,
    ("GET", "/api/alarms"): MEMBER,
    ("GET", "/api/alarms/statistics"): MEMBER,
    ("GET", "/api/alarms/out-of-service"): MEMBER,
    ("POST", "/api/alarms/service"): TECHNICIAN,
    ("GET", "/api/alarms/{alarm:int}"): MEMBER,
    ("POST", "/api/alarms/{alarm:int}/acknowledge"): TECHNICIAN,
    ("POST", "/api/alarms/{alarm:int}/shelve"): TECHNICIAN,
    ("POST", "/api/alarms/{alarm:int}/unshelve"): TECHNICIAN,
    ("GET", "/api/alarms/rules"): MEMBER,
    ("PUT", "/api/alarms/rules"): TECHNICIAN,
    ("POST", "/api/alarms/rules/preview"): MEMBER,
    ("DELETE", "/api/alarms/rules/{rule:int}"): TECHNICIAN,
    ("GET", "/alarms"): MEMBER,
    ("GET", "/alarms/history"): MEMBER,
    ("GET", "/alarms/{alarm:int}"): MEMBER,
    ("GET", "/alarms/statistics"): MEMBER,
    ("GET", "/alarms/rules"): MEMBER,
    ("POST", "/alarms/rules"): TECHNICIAN,
    ("POST", "/alarms/rules/preview"): MEMBER,
    ("POST", "/alarms/rules/{rule:int}/reset"): TECHNICIAN,
    ("POST", "/alarms/{alarm:int}/acknowledge"): TECHNICIAN,
    ("POST", "/alarms/{alarm:int}/shelve"): TECHNICIAN,
    ("POST", "/alarms/{alarm:int}/unshelve"): TECHNICIAN,
    ("POST", "/alarms/service"): TECHNICIAN,
    ("GET", "/api/cells/{cell:str}/events"): MEMBER,
    ("GET", "/api/cells/{cell:str}/events.csv"): MEMBER,
    ("POST", "/api/annotations"): MEMBER,
    ("DELETE", "/api/annotations/{annotation:int}"): MEMBER,
    ("POST", "/api/interventions"): TECHNICIAN,
    ("POST", "/api/interventions/{intervention:int}/extend"): TECHNICIAN,
    ("POST", "/api/interventions/{intervention:int}/end"): TECHNICIAN,
    ("GET", "/cells/{cell:str}/notes"): MEMBER,
    ("POST", "/cells/{cell:str}/notes"): MEMBER,
    ("POST", "/notes/{annotation:int}/withdrawal"): MEMBER,
    ("GET", "/cells/{cell:str}/intervene"): TECHNICIAN,
    ("POST", "/cells/{cell:str}/intervene"): TECHNICIAN,
    ("POST", "/interventions/{intervention:int}/end"): TECHNICIAN,
    ("POST", "/interventions/{intervention:int}/extend"): TECHNICIAN,
    ("GET", "/door-codes"): TECHNICIAN,
    ("GET", "/cells/{cell:str}/rejections"): MEMBER,
    ("POST", "/cells/{cell:str}/rejections"): TECHNICIAN,
    ("GET", "/rejections/{rejection:int}"): MEMBER,
    ("POST", "/rejections/{rejection:int}/withdrawal"): TECHNICIAN,
    ("POST", "/account/notifications"): MEMBER,
    ("GET", "/alarms/channels"): ADMIN,
    ("POST", "/alarms/channels"): ADMIN,
    ("POST", "/alarms/channels/{channel:int}"): ADMIN,
    ("POST", "/alarms/channels/{channel:int}/remove"): ADMIN,
    ("POST", "/alarms/channels/{channel:int}/test"): ADMIN,
}
# One never ends, the other ends the session that the trial goes on with; both are tested elsewhere.
LEFT_OUT = {("GET", "/live"), ("POST", "/logout")}
PARTS = {
    "{cell:str}": "E1C1",
    "{unit:str}": "ecolab-1",
    "{parameter:str}": "air_temperature",
    "{file:path}": "rendering/none.css",
    "{secret:str}": "none",
    "{path:str}": "none",
}


@dataclass(frozen=True)
class Trial:
    app: Litestar
    sessions: dict[str, str]
    tokens: dict[str, str]


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Trial]:
    url = f"sqlite:///{tmp_path_factory.mktemp('web')}/octopus.sqlite"
    engine = prepare_database(url, site)
    station = make_station(engine)
    app = create_app(settings(url), site, engine)
    people = {role: getattr(station, role) for role in ("member", "technician", "admin")}
    people["deactivated"] = station.add("gone")
    people["pending"] = _pending(station)
    tokens = {
        who: create_token(station.sessions, actor, TokenDraft(name="trial")).secret
        for who, actor in people.items()
        if who != "pending"
    }
    sessions = {who: log_in(station, actor) for who, actor in people.items()}
    gone = get_person(station.sessions, station.admin, people["deactivated"].id or 0)
    change = PersonChange(version=gone.version, state="deactivated")
    change_person(station.sessions, station.admin, gone.id, change)
    # As a stolen copy of the table would have it: the row is back, the person is not.
    sessions["deactivated"] = log_in(station, people["deactivated"])
    yield Trial(app, sessions, tokens)
    engine.dispose()


def settings(url: str, **web: object) -> WebSettings:
    return WebSettings.model_validate({"database": {"url": url}, "broker": {"port": 1}, "web": web})


def log_in(station: Station, actor: Actor) -> str:
    with station.sessions() as session, session.begin():
        person = session.get(Person, actor.id)
        assert person is not None
        return open_session(ActContext(session, actor, Act.LOG_IN, times.now()), person, "trial", Lifetimes())


def _pending(station: Station) -> Actor:
    form = Registration(name="Pen Ding", email="pen@example.org", password="purple river stone")  # type: ignore[arg-type]
    register(station.sessions, station.passwords, command("test"), form)
    with station.sessions() as session:
        person = session.query(Person).filter_by(login="pen").one()
    return Actor(person.id, person.login, person.name, Role.MEMBER, "web")


def routes(app: Litestar) -> set[tuple[str, str]]:
    return {
        (method, route.path) for route in app.routes for method in getattr(route, "methods", ()) if method != "OPTIONS"
    }


def test_every_route_is_in_the_table(trial: Trial) -> None:
    assert routes(trial.app) == set(TABLE)


@pytest.mark.parametrize("who", EVERYBODY)
def test_each_route_lets_in_whom_the_table_names(trial: Trial, who: str) -> None:
    with TestClient(trial.app, raise_server_exceptions=False) as client:
        wrong = []
        for (method, path), allowed in sorted(TABLE.items()):
            if (method, path) in LEFT_OUT:
                continue
            headers = {"accept": "application/json"}
            client.cookies.clear()
            if who in trial.sessions:
                client.cookies.set(SESSION_COOKIE, trial.sessions[who])
                headers[FORM_HEADER] = form_token(trial.sessions[who])
            status = client.request(method, address(path), headers=headers, follow_redirects=False).status_code
            if who in allowed and path.startswith(("/login", "/logout", "/register", "/password")):
                continue
            if (status not in {401, 403}) != (who in allowed) or (status >= 500 and status != 503):
                wrong.append(f"{method} {path} as {who}: {status}")
        assert wrong == []


@pytest.mark.parametrize("who", ["member", "technician", "admin", "deactivated"])
def test_tokens_open_what_their_owner_may_open(trial: Trial, who: str) -> None:
    with TestClient(trial.app, raise_server_exceptions=False) as client:
        wrong = []
        for (method, path), allowed in sorted(TABLE.items()):
            if not path.startswith("/api/"):
                continue
            headers = {"authorization": f"Bearer {trial.tokens[who]}"}
            status = client.request(method, address(path), headers=headers).status_code
            if (status not in {401, 403}) != (who in allowed and who != "deactivated") or status >= 500:
                wrong.append(f"{method} {path} as {who}: {status}")
        assert wrong == []


def test_the_lab_can_be_closed(engine: Engine, site: Site) -> None:
    app = create_app(settings(engine.url.render_as_string(hide_password=False), public=False), site, engine)
    with TestClient(app) as client:
        assert client.get("/api/units").status_code == 401
        page = client.get("/plan", headers={"accept": "text/html"}, follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, "/login?next=/plan")
        assert client.get("/login", headers={"accept": "text/html"}).status_code == 200


def address(path: str) -> str:
    for part, value in PARTS.items():
        path = path.replace(part, value)
    return "/".join("9999" if piece.endswith(":int}") else piece for piece in path.split("/"))
