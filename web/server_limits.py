"""What one connection may cost: bytes of header, time for a request, connections of one address.

uvicorn with httptools has no such limits: headers without an end fill the memory, and whoever sends a byte now and
then keeps a connection for ever.
"""

import asyncio
import ipaddress
from collections import Counter
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from facility.people.throttling import network_of
from web.settings import WebBlock

# Bytes that may come without completing anything: headers, trailers, lengths of chunks.
LARGEST_HEAD = 64 * 1024

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 18\r\n\r\nHeaders too large."
)


class Proxies:
    """The addresses in `web.proxies`: their requests are other people's."""

    def __init__(self, text: str) -> None:
        self._all = "*" in text
        self._networks = [
            ipaddress.ip_network(one, strict=False)
            for part in text.split(",")
            if (one := part.strip()) not in {"", "*"}
        ]

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            # A Unix socket, or a test's client: nobody on the network.
            return True
        return self._all or any(parsed in network for network in self._networks)


class PlaceCounter:
    """How many of something each place has: an IPv4 address, or the /64 that one IPv6 customer owns."""

    def __init__(self, most: int, proxies: Proxies) -> None:
        self._most, self._proxies = most, proxies
        self._held: Counter[str] = Counter()

    def full(self, address: str) -> bool:
        return address not in self._proxies and self._held[network_of(address)] >= self._most

    def add(self, address: str) -> None:
        self._held[network_of(address)] += 1

    def remove(self, address: str) -> None:
        place = network_of(address)
        self._held[place] -= 1
        if self._held[place] <= 0:
            del self._held[place]


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a limit on whatever a client can make it hold."""

    limits: ClassVar[WebBlock]
    places: ClassVar[PlaceCounter]
    _counted = False
    _timer: asyncio.TimerHandle | None = None
    _pending = 0
    _progress = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        if len(self.connections) > self.limits.connections or self.places.full(self._address):
            transport.abort()
            return
        self.places.add(self._address)
        self._counted = True
        self._within(self.limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._within(None)
        if self._counted:
            self._counted = False
            self.places.remove(self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        self._progress = False
        super().data_received(data)
        # Counted only where nothing came of it: a body may be long.
        self._pending = 0 if self._progress else self._pending + len(data)
        if self._pending > LARGEST_HEAD and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._within(self.limits.head_seconds)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._progress = True
        self._within(self.limits.request_seconds)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._progress = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._progress = True
        self._within(None)
        super().on_message_complete()

    def _within(self, seconds: float | None) -> None:
        """Close the connection unless what is expected has come after so many seconds; None expects nothing."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self._too_slow)

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


def limited_protocol(web: WebBlock) -> type[LimitedProtocol]:
    """Return the protocol for one server with the limits of its settings."""
    places = PlaceCounter(web.connections_per_address, Proxies(web.proxies))
    return type("ServerProtocol", (LimitedProtocol,), {"limits": web, "places": places})
