"""The http source: polls an Ecolab REST server, whose `GET /` returns all parameters of all cells as JSON."""

import codecs
import logging
import re
import ssl
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from publisher.sources import instants
from publisher.sources.http_paths import Absent, Step, find, parse_path
from publisher.sources.http_values import Decimal, HttpValue, checked_path
from publisher.sources.mapping import check_targets
from publisher.sources.polling import PollResult, Unavailable, poll
from publisher.sources.source import Position, ReadFault, Sample, SampleBatch, Source
from schemas import times
from schemas.messages import Code
from schemas.site import Site, Unit
from schemas.tolerant_json import read_json
from service.settings import Block, SettingsError, read_secret

log = logging.getLogger(__name__)

_MAX_REPORTED = 200


class Time(Block):
    """Where the server says when the values were measured."""

    path: str
    formats: tuple[str, ...] = ("iso",)
    timezone: str | None = Field(default=None, description="of times without an offset; the site's without it")

    _path = field_validator("path")(checked_path)

    @field_validator("formats")
    @classmethod
    def _readable_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(instants.check_format, formats))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        return None if name is None else instants.check_zone(name)


class HttpCell(Block):
    """A cell's place in the document, its parameters, and its own time where it has one."""

    cell: Code
    path: str = ""
    time: Time | None = None
    values: dict[Code, HttpValue | str] = Field(min_length=1)

    _path = field_validator("path")(checked_path)

    @field_validator("values")
    @classmethod
    def _long_form(cls, values: dict[Code, HttpValue | str]) -> dict[Code, HttpValue | str]:
        return {
            code: value if isinstance(value, HttpValue) else HttpValue(path=value) for code, value in values.items()
        }


class Settings(Block):
    """Servers that know the same: the first that answers is asked. Credentials stand in files, never in the URL."""

    kind: Literal["http"]
    urls: tuple[str, ...] = Field(min_length=1)
    interval: float = Field(default=10, ge=0.05, le=3600)
    timeout: float = Field(default=5, gt=0, le=120, description="seconds for the whole answer of one server")
    max_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    username: str | None = None
    password_file: Path | None = None
    token_file: Path | None = Field(default=None, description="a file with a bearer token")
    headers: dict[str, str] = Field(default_factory=dict)
    tls_ca: Path | None = None
    encoding: str | None = Field(default=None, description="of answers that declare none; UTF-8 without it")
    decimal: Decimal = Field(default=".", description="in numbers that come as text")
    thousands: str = Field(default="", max_length=1, description="groups the digits of such numbers")
    time: Time | None = Field(default=None, description="without it the moment of asking is the readings' time")
    cells: tuple[HttpCell, ...] = Field(min_length=1)

    @field_validator("urls")
    @classmethod
    def _plain_urls(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("a URL begins with http:// or https:// and names a host")
            if parts.username or parts.password:
                raise ValueError("no credentials in a URL: use username and password_file")
        return urls

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, name: str | None) -> str | None:
        try:
            return None if name is None else codecs.lookup(name).name
        except LookupError:
            raise ValueError(f"no encoding is called {name!r}") from None

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.thousands and self.thousands == self.decimal:
            raise ValueError("decimal and thousands must differ from one another")
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file belong together")
        if self.username is not None and self.token_file is not None:
            raise ValueError("give username or token_file, not both")
        return self


def open_source(settings: Settings, site: Site, unit: Unit) -> Source:
    """Check the mapping against the site and return the source; raise SettingsError."""
    try:
        import httpx  # noqa: F401, PLC0415 - an extra that only this source needs
    except ImportError:
        raise SettingsError("the http source needs a library: pip install -r requirements/publisher.txt") from None
    check_targets(
        (
            (f"source.cells.{number}.values.{code}", cell.cell, code)
            for number, cell in enumerate(settings.cells)
            for code in cell.values
        ),
        site,
        unit,
    )
    return HttpSource(settings, site)


class HttpSource:
    """Asks every `interval` seconds; where the server names times, only readings with a new one are given."""

    def __init__(self, settings: Settings, site: Site) -> None:
        self._settings, self._site = settings, site
        self._secrets = {"password_file": settings.password_file, "token_file": settings.token_file}
        self._read_secrets()
        self._trusted = None
        if settings.tls_ca is not None:
            try:
                self._trusted = ssl.create_default_context(cafile=settings.tls_ca)
            except (OSError, ssl.SSLError) as error:
                raise SettingsError(f"setting source.tls_ca: {settings.tls_ca}: {error}") from error

    def batches(self, position: Position | None, stop: Event) -> Iterator[SampleBatch]:
        """Yield what the server says, and what is wrong with it, once a change."""
        import httpx  # noqa: PLC0415 - an extra that only this source needs

        paces = _paces(position)
        settings = self._settings
        client: httpx.AsyncClient | None = None

        async def poll_once() -> PollResult:
            nonlocal client
            if client is None:
                client = self._new_client()
            troubles: list[str] = []
            raw, wait = "", 0.0
            for url in settings.urls:
                try:
                    body, charset = await self._fetch(client, url)
                    return self._understand(body, charset, times.now(), paces)
                except Unavailable as error:
                    troubles.append(f"{url} {error}")
                    raw, wait = raw or error.raw, max(wait, error.wait)
                except httpx.InvalidURL:
                    troubles.append(f"{url} is no URL")
                except httpx.HTTPError as error:
                    troubles.append(f"{url} does not answer ({_describe(error)})")
            raise Unavailable("; ".join(troubles), raw, wait)

        async def close() -> None:
            nonlocal client
            if client is not None:
                closed, client = client, None
                await closed.aclose()

        deadline = settings.timeout * len(settings.urls) + 1
        yield from poll("http", poll_once, close, interval=settings.interval, deadline=deadline, stop=stop)

    def _new_client(self) -> Any:
        """Return a client with the credentials as they are now: one that was changed in its file needs no restart."""
        import httpx  # noqa: PLC0415 - an extra that only this source needs

        settings = self._settings
        try:
            secrets = self._read_secrets()
        except SettingsError as error:
            raise Unavailable(str(error)) from None
        headers = {"Accept": "application/json", **settings.headers}
        if "token_file" in secrets:
            headers["Authorization"] = f"Bearer {secrets['token_file']}"
        name = settings.username
        return httpx.AsyncClient(
            headers=headers,
            auth=None if name is None else httpx.BasicAuth(name, secrets["password_file"]),
            timeout=settings.timeout,
            trust_env=False,  # the proxies of whoever starts the publisher lead out of the lab
            verify=self._trusted or True,
        )

    async def _fetch(self, client: Any, url: str) -> tuple[bytes, str | None]:
        """Return the body and its declared charset; a server that drips or never ends is left."""
        import asyncio  # noqa: PLC0415 - beside the client, which is imported late as well

        from httpx import ReadError, RemoteProtocolError, WriteError  # noqa: PLC0415 - as above

        try:
            async with asyncio.timeout(self._settings.timeout):
                try:
                    return await self._read(client, url)
                except (ReadError, RemoteProtocolError, WriteError):
                    # A connection that was kept may end just when it is used again: a new one tells whether it did.
                    log.debug("%s breaks off; asking again", url)
                return await self._read(client, url)
        except TimeoutError:
            raise Unavailable(f"sends no whole answer within {self._settings.timeout:g} s") from None

    async def _read(self, client: Any, url: str) -> tuple[bytes, str | None]:
        body = bytearray()
        async with client.stream("GET", url) as response:
            if response.status_code != 200:
                after = response.headers.get("Retry-After", "")
                wait = float(after) if re.fullmatch(r"[0-9]{1,5}", after) else 0.0
                raise Unavailable(f"answers {response.status_code} {response.reason_phrase}", wait=wait)
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > self._settings.max_bytes:
                    raise Unavailable(f"sends more than {self._settings.max_bytes} bytes")
            return bytes(body), response.charset_encoding

    def _understand(
        self, body: bytes, charset: str | None, now: datetime, paces: dict[str, instants.Pace]
    ) -> PollResult:
        try:
            document = read_json(body, charset or self._settings.encoding)
        except ValueError:
            raise Unavailable("sends no whole JSON", body[:_MAX_REPORTED].decode(errors="replace")) from None
        answer = PollResult()
        for cell in self._settings.cells:
            try:
                sample = self._cell(document, cell, now, paces, answer.faults)
            except (Absent, ValueError) as error:
                answer.faults.append(ReadFault(f"{cell.cell}: {error}", body[:_MAX_REPORTED].decode(errors="replace")))
                continue
            if sample is not None:
                answer.samples.append(sample)
        if answer.samples:
            last = {cell: [times.to_text(pace.last), pace.step] for cell, pace in paces.items()}
            answer.position = {"kind": "http", "last": last}
        return answer

    def _cell(
        self, document: Any, cell: HttpCell, now: datetime, paces: dict[str, instants.Pace], faults: list[ReadFault]
    ) -> Sample | None:
        """Return the cell's sample; None where its time has not moved since the last one."""
        place = _find(document, parse_path(cell.path), cell.path)
        at = now
        time_settings = cell.time or self._settings.time
        if time_settings is not None:
            text = _find(place if cell.time else document, parse_path(time_settings.path), time_settings.path)
            if isinstance(text, bool) or not isinstance(text, str | int | float):
                raise ValueError(f"the time at {time_settings.path} is no text or number")
            zone = self._site.zone if time_settings.timezone is None else ZoneInfo(time_settings.timezone)
            try:
                local = instants.parse([str(text).strip("\0 ")], time_settings.formats, ".")
                at = times.to_milliseconds(instants.resolve(local, zone, paces.get(cell.cell)))
            except (ValueError, OverflowError) as error:
                # The reason stays the same while the text goes on: it is a new fault once only.
                faults.append(ReadFault(f"{cell.cell}: the time at {time_settings.path} cannot be used", str(error)))
                return None
        # What is wrong with the values stays so while their time stands still.
        values = self._values(place, cell, faults)
        pace = paces.get(cell.cell)
        if not values or (pace is not None and pace.last == at):
            return None
        paces[cell.cell] = instants.follow(pace, at)
        return Sample(cell.cell, at, values)

    def _values(self, place: Any, cell: HttpCell, faults: list[ReadFault]) -> dict[str, float | None]:
        values: dict[str, float | None] = {}
        for code, value in cell.values.items():
            if not isinstance(value, HttpValue):
                continue
            raw: Any = ""
            try:
                raw = _find(place, parse_path(value.path), value.path)
                values[code] = value.measured(raw, self._settings.decimal, self._settings.thousands)
            except (Absent, ValueError) as error:
                shown = raw.encode("utf-8", "replace").decode() if isinstance(raw, str) else ""
                faults.append(ReadFault(f"{cell.cell} {code}: {error}", shown[:_MAX_REPORTED]))
        return values

    def _read_secrets(self) -> dict[str, str]:
        return {name: read_secret(f"source.{name}", path) for name, path in self._secrets.items() if path is not None}


def _find(document: Any, path: tuple[Step, ...], text: str) -> Any:
    try:
        return find(document, path)
    except Absent as error:
        raise Absent(f"nothing at {text}: {error}") from None


def _paces(position: Position | None) -> dict[str, instants.Pace]:
    if not position or position.get("kind") != "http":
        return {}
    return {cell: instants.Pace(times.from_text(last), step) for cell, (last, step) in position["last"].items()}


def _describe(error: Exception) -> str:
    """Name the trouble without the library's text, which repeats the request."""
    words = {"ConnectError": "connection refused or host unknown", "RemoteProtocolError": "breaks off"}
    name = type(error).__name__
    return words.get(name, "time-out" if "Timeout" in name else name)
