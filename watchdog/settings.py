"""Settings of the watchdog: what the station is held to, beyond the rules of its cells."""

from pathlib import Path

from pydantic import Field

from schemas.messages import Code
from service.settings import Block, DatabaseSettings, Settings


class WatchdogBlock(Block):
    """`[watchdog]`: defaults suit a station with one server."""

    services: tuple[Code, ...] = Field(
        default=("ingestor", "web"), description="services that must be there; an absent one raises an alarm"
    )
    disks: tuple[Path, ...] = Field(default=(), description="folders whose file systems must not fill up")
    certificates: tuple[Path, ...] = Field(default=(), description="certificates (PEM) that must not expire")
    rejected_per_hour: int = Field(
        default=100, ge=1, description="rejected messages within an hour that raise an alarm"
    )
    backlog: int = Field(default=10_000, ge=1, description="readings waiting in an outbox that raise an alarm")


class WatchdogSettings(Settings):
    database: DatabaseSettings = DatabaseSettings()
    watchdog: WatchdogBlock = WatchdogBlock()
