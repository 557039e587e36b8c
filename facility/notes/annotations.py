"""Annotations: a moment or a span of a cell or of one of its parameters. Withdrawn they stay, marked as such."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import ActContext, Actor, act_transaction, read_transaction
from facility.acting.fields import CLEAN, CodeText, FormModel, Moment, OptionalMoment
from facility.acting.permissions import Act
from facility.acting.refusals import Conflict, Forbidden, Invalid, NotFound
from facility.acting.user_messages import message
from facility.notes.places import cell_number, experiment_at, parameter_number
from facility.notes.tags import TAGS
from schemas import times
from schemas.tables import Annotation, AnnotationTag, Cell, Experiment, Parameter, Person
from storage.database import Reads, Sessions

MOST_LISTED = 500
MOST_TAGS = 5

_Rows = Select[Annotation, str, str | None, str | None, str | None]


def _known(tag: str) -> str:
    if tag not in TAGS:
        raise ValueError(message("There is no tag {tag}: choose among those of the list.", tag=tag[:40]))
    return tag


Tag = Annotated[str, AfterValidator(_known)]


class AnnotationDraft(FormModel):
    """An annotation as it is written; without `ended_at` it is a moment, without `parameter` the whole cell's."""

    cell: CodeText
    parameter: CodeText | None = None
    started_at: Moment
    ended_at: OptionalMoment = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000), CLEAN]
    tags: Annotated[tuple[Tag, ...], Field(max_length=MOST_TAGS)] = ()


class AnnotationView(BaseModel):
    """An annotation as it is shown; `withdrawn_at` tells that it no longer counts."""

    id: int
    cell: str
    parameter: str | None
    experiment: str | None
    experiment_id: int | None
    person: str | None
    person_id: int | None
    started_at: datetime
    ended_at: datetime | None
    text: str
    tags: list[str]
    created_at: datetime
    withdrawn_at: datetime | None


class AnnotationQuery(FormModel):
    """Which annotations: each member narrows; those that touch [since, until)."""

    cell: str = ""
    experiment: int | None = None
    tag: str = ""
    since: OptionalMoment = None
    until: OptionalMoment = None
    withdrawn: bool = True
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    limit: Annotated[int, Field(ge=1, le=MOST_LISTED)] = 50


def annotate(sessions: Sessions, actor: Actor, draft: AnnotationDraft) -> AnnotationView:
    """Write an annotation; it belongs to the experiment that the cell held at its beginning."""
    if draft.ended_at is not None and draft.ended_at < draft.started_at:
        raise Invalid({"ended_at": message("The end is before the start.")})
    with act_transaction(sessions, actor, Act.ANNOTATE) as context:
        session = context.session
        cell = cell_number(session, draft.cell)
        row = Annotation(
            cell_id=cell,
            parameter_id=None if draft.parameter is None else parameter_number(session, cell, draft.parameter),
            experiment_id=experiment_at(session, cell, draft.started_at),
            person_id=actor.id,
            started_at=draft.started_at,
            ended_at=draft.ended_at,
            text=draft.text,
            created_at=context.at,
        )
        session.add(row)
        session.flush()
        session.add_all(AnnotationTag(annotation_id=row.id, tag=tag) for tag in dict.fromkeys(draft.tags))
        session.flush()
        view = _one(session, row.id)
        context.record("annotation", row.id, None, _audited(view))
        return view


def withdraw_annotation(sessions: Sessions, actor: Actor, number: int) -> AnnotationView:
    """Withdraw an annotation: one's own, or anybody's as a technician. It is kept and shown as withdrawn."""
    with act_transaction(sessions, actor, Act.ANNOTATION_WITHDRAW) as context:
        row = _locked(context, number)
        if row.person_id != actor.id and not actor.may(Act.INTERVENE):
            raise Forbidden(message("Only its author or a technician may withdraw an annotation."))
        if row.withdrawn_at is not None:
            raise Conflict(message("This annotation is withdrawn already."), _one(context.session, number))
        before = _audited(_one(context.session, number))
        row.withdrawn_at = context.at
        context.session.flush()
        view = _one(context.session, number)
        context.record("annotation", number, before, _audited(view))
        return view


def find_annotations(sessions: Reads, actor: Actor, query: AnnotationQuery) -> tuple[list[AnnotationView], int]:
    """Return a page of annotations, the newest first, and how many match in all."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        statement = _narrowed(query)
        total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
        return _views(session, statement.offset(query.offset).limit(query.limit)), total


def of_cell(session: Session, cell: str, start: datetime, end: datetime) -> list[AnnotationView]:
    """Return the annotations of a cell that touch a span and count, the newest first, 500 at most."""
    query = AnnotationQuery(cell=cell, since=start, until=end, withdrawn=False)
    return _views(session, _narrowed(query).limit(MOST_LISTED))


def _narrowed(query: AnnotationQuery) -> _Rows:
    statement = _rows()
    if query.cell:
        statement = statement.where(Cell.code == query.cell)
    if query.experiment is not None:
        statement = statement.where(Annotation.experiment_id == query.experiment)
    if query.tag:
        tagged = select(AnnotationTag.annotation_id).where(AnnotationTag.tag == query.tag)
        statement = statement.where(Annotation.id.in_(tagged))
    if query.until is not None:
        statement = statement.where(Annotation.started_at < query.until)
    if query.since is not None:
        touching = or_(Annotation.started_at >= query.since, Annotation.ended_at >= query.since)
        statement = statement.where(touching)
    return statement if query.withdrawn else statement.where(Annotation.withdrawn_at.is_(None))


def _rows() -> _Rows:
    return (
        select(Annotation, Cell.code, Parameter.code, Experiment.code, Person.name)
        .join(Cell, Cell.id == Annotation.cell_id)
        .outerjoin(Parameter, Parameter.id == Annotation.parameter_id)
        .outerjoin(Experiment, Experiment.id == Annotation.experiment_id)
        .outerjoin(Person, Person.id == Annotation.person_id)
        .order_by(Annotation.started_at.desc(), Annotation.id.desc())
    )


def _views(session: Session, statement: _Rows) -> list[AnnotationView]:
    rows = session.execute(statement).all()
    tags: dict[int, list[str]] = {}
    numbers = [row[0].id for row in rows]
    for number, tag in session.execute(
        select(AnnotationTag.annotation_id, AnnotationTag.tag).where(AnnotationTag.annotation_id.in_(numbers))
    ):
        tags.setdefault(number, []).append(tag)
    return [
        AnnotationView(
            id=row.id,
            cell=cell,
            parameter=parameter,
            experiment=experiment,
            experiment_id=row.experiment_id,
            person=person,
            person_id=row.person_id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            text=row.text,
            tags=sorted(tags.get(row.id, ()), key=list(TAGS).index),
            created_at=row.created_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row, cell, parameter, experiment, person in rows
    ]


def _one(session: Session, number: int) -> AnnotationView:
    return _views(session, _rows().where(Annotation.id == number))[0]


def _locked(context: ActContext, number: int) -> Annotation:
    row = context.session.scalar(select(Annotation).where(Annotation.id == number).with_for_update())
    if row is None:
        raise NotFound(message("There is no such annotation."))
    return row


def _audited(view: AnnotationView) -> dict[str, Any]:
    return {
        "cell": view.cell,
        "parameter": view.parameter,
        "experiment": view.experiment_id,
        "started_at": times.to_text(view.started_at),
        "ended_at": None if view.ended_at is None else times.to_text(view.ended_at),
        "text": view.text,
        "tags": view.tags,
        "withdrawn": view.withdrawn_at is not None,
    }
