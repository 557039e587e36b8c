"""Every table, by subject. Importing this package fills `Base.metadata`; migrations are written from it."""

from schemas.tables.alarms import Alarm, DiscordCommands, DiscordLink, DiscordLinkCode, Notification
from schemas.tables.base import Base, UtcDateTime
from schemas.tables.people import ApiToken, AuditEvent, LoginAttempt, LoginSession, OneTimeLink, Person, Role
from schemas.tables.station import (
    Annotation,
    Assignment,
    Experiment,
    ExperimentCell,
    ExperimentMember,
    ExperimentParameter,
    Intervention,
)
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
    "Alarm",
    "Annotation",
    "ApiToken",
    "Assignment",
    "AuditEvent",
    "Base",
    "Cell",
    "DiscordCommands",
    "DiscordLink",
    "DiscordLinkCode",
    "Experiment",
    "ExperimentCell",
    "ExperimentMember",
    "ExperimentParameter",
    "Intervention",
    "LatestReading",
    "LoginAttempt",
    "LoginSession",
    "Notification",
    "OneTimeLink",
    "Parameter",
    "Person",
    "Publisher",
    "PublisherRange",
    "Quality",
    "Reading",
    "Reading1h",
    "Reading5min",
    "RejectedMessage",
    "Role",
    "Series",
    "Unit",
    "UtcDateTime",
]
