"""`/api/audit`: who did what, for admins."""

from dataclasses import dataclass
from typing import Annotated, Literal

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import FromQuery, QueryParameter
from pydantic import ValidationError

from facility.acting.acts import Actor
from facility.acting.auditing import AuditLine, AuditQuery, export_audit, search_audit, to_csv
from facility.acting.permissions import Act
from facility.acting.refusals import invalid
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems

Moment = Annotated[str | None, QueryParameter(description="RFC 3339 with its offset from UTC")]
Text = Annotated[str, QueryParameter(max_length=64)]


FILE = {
    200: ResponseSpec(
        data_container=str, generate_examples=False, media_type="text/csv", description="the lines of the search"
    )
}


@dataclass
class TwoFiles(Operation):
    """An operation whose answer is CSV or JSON: a handler can describe only one of them."""

    def __post_init__(self) -> None:
        answer = (self.responses or {})["200"]
        if isinstance(answer, OpenAPIResponse) and answer.content is not None:
            answer.content["application/json"] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.ARRAY))


class AuditController(Controller):
    path = "/api/audit"
    tags = ("audit",)

    @get(opt={"act": Act.AUDIT_READ}, responses=problems(422), sync_to_thread=True)
    def audit(
        self,
        *,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        who: Text = "",
        act: Text = "",
        subject: Text = "",
        subject_id: Text = "",
        since: Moment = None,
        until: Moment = None,
        before: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> list[AuditLine]:
        """Search the audit, the newest first; `before` is the last line's number of the page before."""
        query = _parse_query(
            actor=who,
            act=act,
            subject=subject,
            subject_id=subject_id,
            since=since,
            until=until,
            before=before,
            limit=limit,
        )
        return search_audit(sessions, actor, query)

    @get(
        "/export",
        opt={"act": Act.AUDIT_EXPORT},
        responses=FILE | problems(422),
        operation_class=TwoFiles,
        sync_to_thread=True,
    )
    def export(
        self,
        *,
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        who: Text = "",
        act: Text = "",
        subject: Text = "",
        subject_id: Text = "",
        since: Moment = None,
        until: Moment = None,
        file: FromQuery[Literal["csv", "json"]] = "csv",
    ) -> Response[bytes]:
        """Return all lines of a search as a file; the export is audited itself."""
        query = _parse_query(actor=who, act=act, subject=subject, subject_id=subject_id, since=since, until=until)
        lines = export_audit(writing, actor, query)
        if file == "json":
            content, media_type = "[" + ",\n".join(line.model_dump_json() for line in lines) + "]", "application/json"
        else:
            content, media_type = to_csv(lines), "text/csv"
        return Response(
            content.encode(),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="octopus-audit.{file}"'},
        )


def _parse_query(**members: object) -> AuditQuery:
    try:
        return AuditQuery.model_validate(members)
    except ValidationError as error:
        raise invalid(error) from error
