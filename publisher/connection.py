"""Connections to the broker, reported as events: callbacks only put into a queue."""

import socket
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from broker.connecting import connect_options, paho_client
from service.settings import BrokerSettings

_SESSION_TAKEN_OVER = 142  # a reason code of MQTT 5


@dataclass(frozen=True, slots=True)
class Up:
    """The broker took us. `largest` is how many bytes a packet may have; None where it sets no limit."""

    connection: "Connection"
    largest: int | None = None


@dataclass(frozen=True, slots=True)
class Down:
    """The connection failed or ended, and why."""

    connection: "Connection"
    reason: str
    taken_over: bool = False  # another client came with our name


@dataclass(frozen=True, slots=True)
class Refused:
    """The broker took us, but not this: a publish or a subscription."""

    connection: "Connection"
    what: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message on the subscribed topic."""

    payload: bytes


class Connection:
    """A client that connects once; after `Down` it is closed and another is made.

    Otherwise paho would send what it still held, and an old reading could replace a newer retained one.
    """

    def __init__(
        self, settings: BrokerSettings, client_id: str, subscription: str, will: tuple[str, bytes],
        events: "SimpleQueue[Any]",
    ) -> None:  # fmt: skip
        self._subscription = subscription
        self._events = events
        self._options = connect_options(settings)
        self._client = paho_client(settings, client_id, reconnect=False)
        self._client.will_set(will[0], will[1], qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        # Resolving a name or waiting for a silent host must not hold up the thread that serves the outbox.
        self._thread = Thread(target=self._connect, name="connecting", daemon=True)
        self._closed = False

    def start(self) -> None:
        """Connect in a thread; `Up` or `Down` follows as an event."""
        self._thread.start()

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        """Hand a message to the client; it is sent when the socket allows."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    @property
    def address(self) -> str | None:
        """This machine's address towards the broker."""
        connected = self._client.socket()
        if not isinstance(connected, socket.socket):
            return None
        try:
            return str(connected.getsockname()[0])
        except OSError:  # closed already
            return None

    def publish_last(self, topic: str, payload: bytes, seconds: float) -> None:
        """Publish and wait until the broker has it."""
        info = self._client.publish(topic, payload, qos=1, retain=True)
        if info.rc == mqtt.MQTT_ERR_SUCCESS:
            info.wait_for_publish(seconds)

    def close(self) -> None:
        """Disconnect without waiting; no event of this connection counts any more."""
        self._closed = True
        self._client.disconnect()
        self._client.loop_stop()

    def _connect(self) -> None:
        try:
            self._client.connect(**self._options)
        except (OSError, ValueError) as error:
            self._events.put(Down(self, str(error) or type(error).__name__))
            return
        if not self._closed:
            self._client.loop_start()

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: mqtt.ConnectFlags, reason: ReasonCode,
        properties: Properties | None,
    ) -> None:  # fmt: skip
        del userdata, flags
        if reason.is_failure:
            self._events.put(Down(self, str(reason)))
            return
        client.subscribe(self._subscription, qos=1)
        self._events.put(Up(self, getattr(properties, "MaximumPacketSize", None)))

    def _on_disconnect(
        self, client: mqtt.Client, userdata: object, flags: mqtt.DisconnectFlags, reason: ReasonCode,
        properties: Properties | None,
    ) -> None:  # fmt: skip
        del client, userdata, flags, properties
        self._events.put(Down(self, str(reason), taken_over=reason.value == _SESSION_TAKEN_OVER))

    def _on_subscribe(
        self, client: mqtt.Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, userdata, mid, properties
        if any(reason.is_failure for reason in reasons):
            self._events.put(Refused(self, f"subscription to {self._subscription}: {reasons[0]}"))

    def _on_publish(
        self, client: mqtt.Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, userdata, mid, properties
        if reason.is_failure:
            self._events.put(Refused(self, f"publishing: {reason}"))

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        self._events.put(Arrived(bytes(message.payload)))
