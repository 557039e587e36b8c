"""The station's work: experiments, which cell held which from when to when, and what people noted."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Double

from schemas.tables.base import Base, UtcDateTime
from schemas.tables.telemetry import BigId

# 64 KiB of TEXT would hold 16,000 four-byte letters at worst; what people write may be longer.
LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class Experiment(Base):
    """An experiment. `version` rises with each change, so that a concurrent edit is detected."""

    __tablename__ = "experiment"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    team: Mapped[str] = mapped_column(String(200))
    scientific_contact: Mapped[str] = mapped_column(String(200))
    technical_contact: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(LongText)
    objective: Mapped[str] = mapped_column(LongText)
    planned_start: Mapped[date | None] = mapped_column(Date)
    planned_end: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[int] = mapped_column(Integer)
    # What a search looks through, in small letters without accents: no two databases compare text alike.
    folded: Mapped[str] = mapped_column(LongText)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ExperimentParameter(Base):
    """A parameter that matters to an experiment: off its setpoint by `deviation`, or outside low…high, for `delay`."""

    __tablename__ = "experiment_parameter"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"), primary_key=True)
    parameter_id: Mapped[int] = mapped_column(ForeignKey("parameter.id"), primary_key=True)
    deviation: Mapped[float | None] = mapped_column(Double)
    low: Mapped[float | None] = mapped_column(Double)
    high: Mapped[float | None] = mapped_column(Double)
    delay: Mapped[int] = mapped_column(Integer)
    severity: Mapped[str] = mapped_column(String(20))


class ExperimentCell(Base):
    """A cell that an experiment is planned for, from its planned start to its planned end."""

    __tablename__ = "experiment_cell"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"), primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"), primary_key=True)


class ExperimentMember(Base):
    """A person who belongs to an experiment."""

    __tablename__ = "experiment_member"

    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, index=True)


class Assignment(Base):
    """What a cell held from when to when; open while `ended_at` is NULL.

    `open_cell` is the cell while the assignment is open and NULL after: being unique, it lets the database
    itself refuse a second open assignment of a cell, whoever asks and however many at once.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("open_cell"),
        Index(None, "cell_id", "started_at"),
        CheckConstraint("ended_at IS NULL OR ended_at > started_at", name="ends_after_start"),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    experiment_id: Mapped[int] = mapped_column(ForeignKey("experiment.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    open_cell: Mapped[int | None] = mapped_column(
        SmallInteger, Computed("CASE WHEN ended_at IS NULL THEN cell_id END", persisted=False)
    )


class Intervention(Base):
    """Somebody works on a cell, from when to when; open while `ended_at` is NULL."""

    __tablename__ = "intervention"
    __table_args__ = (Index(None, "cell_id", "started_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(2000))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expected_end: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Annotation(Base):
    """A note on a moment or a span of a cell, or of one of its parameters."""

    __tablename__ = "annotation"
    __table_args__ = (Index(None, "cell_id", "started_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    parameter_id: Mapped[int | None] = mapped_column(ForeignKey("parameter.id"))
    experiment_id: Mapped[int | None] = mapped_column(ForeignKey("experiment.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AnnotationTag(Base):
    """A tag of an annotation: one of those that `facility.notes.tags` knows."""

    __tablename__ = "annotation_tag"

    annotation_id: Mapped[int] = mapped_column(ForeignKey("annotation.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(32), primary_key=True)


class QualityMark(Base):
    """From when to when a person has rejected a cell's values of a parameter, and why.

    The readings stay as they came: whoever shows them puts quality 3 over what lies within, until it is withdrawn.
    """

    __tablename__ = "quality_mark"
    __table_args__ = (Index(None, "cell_id", "started_at"), Base.__table_args__)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    parameter_id: Mapped[int] = mapped_column(ForeignKey("parameter.id"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(500))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
