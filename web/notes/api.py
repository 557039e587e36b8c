"""The API of notes: what happened in a cell, annotations, announced work."""

from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, QueryParameter
from pydantic import Field

from facility.acting.acts import Actor
from facility.acting.fields import FormModel
from facility.acting.permissions import Act
from facility.notes.annotations import AnnotationDraft, AnnotationView, annotate, withdraw_annotation
from facility.notes.events import CellEvents, events_csv, events_of_cell
from facility.notes.interventions import (
    InterventionDraft,
    InterventionView,
    Minutes,
    end_intervention,
    extend_intervention,
    start_intervention,
)
from schemas import times
from schemas.site import Site
from storage.database import ReadTransaction, Sessions
from web.http.problems import problems
from web.http.query_parameters import RowId, known_cell, range_of

From = Annotated[str | None, QueryParameter(name="from", description="RFC 3339; a day before `to` without it")]
To = Annotated[str | None, QueryParameter(name="to", description="RFC 3339, not included; now without it")]
FILE = {
    200: ResponseSpec(data_container=str, generate_examples=False, media_type="text/csv", description="a line an event")
}


class Longer(FormModel):
    """For how many minutes from now the work goes on."""

    minutes: Minutes = Field(default=20)


class CellEventsController(Controller):
    path = "/api/cells/{cell:str}"
    tags = ("notes",)

    @get("/events", opt={"act": Act.EXPERIMENTS_READ}, responses=problems(404, 422), sync_to_thread=True)
    def events(
        self,
        *,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        asked_from: From = None,
        asked_to: To = None,
    ) -> CellEvents:
        """Return the alarms, work, annotations, rejected values and limits of a cell within [from, to)."""
        start, end = range_of(asked_from, asked_to, times.now())
        return events_of_cell(sessions, actor, known_cell(site, cell), start, end)

    @get(
        "/events.csv",
        opt={"act": Act.EXPERIMENTS_READ},
        responses=FILE | problems(404, 422),
        sync_to_thread=True,
        media_type="text/csv",
    )
    def events_file(
        self,
        *,
        cell: FromPath[str],
        sessions: NamedDependency[ReadTransaction],
        actor: NamedDependency[Actor],
        site: NamedDependency[Site],
        asked_from: From = None,
        asked_to: To = None,
    ) -> Response[str]:
        """Return what happened in [from, to) as CSV, to lie beside the readings of the same span."""
        start, end = range_of(asked_from, asked_to, times.now())
        content = events_csv(events_of_cell(sessions, actor, known_cell(site, cell), start, end))
        name = f"{cell}_events_{start:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


class AnnotationController(Controller):
    path = "/api/annotations"
    tags = ("notes",)

    @post(opt={"act": Act.ANNOTATE}, responses=problems(404, 422), sync_to_thread=True)
    def add(
        self, data: JSONBody[AnnotationDraft], writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> AnnotationView:
        """Annotate a moment or a span of a cell."""
        return annotate(writing, actor, data)

    @delete(
        "/{annotation:int}",
        opt={"act": Act.ANNOTATION_WITHDRAW},
        responses=problems(404, 409),
        status_code=200,
        sync_to_thread=True,
    )
    def withdraw(
        self, annotation: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> AnnotationView:
        """Withdraw an annotation; it is kept as withdrawn."""
        return withdraw_annotation(writing, actor, annotation)


class InterventionController(Controller):
    path = "/api/interventions"
    tags = ("notes",)

    @post(opt={"act": Act.INTERVENE}, responses=problems(404, 409, 422), sync_to_thread=True)
    def start(
        self, data: JSONBody[InterventionDraft], writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> InterventionView:
        """Announce work on a cell that begins now."""
        return start_intervention(writing, actor, data)

    @post(
        "/{intervention:int}/extend",
        opt={"act": Act.INTERVENTION_EXTEND},
        responses=problems(404, 409, 422),
        status_code=200,
        sync_to_thread=True,
    )
    def extend(
        self,
        intervention: RowId,
        data: JSONBody[Longer],
        writing: NamedDependency[Sessions],
        actor: NamedDependency[Actor],
    ) -> InterventionView:
        """Let the work last longer."""
        return extend_intervention(writing, actor, intervention, data.minutes)

    @post(
        "/{intervention:int}/end",
        opt={"act": Act.INTERVENTION_END},
        responses=problems(404, 409),
        status_code=200,
        sync_to_thread=True,
    )
    def end(
        self, intervention: RowId, writing: NamedDependency[Sessions], actor: NamedDependency[Actor]
    ) -> InterventionView:
        """End the work before its time."""
        return end_intervention(writing, actor, intervention)
