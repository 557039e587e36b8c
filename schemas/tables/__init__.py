"""Every table, by subject. Importing this package fills `Base.metadata`; migrations are written from it."""

from schemas.tables.base import Base, UtcDateTime
from schemas.tables.telemetry import (
    Cell,
    LatestReading,
    Parameter,
    Publisher,
    PublisherRange,
    Quality,
    Reading,
    Reading1h,
    Reading5min,
    RejectedMessage,
    Series,
    Unit,
)

__all__ = [
    "Base",
    "Cell",
    "LatestReading",
    "Parameter",
    "Publisher",
    "PublisherRange",
    "Quality",
    "Reading",
    "Reading1h",
    "Reading5min",
    "RejectedMessage",
    "Series",
    "Unit",
    "UtcDateTime",
]
