"""What travels over MQTT, as frozen models: whatever passes decoding fits the tables.

Unknown members are ignored so that a newer sender does not break an older receiver.
"""

import re
from datetime import datetime
from typing import Annotated, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    model_validator,
)

from schemas import times

# A broker refuses larger ones; a backlog message is cut before it reaches this.
MAX_PAYLOAD = 256 * 1024
MAX_SEQUENCE = 2**63 - 1
# Whoever is online repeats its status at least this often, in seconds: a retained `online` that is much older is
# of a sender that died together with its broker.
PRESENCE_SECONDS = 60.0


_DATE_AND_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:")


def _only_text(value: object) -> object:
    """Refuse plain numbers, which pydantic would accept as seconds: their epoch is unknown."""
    if isinstance(value, datetime) or (isinstance(value, str) and _DATE_AND_TIME.match(value)):
        return value
    raise ValueError("a time is RFC 3339 text with an offset, as in 2026-11-23T14:28:23.376Z")


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_only_text),
    AfterValidator(times.to_milliseconds),
    PlainSerializer(times.to_text, return_type=str),
]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
PublisherId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Sequence = Annotated[int, Field(ge=1, le=MAX_SEQUENCE, strict=True)]
AlarmId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Value = Annotated[float, Field(strict=True, allow_inf_nan=False)]
# Names the content of a reading (cell, time, values) whatever its number; chosen by the sender, compared only.
Digest = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Suspect = Annotated[frozenset[Code], Field(max_length=1000), PlainSerializer(sorted, return_type=list[str])]


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """Return the payload: compact JSON, times with `Z`, members that are absent left out."""
        return orjson.dumps(self.model_dump(mode="python", exclude_unset=True))


class Reading(Message):
    """A cell's values at one time. `publisher` and `sequence` come together or not at all.

    `digest` is what a confirmation repeats, so that two readings under one number cannot be taken for one another.
    `suspect` names parameters whose values their source doubts: they are stored with that quality.
    """

    publisher: PublisherId | None = None
    sequence: Sequence | None = None
    observed_at: Instant
    values: dict[Code, Value | None] = Field(min_length=1, max_length=1000)
    digest: Digest | None = None
    suspect: Suspect = frozenset()

    @model_validator(mode="after")
    def _numbered_or_not(self) -> Self:
        if (self.publisher is None) != (self.sequence is None):
            raise ValueError("publisher and sequence belong together: give both or neither")
        return self


class Backlog(Message):
    """Readings of one cell that were not confirmed in time, oldest first."""

    readings: list[Reading] = Field(min_length=1)


class Status(Message):
    """Presence of a unit's publisher or of a service; the last will says `offline`.

    `since` is when the state began, `at` when its sender said so last (every `PRESENCE_SECONDS` while it is online;
    not in the last will, and unknown of senders that do not repeat themselves).
    """

    state: Literal["online", "offline"]
    since: Instant
    at: Instant | None = None
    version: str = Field(default="", max_length=64)
    publisher: PublisherId | None = None
    sequence: int | None = Field(default=None, ge=0, le=MAX_SEQUENCE)
    waiting: int | None = Field(default=None, ge=0)
    # Where a publisher runs, so that two with one outbox can be told apart.
    host: str | None = Field(default=None, max_length=200)
    # What keeps a service from its work, in words; absent while nothing does.
    trouble: str | None = Field(default=None, max_length=1000)

    def to_json_at(self, at: datetime) -> bytes:
        """Return the payload of this status with `at` as the time of sending."""
        return self.model_copy(update={"at": at}).to_json()


class Stored(Message):
    """Sequence ranges, both ends included, that the database has committed or rejected.

    `digests` says of which readings: one for each number of the ranges, in their order, null for a reading that came
    without. `reused` are readings (number, digest) that were not stored because another reading has their number.
    """

    publisher: PublisherId
    ranges: list[tuple[Sequence, Sequence]]
    digests: list[Digest | None] | None = None
    reused: list[tuple[Sequence, Digest]] | None = None

    @model_validator(mode="after")
    def _a_digest_a_number(self) -> Self:
        numbers = sum(max(0, last - first + 1) for first, last in self.ranges)
        if self.digests is not None and len(self.digests) != numbers:
            raise ValueError("digests: one for each number of the ranges")
        return self


class Canary(Message):
    """A message that is sent to see whether it comes all the way into the database: only its number counts."""

    sender: Code
    number: Sequence
    sent_at: Instant


class Alarm(Message):
    """An alarm that is active or not yet acknowledged; its topic turns empty when it is over."""

    id: AlarmId
    place: Code
    code: Code
    severity: Literal["warning", "major", "critical"]
    state: Literal["active", "acknowledged", "returned", "shelved", "suppressed", "out_of_service"]
    since: Instant
    cell: Code | None = None
    parameter: Code | None = None
    value: FiniteFloat | None = None
    threshold: FiniteFloat | None = None
    text: dict[Literal["fr", "en"], Annotated[str, Field(max_length=500)]]
    guidance: dict[Literal["fr", "en"], Annotated[str, Field(max_length=1000)]] | None = None
    acknowledged_by: Annotated[str, Field(max_length=200)] | None = None
    count: int = Field(default=1, ge=1)
    suppressed_by: Annotated[str, Field(max_length=129)] | None = None
    shelved_until: Instant | None = None


class ParameterLimits(Message):
    """What an experiment asks of a parameter, in its unit: off the setpoint by at most `deviation`, within low…high.

    Without any of the three the station's limits hold. An alarm of `severity` waits for `delay` seconds.
    """

    deviation: FiniteFloat | None = None
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    delay: int = Field(default=600, ge=0)
    severity: Literal["warning", "major", "critical"] = "warning"


class CellExperiment(Message):
    """The experiment that a cell holds now, with the parameters it names; the topic is empty when the cell is free."""

    id: int
    code: str
    title: str
    state: str
    started_at: Instant
    limits: dict[Code, ParameterLimits] = Field(default_factory=dict)
