"""`/api/people` for admins, `/api/account` for everybody's own sessions and tokens."""

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from pydantic import BaseModel

from facility.acting.acts import Actor, State
from facility.acting.permissions import Act
from facility.people.account import get_account, issue_link
from facility.people.people import PersonChange, PersonView, change_person, get_person, list_people
from facility.people.sessions import SessionView, end_session, list_sessions
from facility.people.tokens import NewToken, TokenDraft, TokenView, create_token, list_tokens, revoke_token
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId
from web.requests import HttpRequest


class PasswordLink(BaseModel):
    """Where a person sets a new password, once, within two days; shown here and never again."""

    path: str


class PersonController(Controller):
    path = "/api/people"
    tags = ("people",)

    @get(opt={"act": Act.PEOPLE_READ}, responses=problems(), sync_to_thread=True)
    def people(
        self,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        in_state: Annotated[State | None, QueryParameter(name="state")] = None,
        search: Annotated[str, QueryParameter(max_length=200)] = "",
    ) -> list[PersonView]:
        """List people, those who wait for approval first."""
        return list_people(sessions, actor, state=in_state, search=search)

    @get("/{person:int}", opt={"act": Act.PEOPLE_READ}, responses=problems(404), sync_to_thread=True)
    def person(
        self, person: RowId, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> PersonView:
        """Return a person."""
        return get_person(sessions, actor, person)

    @patch("/{person:int}", opt={"act": Act.PERSON_CHANGE}, responses=problems(404, 409, 422), sync_to_thread=True)
    def change(
        self,
        person: RowId,
        data: JSONBody[PersonChange],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> PersonView:
        """Approve, refuse, deactivate, reactivate, give a role. The last admin stays one."""
        return change_person(writing, actor, person, data)

    @post(
        "/{person:int}/password-link",
        opt={"act": Act.PASSWORD_LINK},
        responses=problems(404, 409),
        sync_to_thread=True,
    )
    def password_link(
        self, person: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> PasswordLink:
        """Make a one-time link for a person who forgot the password; links made before stop working."""
        return PasswordLink(path=f"/password/{issue_link(writing, actor, person)}")


class AccountController(Controller):
    path = "/api/account"
    tags = ("account",)

    @get(opt={"act": Act.ACCOUNT_READ}, responses=problems(404), sync_to_thread=True)
    def account(self, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]) -> PersonView:
        """Return who you are."""
        return get_account(sessions, actor)

    @get("/sessions", opt={"act": Act.ACCOUNT_READ}, responses=problems(), sync_to_thread=True)
    def sessions_of(
        self, request: HttpRequest, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> list[SessionView]:
        """List the browsers in which you are logged in."""
        return list_sessions(sessions, actor, request.scope["state"]["session"])

    @delete("/sessions/{session:int}", opt={"act": Act.SESSION_END}, responses=problems(404), sync_to_thread=True)
    def end(self, session: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> None:
        """Log a browser out."""
        end_session(writing, actor, session)

    @get("/tokens", opt={"act": Act.ACCOUNT_READ}, responses=problems(), sync_to_thread=True)
    def tokens(self, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]) -> list[TokenView]:
        """List your API tokens, without their secrets."""
        return list_tokens(sessions, actor)

    @post("/tokens", opt={"act": Act.TOKEN_CREATE}, responses=problems(404, 422), sync_to_thread=True)
    def create(
        self, data: JSONBody[TokenDraft], writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> NewToken:
        """Make an API token; its secret is in this answer and nowhere else."""
        return create_token(writing, actor, data)

    @delete("/tokens/{token:int}", opt={"act": Act.TOKEN_REVOKE}, responses=problems(404), sync_to_thread=True)
    def revoke(self, token: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]) -> None:
        """Make one of your API tokens useless."""
        revoke_token(writing, actor, token)
