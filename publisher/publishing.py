"""The publisher's main loop: handles events of the source, the broker and the clock."""

import logging
import socket
import time
from contextlib import suppress
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

from broker.connecting import secret_client_id
from publisher.connection import Arrived, Connection, Down, Refused, Up
from publisher.delivery import Delivery
from publisher.outbox import Appended, Outbox
from publisher.outbox_file import OutboxFullError
from schemas import times, topics
from schemas.messages import PRESENCE_SECONDS, Status
from service.backoff import BackOff
from service.settings import BrokerSettings

log = logging.getLogger("publisher")

STATUS_INTERVAL = 10.0
_FAREWELL = 2.0
_RETRY_DISK = 5.0
# Then what is due is done before more is taken.
_EVENTS_AT_ONCE = 100
_ADVICE = (
    (("not authori", "user name", "password"), "check broker.username and broker.password"),
    (("name or service", "name resolution", "nodename"), "check broker.host"),
    (("refused",), "is the broker running, are broker.host and broker.port right?"),
    (("certificate", "ssl"), "check broker.tls_ca"),
    (("protocol",), "check broker.protocol"),
    (("too large",), "raise max_packet_size of the broker"),
)


class Stop:
    """Put into the queue by a signal."""


class Publishing:
    """Owns the connection; everything happens in the thread that calls `run`."""

    def __init__(
        self, broker: BrokerSettings, unit: str, outbox: Outbox, version: str, events: "SimpleQueue[Any]"
    ) -> None:
        self._broker, self._unit, self._outbox, self._version, self._events = broker, unit, outbox, version, events
        self._delivery = Delivery(outbox, unit)
        self._connection: Connection | None = None
        # The outbox's name that the broker knows.
        self._publisher = outbox.publisher
        self._up = False
        self._host = host_name()
        self._since = times.now()
        self._connect_at = 0.0
        self._back_off = BackOff()
        self._disk_trouble: str | None = None
        self._refused: set[str] = set()
        self._status_at = 0.0
        self._status: Status | None = None
        self._repeat_at = 0.0

    def run(self) -> None:
        """Serve until `Stop`; raise what ended the source."""
        try:
            wait = 0.0
            while True:
                for event in self._next_events(wait):
                    if isinstance(event, Stop):
                        return
                    self._take(event)
                if self._connection is not None and self._publisher != self._outbox.publisher:
                    self._leave()
                    self._connection, self._up, self._connect_at = None, False, 0.0
                now = time.monotonic()
                if self._connection is None and now >= self._connect_at:
                    self._connect()
                wait = self._work(now)
                if self._up:
                    wait = min(wait, self._publish_status(now))
                elif self._connection is None:
                    wait = min(wait, max(0.0, self._connect_at - now))
        finally:
            self._leave()

    def _work(self, now: float) -> float:
        """Let the delivery do what is due; a disk that fails just now is waited for."""
        try:
            wait = self._delivery.work(now)
        except OutboxFullError as error:
            if str(error) != self._disk_trouble:
                self._disk_trouble = str(error)
                log.error("%s; sending waits until it can be read again", error)  # noqa: TRY400 - for an operator
            return _RETRY_DISK
        self._disk_trouble = None
        return wait

    def _next_events(self, wait: float) -> list[Any]:
        events: list[Any] = []
        with suppress(Empty):
            events.append(self._events.get(timeout=wait) if wait > 0 else self._events.get_nowait())
            while len(events) < _EVENTS_AT_ONCE:
                events.append(self._events.get_nowait())
        return events

    def _take(self, event: object) -> None:
        match event:
            case Appended():
                self._delivery.appended(event)
            case Arrived():
                self._delivery.confirmed(event.payload, time.monotonic())
            case Up() if event.connection is self._connection:
                self._came_up(event.largest)
            case Down() if event.connection is self._connection:
                self._went_down(event.reason)
                if event.taken_over:
                    self._delivery.taken_over()
            case Refused() if event.connection is self._connection and event.what not in self._refused:
                self._refused.add(event.what)
                log.error(
                    "the broker refuses %s; the account may write only its own unit's topics and read its `stored`:"
                    " is publisher.unit (%s) right? Readings are kept", event.what, self._unit,
                )  # fmt: skip
            case Exception():
                raise event

    def _connect(self) -> None:
        self._publisher = self._outbox.publisher
        will = Status(
            state="offline", since=times.now(), version=self._version, publisher=self._publisher, host=self._host
        )
        # One name an outbox: after a broken link the broker drops the dead session for the new one at once.
        client_id = secret_client_id(self._broker, f"octopus-{self._unit}-{self._publisher[:8]}")
        self._connection = Connection(
            self._broker, client_id, topics.stored(self._unit), (topics.unit_status(self._unit), will.to_json()),
            self._events,
        )  # fmt: skip
        self._connection.start()

    def _came_up(self, largest: int | None) -> None:
        assert self._connection is not None  # noqa: S101 - `Up` names it
        log.info("connected to the broker; %d readings wait in the outbox", self._outbox.waiting)
        self._up = True
        self._back_off.succeed()
        self._host = host_name(self._connection.address)
        self._since = times.now()
        self._status_at, self._status = 0.0, None
        self._delivery.connected(self._connection.publish, time.monotonic(), largest)

    def _went_down(self, reason: str) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self._up = None, False
        self._delivery.disconnected()
        self._connect_at = time.monotonic() + self._back_off.next()
        if self._back_off.is_new(reason):
            log.warning(
                "no broker at %s:%d: %s%s; readings are kept, trying on", self._broker.host, self._broker.port,
                reason, _advice(reason),
            )  # fmt: skip

    def _publish_status(self, now: float) -> float:
        if now < self._status_at:
            return self._status_at - now
        status = self._present("online", self._since)
        if self._connection is not None and (status != self._status or now >= self._repeat_at):
            self._connection.publish(topics.unit_status(self._unit), status.to_json_at(times.now()), qos=1, retain=True)
            self._status, self._repeat_at = status, now + PRESENCE_SECONDS
        self._status_at = now + STATUS_INTERVAL
        return STATUS_INTERVAL

    def _present(self, state: str, since: datetime) -> Status:
        return Status.model_validate(
            {
                "state": state, "since": since, "version": self._version, "publisher": self._publisher,
                "host": self._host, "sequence": self._outbox.sequence, "waiting": self._outbox.waiting,
            }
        )  # fmt: skip

    def _leave(self) -> None:
        if self._connection is None:
            return
        if self._up:
            self._connection.publish_last(
                topics.unit_status(self._unit), self._present("offline", times.now()).to_json(), _FAREWELL
            )
        self._connection.close()


def _advice(reason: str) -> str:
    lower = reason.lower()
    return next((f" ({advice})" for words, advice in _ADVICE if any(word in lower for word in words)), "")


def host_name(address: str | None = None) -> str:
    """Name this machine for people: clones have one name, but hardly one address."""
    name = socket.gethostname()[:100]
    return name if address is None else f"{name} ({address})"
