"""Readings, what they belong to, and the ledger of publishers. Only the ingestor writes readings."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Double

from schemas.tables.base import Base, UtcDateTime

# A counter that grows by itself: SQLite does so for INTEGER primary keys only.
BigId = BigInteger().with_variant(Integer(), "sqlite")
Payload = LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql", "mariadb")


class Quality(IntEnum):
    """How far a value can be trusted. Raw values are never deleted or changed; the flag is."""

    RAW = 0
    SUSPECT = 1  # automatic: outside the plausible range, frozen, clock skew
    VALIDATED = 2
    REJECTED = 3  # by a person, with a reason


class Unit(Base):
    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(SmallInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    label_fr: Mapped[str] = mapped_column(String(200))
    label_en: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(SmallInteger)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Cell(Base):
    __tablename__ = "cell"

    id: Mapped[int] = mapped_column(SmallInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    code: Mapped[str] = mapped_column(String(64), unique=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Parameter(Base):
    __tablename__ = "parameter"

    id: Mapped[int] = mapped_column(SmallInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), unique=True)
    label_fr: Mapped[str] = mapped_column(String(200))
    label_en: Mapped[str] = mapped_column(String(200))
    unit: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    setpoint_of: Mapped[str | None] = mapped_column(String(64))
    resolution: Mapped[float] = mapped_column(Double)
    minimum: Mapped[float | None] = mapped_column(Double)
    maximum: Mapped[float | None] = mapped_column(Double)
    position: Mapped[int] = mapped_column(SmallInteger)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FormerCode(Base):
    """A code that a unit, cell or parameter had before it was renamed: what still comes under it belongs to it.

    No foreign key: `kind` (unit, cell or parameter) says whose number `current_id` is.
    """

    __tablename__ = "former_code"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    current_id: Mapped[int] = mapped_column(Integer)


class Series(Base):
    """A cell's parameter. Its number is all that a row of history repeats.

    Cells and parameters are numbered up to 32,767 each, so their pairs never reach the end of an INT.
    """

    __tablename__ = "series"
    __table_args__ = (UniqueConstraint("cell_id", "parameter_id"), Base.__table_args__)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cell_id: Mapped[int] = mapped_column(ForeignKey("cell.id"))
    parameter_id: Mapped[int] = mapped_column(ForeignKey("parameter.id"))


class Reading(Base):
    """The history. No foreign key: a partitioned table can have none; the ingestor checks the series."""

    __tablename__ = "reading"

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    value: Mapped[float | None] = mapped_column(Double)
    quality: Mapped[int] = mapped_column(mysql.TINYINT().with_variant(SmallInteger(), "sqlite"))


class LatestReading(Base):
    """The newest reading of each series, never replaced by an older one."""

    __tablename__ = "latest_reading"

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    value: Mapped[float | None] = mapped_column(Double)
    quality: Mapped[int] = mapped_column(mysql.TINYINT().with_variant(SmallInteger(), "sqlite"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class _Rollup:
    """Non-null values of a series in an interval that starts at `started_at`; absent where there were none."""

    series_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    n: Mapped[int] = mapped_column(Integer)
    min: Mapped[float] = mapped_column(Double)
    mean: Mapped[float] = mapped_column(Double)
    max: Mapped[float] = mapped_column(Double)


class Reading5min(_Rollup, Base):
    __tablename__ = "reading_5min"


class Reading1h(_Rollup, Base):
    __tablename__ = "reading_1h"


class Publisher(Base):
    """An outbox and its account: stored + rejected = the numbers in its ranges.

    `stored` and `rejected` count readings, a reading once however often it was sent.
    """

    __tablename__ = "publisher"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    stored: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    repeated: Mapped[int] = mapped_column(BigInteger)
    first_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PublisherRange(Base):
    """Numbers, both ends included, that were committed or rejected; touching ranges are merged."""

    __tablename__ = "publisher_range"

    publisher_id: Mapped[str] = mapped_column(ForeignKey("publisher.id"), primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger)


class RejectedMessage(Base):
    """What could not be understood, with the reason. `payload` is cut to 64 KiB, `size` is the whole.

    `digest` names message and reason: what the broker delivers again is recorded once.
    """

    __tablename__ = "rejected_message"
    __table_args__ = (Index(None, "publisher_id", "sequence"), Base.__table_args__)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    topic: Mapped[str] = mapped_column(String(1024))
    payload: Mapped[bytes] = mapped_column(Payload)
    size: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(1024))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    publisher_id: Mapped[str | None] = mapped_column(String(64))
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    digest: Mapped[str | None] = mapped_column(String(32), index=True)
