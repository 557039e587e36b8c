"""The opcua source: polls nodes of an OPC UA server, with their own times and status codes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, FiniteFloat, SecretStr, field_validator, model_validator

from publisher.sources.mapping import Target, check_targets, scaled
from publisher.sources.numbers import Missing, from_float32
from publisher.sources.opcua_session import OpcuaSession
from publisher.sources.polling import Measured, PollResult, gathered, poll
from publisher.sources.source import Position, ReadFault, SampleBatch, Source
from schemas import times
from schemas.site import Site, Unit
from service.settings import Block, SettingsError, read_secret

# The protocol writes "no time" as the year 1601. Before 2000 and a day ahead no clock is right: such readings
# would be refused as a whole.
_NULL = datetime(1601, 1, 2, tzinfo=UTC)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=1)


class OpcuaValue(Target):
    """A node, as `ns=2;s=E2C1.Temperature`."""

    node: str
    missing: tuple[FiniteFloat, ...] = Field(default=(), description="values that mean: no value")


class Settings(Block):
    """`time` says whose clock counts: the source's (the sensor's), the server's, or ours when asking."""

    kind: Literal["opcua"]
    url: str
    interval: float = Field(default=10, ge=0.05, le=3600)
    timeout: float = Field(default=4, gt=0, le=60, description="seconds for one request")
    time: Literal["source", "server", "asked"] = "source"
    together: float = Field(
        default=0.5, ge=0, description="seconds within which values of a cell count as one reading, at the newest's"
    )
    username: str | None = None
    password_file: Path | None = None
    security: SecretStr | None = Field(
        default=None, description="policy,mode,certificate,key as in Basic256Sha256,SignAndEncrypt,own.der,own.pem"
    )
    values: tuple[OpcuaValue, ...] = Field(min_length=1)

    @field_validator("url")
    @classmethod
    def _plain_url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "opc.tcp" or not parts.hostname:
            raise ValueError("a URL begins with opc.tcp:// and names a host")
        if parts.username or parts.password:
            raise ValueError("no credentials in the URL: use username and password_file")
        return url

    @model_validator(mode="after")
    def _user_and_password(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file belong together")
        return self


def open_source(settings: Settings, site: Site, unit: Unit) -> Source:
    """Check the mapping against the site and return the source; raise SettingsError."""
    try:
        from asyncua.ua.uaerrors import UaError  # noqa: PLC0415 - an extra that only this source needs
        from asyncua.ua.uatypes import NodeId  # noqa: PLC0415 - as above
    except ImportError:
        raise SettingsError("the opcua source needs a library: pip install -r requirements/publisher.txt") from None
    for number, value in enumerate(settings.values):
        try:
            NodeId.from_string(value.node)
        except (UaError, ValueError):
            raise SettingsError(
                f"setting source.values.{number}.node: not a node, as in ns=2;s=Name or ns=2;i=7"
            ) from None
    check_targets(
        ((f"source.values.{number}", value.cell, value.parameter) for number, value in enumerate(settings.values)),
        site,
        unit,
    )
    return OpcuaSource(settings)


class OpcuaSource:
    """Reads all nodes in one request; a value whose time and status have not moved is not given again."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._missing = {id(value): Missing(value.missing) for value in settings.values}
        self._secret()

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield what the server holds, and what is wrong with it, once a change."""
        from asyncua.ua.uatypes import NodeId  # noqa: PLC0415 - an extra that only this source needs

        settings = self._settings
        last: dict[str, str] = dict(position["last"]) if position and position.get("kind") == "opcua" else {}
        nodes = [NodeId.from_string(value.node) for value in settings.values]
        user = None if settings.username is None else (settings.username, self._secret() or "")
        security = None if settings.security is None else settings.security.get_secret_value()
        session = OpcuaSession(settings.url, settings.timeout, nodes, user, security)

        async def poll_once() -> PollResult:
            return self._understand(await session.read(), times.now(), last)

        name = f"opcua {settings.url}"
        deadline = settings.timeout * 3
        yield from poll(name, poll_once, session.close, interval=settings.interval, deadline=deadline, stop=stop)

    def _understand(self, found: list[Any], now: datetime, last: dict[str, str]) -> PollResult:
        answer = PollResult()
        fresh: list[tuple[OpcuaValue, Measured]] = []
        for value, data in zip(self._settings.values, found, strict=True):
            try:
                reading = self._reading(value, data, now, last, answer.faults)
            except ValueError as error:
                answer.faults.append(_fault(value, str(error)))
                continue
            if reading is not None:
                fresh.append((value, reading))
        newest: dict[str, datetime] = {}
        for _, reading in fresh:
            newest[reading.cell] = max(newest.get(reading.cell, reading.observed_at), reading.observed_at)
        together = timedelta(seconds=self._settings.together)
        answer.samples = gathered(
            reading._replace(observed_at=newest[reading.cell])
            if newest[reading.cell] - reading.observed_at <= together
            else reading
            for _, reading in fresh
        )
        if answer.samples:
            answer.position = {"kind": "opcua", "last": dict(last)}
        return answer

    def _reading(
        self, value: OpcuaValue, data: Any, now: datetime, last: dict[str, str], faults: list[ReadFault]
    ) -> Measured | None:
        """Return what is new of a node, None where nothing is; raise ValueError."""
        if isinstance(data, str):
            raise ValueError(data)  # noqa: TRY004 - a fault of the data
        status = _status(data)
        # A fault goes on as long as its cause does, also while there is nothing new to give.
        if status.is_bad():
            faults.append(_fault(value, f"status {status.name} (0x{status.value:08X})"))
        at = self._time(value, data, now, faults)
        number = None if status.is_bad() else self._number(value, data)
        written, mark = times.to_text(at), f"{times.to_text(at)} {'Good' if status.is_good() else status.name}"
        before = last.get(value.node, "")
        if before == mark and self._settings.time != "asked":
            return None
        if before.partition(" ")[0] == written:
            at = now  # that time has its value already; the new status is news of this moment
        last[value.node] = mark
        return Measured(value.cell, value.parameter, at, number, suspect=status.is_uncertain())

    def _time(self, value: OpcuaValue, data: Any, now: datetime, faults: list[ReadFault]) -> datetime:
        """Return the time by the chosen clock; one that is null or cannot be meant counts as absent."""
        wanted = {
            "source": (("source", data.SourceTimestamp), ("server", data.ServerTimestamp)),
            "server": (("server", data.ServerTimestamp),),
            "asked": (),
        }[self._settings.time]
        for clock, at in wanted:
            if at is None:
                continue
            # The protocol's times are UTC; some versions of the library leave that unsaid.
            aware = at if at.tzinfo else at.replace(tzinfo=UTC)
            if _EARLIEST <= aware <= now + _AHEAD:
                return times.to_milliseconds(aware)
            if aware > _NULL:
                faults.append(_fault(value, f"the {clock}'s time cannot be meant and counts as absent", str(aware)))
        return now

    def _number(self, value: OpcuaValue, data: Any) -> float | None:
        raw = None if data.Value is None else data.Value.Value
        if raw is None:
            return None
        if not isinstance(raw, int | float):
            raise ValueError(f"{type(raw).__name__} where a number should be")  # noqa: TRY004 - a fault of the data
        if data.Value.VariantType.name == "Float":
            raw = from_float32(raw)
        if not isinstance(raw, bool) and self._missing[id(value)].has(raw):
            return None
        return float(scaled(raw, value.factor, value.offset))

    def _secret(self) -> str | None:
        path = self._settings.password_file
        return None if path is None else read_secret("source.password_file", path)


def _status(data: Any) -> Any:
    """Return the status without the bits that say more about it, as limits and overflow: they have no name."""
    from asyncua.ua.uatypes import StatusCode, UInt32  # noqa: PLC0415 - an extra that only this source needs

    return StatusCode(UInt32(0 if data.StatusCode is None else data.StatusCode.value & 0xFFFF0000))


def _fault(value: OpcuaValue, reason: str, raw: str = "") -> ReadFault:
    return ReadFault(f"{value.cell} {value.parameter} ({value.node}): {reason}", raw)
