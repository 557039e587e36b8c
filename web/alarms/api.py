"""`/api/alarms`: alarms, what became of them, and what people do with them."""

from datetime import timedelta
from typing import Annotated, Any

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from pydantic import Field, ValidationError

from facility.acting.acts import Actor
from facility.acting.fields import FormModel, Remark
from facility.acting.permissions import Act
from facility.acting.refusals import invalid
from facility.alarms import actions
from facility.alarms.statistics import AlarmStatistics, alarm_statistics
from facility.alarms.views import AlarmHistory, AlarmPage, AlarmQuery, OutOfService, find_alarms, get_alarm
from facility.alarms.views import out_of_service as conditions_out_of_service
from schemas import times
from schemas.messages import Alarm
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId, range_of
from web.live.snapshot import Snapshot

Moment = Annotated[str | None, QueryParameter(description="RFC 3339 with its offset from UTC")]
Text = Annotated[str, QueryParameter(max_length=64)]


class Comment(FormModel):
    """What somebody says beside an act."""

    comment: Remark = ""


class Shelf(Comment):
    """For how long an alarm is kept quiet."""

    minutes: Annotated[int, Field(ge=1, le=1440)] = 30


class Service(Comment):
    """A watched condition as the alarms name it, and whether it is out of service."""

    place: Annotated[str, Field(min_length=1, max_length=64)]
    code: Annotated[str, Field(min_length=1, max_length=64)]
    out: bool


@get("/api/alarms/now", include_in_schema=False)
async def alarms_now(snapshot: NamedDependency[Snapshot]) -> dict[str, Any]:
    """Return the alarms of the live picture, for pages that follow nothing else."""
    return {"now": snapshot["now"], "alarms": snapshot["alarms"]}


class AlarmController(Controller):
    path = "/api/alarms"
    tags = ("alarms",)

    @get(opt={"act": Act.ALARMS_READ}, responses=problems(422), sync_to_thread=True)
    def alarms(
        self,
        *,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        ended: FromQuery[bool] = False,
        in_state: Annotated[str, QueryParameter(name="state")] = "",
        severity: Text = "",
        cell: Text = "",
        place: Text = "",
        code: Text = "",
        since: Moment = None,
        until: Moment = None,
        sort: Text = "severity",
        descending: FromQuery[bool] = True,
        offset: Annotated[int, QueryParameter(ge=0, le=100_000)] = 0,
        limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    ) -> AlarmPage:
        """Return the open alarms, or with `ended` also those that are over, in the order that is asked for."""
        asked = {"cell": cell, "place": place, "code": code, "since": since, "until": until, "sort": sort}
        asked |= {"state": in_state or None, "severity": severity or None}
        try:
            query = AlarmQuery.model_validate(
                asked | {"open": not ended, "descending": descending, "offset": offset, "limit": limit}
            )
        except ValidationError as error:
            raise invalid(error) from error
        return find_alarms(sessions, actor, query)

    @get("/statistics", opt={"act": Act.ALARMS_READ}, responses=problems(422), sync_to_thread=True)
    def statistics(
        self,
        *,
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        asked_from: Annotated[
            str | None, QueryParameter(name="from", description="a day before `to` without it")
        ] = None,
        asked_to: Annotated[str | None, QueryParameter(name="to", description="not included; now without it")] = None,
    ) -> AlarmStatistics:
        """Return alarms a day, the worst nuisances, the time to acknowledge and the share of time in alarm."""
        now = times.now()
        start, end = range_of(asked_from, asked_to, now)
        return alarm_statistics(sessions, actor, start, end, zone=site.zone, now=now)

    @get("/out-of-service", opt={"act": Act.ALARMS_READ}, responses=problems(), sync_to_thread=True)
    def out_of_service(
        self, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> list[OutOfService]:
        """Return the watched conditions that are out of service."""
        return conditions_out_of_service(sessions, actor)

    @post(
        "/service",
        opt={"act": Act.ALARM_OUT_OF_SERVICE},
        responses=problems(404, 422),
        status_code=200,
        sync_to_thread=True,
    )
    def service(
        self, data: JSONBody[Service], writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> list[OutOfService]:
        """Take a condition out of service, with a reason, or bring it back; return all that are out."""
        actions.set_service(writing, actor, data.place, data.code, out=data.out, comment=data.comment)
        return conditions_out_of_service(writing, actor)

    @get("/{alarm:int}", opt={"act": Act.ALARMS_READ}, responses=problems(404), sync_to_thread=True)
    def alarm(
        self, alarm: RowId, sessions: NamedDependency[ReadTransaction], actor: NamedDependency[Actor]
    ) -> AlarmHistory:
        """Return an alarm with its transitions."""
        return get_alarm(sessions, actor, alarm)

    @post(
        "/{alarm:int}/acknowledge",
        opt={"act": Act.ALARM_ACKNOWLEDGE},
        responses=problems(404, 409, 422),
        status_code=200,
        sync_to_thread=True,
    )
    def acknowledge(
        self,
        alarm: RowId,
        data: JSONBody[Comment],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> Alarm:
        """Take note of an alarm."""
        return actions.acknowledge(writing, actor, alarm, data.comment)

    @post(
        "/{alarm:int}/shelve",
        opt={"act": Act.ALARM_SHELVE},
        responses=problems(404, 409, 422),
        status_code=200,
        sync_to_thread=True,
    )
    def shelve(
        self,
        alarm: RowId,
        data: JSONBody[Shelf],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> Alarm:
        """Keep an alarm quiet for some minutes."""
        return actions.shelve(writing, actor, alarm, timedelta(minutes=data.minutes), data.comment)

    @post(
        "/{alarm:int}/unshelve",
        opt={"act": Act.ALARM_SHELVE},
        responses=problems(404, 409, 422),
        status_code=200,
        sync_to_thread=True,
    )
    def unshelve(
        self,
        alarm: RowId,
        data: JSONBody[Comment],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> Alarm:
        """Take an alarm from the shelf: it comes back as it was."""
        return actions.unshelve(writing, actor, alarm, data.comment)
