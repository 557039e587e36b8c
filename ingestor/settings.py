"""What an ingestor is told: its name, how it shares the work, how much it takes at once."""

from pydantic import Field

from schemas.messages import Code
from service.settings import Block, DatabaseSettings, Settings


class IngestorBlock(Block):
    """`[ingestor]`: defaults suit one ingestor; several need a name each and one group."""

    name: Code = Field(default="ingestor", description="names the broker sessions and the status topic")
    group: Code | None = Field(default=None, description="share the work with the ingestors of this group ($share)")
    receive_maximum: int = Field(default=3000, ge=1, le=65535, description="live readings not yet acknowledged")
    backlog_receive_maximum: int = Field(
        default=8, ge=1, le=1000, description="backlog messages not yet acknowledged; each may hold 256 KiB"
    )
    batch: int = Field(
        default=24_000, ge=1, le=100_000, description="values that end a transaction's batch; of a backlog a third"
    )
    linger: float = Field(default=0.01, ge=0, le=1, description="seconds a small batch waits for company")


class IngestorSettings(Settings):
    """Settings of the ingestor: database, broker and how it writes."""

    database: DatabaseSettings = DatabaseSettings()
    ingestor: IngestorBlock = IngestorBlock()
