"""Look through the audit. Lines are written by `ActContext.record` only; nothing changes or deletes them."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from facility.acting.acts import Actor, act_transaction, read_transaction
from facility.acting.fields import FormModel, OptionalMoment
from facility.acting.permissions import Act
from schemas import times
from schemas.tables import AuditEvent, AuditExperiment, Person
from storage.database import Reads, Sessions

PAGE = 100
MOST_CHANGES = 500
MOST_EXPORTED = 200_000


class AuditQuery(FormModel):
    """Which lines: each member narrows; `before` and `limit` page through them, the newest first."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    subject_id: str = ""
    since: OptionalMoment = None
    until: OptionalMoment = None
    before: int | None = None
    limit: int = PAGE


class AuditLine(BaseModel):
    """One act: who, when, how, on what, and how it was before and after."""

    id: int
    at: datetime
    actor_id: int | None
    actor: str
    via: str
    address: str
    act: str
    subject: str
    subject_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def search_audit(sessions: Reads, actor: Actor, query: AuditQuery) -> list[AuditLine]:
    """Return a page of the audit, the newest first."""
    with read_transaction(sessions, actor, Act.AUDIT_READ) as session:
        return list(_lines(session, query, min(max(query.limit, 1), 1000)))


def count_audit(sessions: Reads, actor: Actor, query: AuditQuery) -> int:
    """Return how many lines a search has in all."""
    with read_transaction(sessions, actor, Act.AUDIT_READ) as session:
        return session.scalar(select(func.count()).select_from(AuditEvent).where(*_conditions(query))) or 0


def history_of(sessions: Reads, actor: Actor, subject: str, subject_id: object) -> list[AuditLine]:
    """Return the changes of one experiment or cell, the newest first, for everybody who may see it."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        query = AuditQuery(subject=subject, subject_id=str(subject_id))
        lines = list(_lines(session, query, 500))
    if actor.may(Act.AUDIT_READ):
        return lines
    return [line.model_copy(update={"address": ""}) for line in lines]


def changes_of_experiment(sessions: Reads, actor: Actor, number: int) -> list[AuditLine]:
    """Return what was done to an experiment, its comings and goings in cells included, the newest first.

    Everybody who may see an experiment sees who changed it, as every laboratory notebook shows; the network addresses
    are for admins.
    """
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        statement = (
            select(AuditEvent)
            .join(AuditExperiment, AuditExperiment.event_id == AuditEvent.id)
            .where(AuditExperiment.experiment_id == number)
            .order_by(AuditExperiment.event_id.desc())
            .limit(MOST_CHANGES)
        )
        lines = [AuditLine.model_validate(row, from_attributes=True) for row in session.scalars(statement)]
    if actor.may(Act.AUDIT_READ):
        return lines
    return [line.model_copy(update={"address": ""}) for line in lines]


def names_behind(sessions: Reads, actor: Actor, lines: Iterable[AuditLine]) -> dict[str, str]:
    """Return the names of those who changed an experiment by their logins."""
    with read_transaction(sessions, actor, Act.EXPERIMENTS_READ) as session:
        people = select(Person).where(Person.login.in_({line.actor for line in lines}))
        return {person.login: person.name for person in session.scalars(people)}


def export_audit(sessions: Sessions, actor: Actor, query: AuditQuery) -> list[AuditLine]:
    """Return all lines of a search, the newest first; the export itself is audited before it is read."""
    with act_transaction(sessions, actor, Act.AUDIT_EXPORT) as context:
        context.record("audit", "", after=query.model_dump(mode="json", exclude_defaults=True))
    with read_transaction(sessions, actor, Act.AUDIT_EXPORT) as session:
        return list(_lines(session, query, MOST_EXPORTED))


def to_csv(lines: list[AuditLine]) -> str:
    """Return the lines as CSV that a spreadsheet opens without running anything."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(AuditLine.model_fields)
    for line in lines:
        members = line.model_dump() | {"at": times.to_text(line.at)}
        writer.writerow([_cell(members[name]) for name in AuditLine.model_fields])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else str(value)
    # A spreadsheet takes these for the beginning of a formula.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _lines(session: Session, query: AuditQuery, limit: int) -> Iterator[AuditLine]:
    conditions = _conditions(query)
    if query.before is not None:
        conditions.append(AuditEvent.id < query.before)
    rows = session.scalars(select(AuditEvent).where(*conditions).order_by(AuditEvent.id.desc()).limit(limit))
    return (AuditLine.model_validate(row, from_attributes=True) for row in rows)


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if query.actor:
        conditions.append(AuditEvent.actor == query.actor.lower())
    if query.act:
        # `experiment` finds experiment.create and experiment.change, too.
        conditions.append(or_(AuditEvent.act == query.act, AuditEvent.act.startswith(f"{query.act}.", autoescape=True)))
    if query.subject:
        conditions.append(AuditEvent.subject == query.subject)
    if query.subject_id:
        conditions.append(AuditEvent.subject_id == query.subject_id)
    if query.since is not None:
        conditions.append(AuditEvent.at >= query.since)
    if query.until is not None:
        conditions.append(AuditEvent.at < query.until)
    return conditions
