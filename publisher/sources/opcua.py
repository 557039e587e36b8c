"""The opcua source: polls nodes of an OPC UA server, with their own times and status codes."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from math import isnan
from pathlib import Path
from threading import Event
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from publisher.sources.mapping import Target, check_targets, scaled
from publisher.sources.polling import Answer, Unavailable, gathered, poll
from publisher.sources.source import Batch, Fault, Position, Source
from schemas import times
from schemas.site import Site, Unit
from service.settings import Block, SettingsError


class Value(Target):
    """A node, as `ns=2;s=E2C1.Temperature`."""

    node: str


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
    values: tuple[Value, ...] = Field(min_length=1)

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
        raise SettingsError('the opcua source needs a library: pip install "octopus-ecotron[opcua]"') from None
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
        self._secret()

    def batches(self, position: Position | None, stop: Event) -> Iterator[Batch]:
        """Yield what the server holds, and what is wrong with it, once a change."""
        from asyncua.client.client import Client  # noqa: PLC0415 - an extra that only this source needs
        from asyncua.ua.attribute_ids import AttributeIds  # noqa: PLC0415 - as above
        from asyncua.ua.uaerrors import UaError  # noqa: PLC0415 - as above
        from asyncua.ua.uatypes import NodeId  # noqa: PLC0415 - as above

        # We say ourselves, and once, what it would say at each attempt.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        settings = self._settings
        last: dict[str, str] = dict(position["last"]) if position and position.get("kind") == "opcua" else {}
        nodes = [NodeId.from_string(value.node) for value in settings.values]
        client: Client | None = None

        async def ask() -> Answer:
            nonlocal client
            try:
                if client is None:
                    client = Client(settings.url, timeout=settings.timeout)
                    if settings.username is not None:
                        client.set_user(settings.username)
                        client.set_password(self._secret() or "")
                    if settings.security is not None:
                        await client.set_security_string(settings.security.get_secret_value())
                    await client.connect()
                found = await client.uaclient.read_attributes(nodes, AttributeIds.Value)
            except (OSError, TimeoutError, UaError) as error:
                raise Unavailable(_in_words(error)) from None
            return self._understand(found, times.now(), last)

        async def close() -> None:
            nonlocal client
            if client is not None:
                gone, client = client, None
                try:
                    await gone.disconnect()
                finally:
                    gone.disconnect_socket()  # the library leaves it open where the server is gone

        name = f"opcua {settings.url}"
        yield from poll(name, ask, close, interval=settings.interval, deadline=settings.timeout * 3, stop=stop)

    def _understand(self, found: list[Any], now: datetime, last: dict[str, str]) -> Answer:
        answer = Answer()
        fresh: list[tuple[Value, datetime, float | None]] = []
        for value, data in zip(self._settings.values, found, strict=True):
            status = data.StatusCode
            good = status is None or status.is_good()
            at = self._time(data, now)
            written, mark = times.to_text(at), f"{times.to_text(at)} {'Good' if good else status.name}"
            before = last.get(value.node, "")
            if before == mark and self._settings.time != "asked":
                continue
            if before.partition(" ")[0] == written:
                at = now  # that time has its value already; the new status is news of this moment
            try:
                number = _number(data, value) if good else None
            except (ValueError, OverflowError) as error:
                answer.faults.append(Fault(f"{value.cell} {value.parameter} ({value.node}): {error}"))
                continue
            if not good:
                answer.faults.append(Fault(f"{value.cell} {value.parameter} ({value.node}): status {status.name}"))
            last[value.node] = mark
            fresh.append((value, at, number))
        answer.samples = gathered(
            (value.cell, value.parameter, self._together(value.cell, at, fresh), number) for value, at, number in fresh
        )
        if answer.samples:
            answer.position = {"kind": "opcua", "last": dict(last)}
        return answer

    def _time(self, data: Any, now: datetime) -> datetime:
        at = {"source": data.SourceTimestamp or data.ServerTimestamp, "server": data.ServerTimestamp, "asked": None}
        chosen = at[self._settings.time]
        if chosen is None:
            return now
        # The protocol's times are UTC; some versions of the library leave that unsaid.
        return times.to_milliseconds(chosen if chosen.tzinfo else chosen.replace(tzinfo=UTC))

    def _together(self, cell: str, at: datetime, fresh: list[tuple[Value, datetime, float | None]]) -> datetime:
        newest = max(time for value, time, _ in fresh if value.cell == cell)
        return newest if (newest - at).total_seconds() <= self._settings.together else at

    def _secret(self) -> str | None:
        path = self._settings.password_file
        if path is None:
            return None
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"setting source.password_file: {path}: {error.strerror}") from error


def _number(data: Any, value: Value) -> float | None:
    raw = None if data.Value is None else data.Value.Value
    if raw is None:
        return None
    if not isinstance(raw, int | float):
        raise ValueError(f"{type(raw).__name__} where a number should be")  # noqa: TRY004 - a fault of the data
    return None if isnan(raw) else scaled(float(raw), value.factor, value.offset)


def _in_words(error: Exception) -> str:
    """Name the trouble without text that could repeat the credentials."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError):
        return f"no connection ({error.strerror or type(error).__name__})"
    return f"refuses ({type(error).__name__})"
