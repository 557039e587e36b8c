"""Settings of a publisher: its unit, its outbox and its source."""

from pathlib import Path
from typing import Any

from pydantic import Field, field_validator

from publisher.sources import opening
from schemas.messages import Code
from service.settings import Block, Settings


class OutboxSettings(Block):
    """`[publisher]`: the unit and the file that keeps its readings until the database has them."""

    unit: Code
    outbox: Path | None = Field(default=None, description="SQLite file; outbox-<unit>.sqlite without it")

    @property
    def path(self) -> Path:
        """The outbox's file."""
        return self.outbox or Path(f"outbox-{self.unit}.sqlite")


class PublisherSettings(Settings):
    """Settings of one publisher: its unit, its source, the broker and the outbox."""

    publisher: OutboxSettings
    source: dict[str, Any] = Field(description='what to read: kind = "simulated", "csv", "http", "modbus" or "opcua"')

    @field_validator("source")
    @classmethod
    def _known_source(cls, raw: dict[str, Any]) -> dict[str, Any]:
        # Checked here so that every fault is told at once; built by `opening.open_source`.
        opening.check(raw)
        return raw
