"""`/api/audit`: who did what, for admins."""

from typing import Annotated, Literal

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from pydantic import AwareDatetime

from facility.acts import Actor
from facility.auditing import AuditLine, AuditQuery, export_audit, search_audit, to_csv
from facility.permissions import Act
from schemas.database import Sessions
from web.api.problems import problems

Text = Annotated[str, QueryParameter(max_length=64)]


class AuditController(Controller):
    path = "/api/audit"
    tags = ("audit",)

    @get(opt={"act": Act.AUDIT_READ}, responses=problems(422), sync_to_thread=True)
    def audit(
        self,
        *,
        sessions: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        who: Text = "",
        act: Text = "",
        subject: Text = "",
        subject_id: Text = "",
        since: FromQuery[AwareDatetime | None] = None,
        until: FromQuery[AwareDatetime | None] = None,
        before: Annotated[int | None, QueryParameter(ge=1, le=2**63 - 1)] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000)] = 100,
    ) -> list[AuditLine]:
        """Search the audit, the newest first; `before` is the last line's number of the page before."""
        query = AuditQuery(
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

    @get("/export", opt={"act": Act.AUDIT_EXPORT}, responses=problems(422), sync_to_thread=True)
    def export(
        self,
        *,
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
        who: Text = "",
        act: Text = "",
        subject: Text = "",
        subject_id: Text = "",
        since: FromQuery[AwareDatetime | None] = None,
        until: FromQuery[AwareDatetime | None] = None,
        file: FromQuery[Literal["csv", "json"]] = "csv",
    ) -> Response[bytes]:
        """Return all lines of a search as a file; the export is audited itself."""
        query = AuditQuery(actor=who, act=act, subject=subject, subject_id=subject_id, since=since, until=until)
        lines = export_audit(writing, actor, query)
        if file == "json":
            content, media_type = "[" + ",\n".join(line.model_dump_json() for line in lines) + "]", "application/json"
        else:
            content, media_type = to_csv(lines), "text/csv; charset=utf-8"
        return Response(
            content.encode(),
            media_type=media_type,
            headers={"Content-Disposition": f'attachment; filename="octopus-audit.{file}"'},
        )
