"""The broker sessions: two persistent ones, so that live readings never queue behind a backlog.

paho's network threads only hand over; what they hand over is acknowledged when the database has it.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import ValidationError

from broker.connecting import connect_options, paho_client, secret_client_id
from ingestor.guarding import Guard
from ingestor.inbox import Arrival, Inbox
from ingestor.presence import Presence
from ingestor.settings import IngestorBlock
from schemas import times, topics
from schemas.messages import PRESENCE_SECONDS, Alarm, Status, Stored
from service.settings import BrokerSettings
from telemetry.alarms.station_rules import WATCHDOG

log = logging.getLogger("ingestor.subscriber")

WATCHDOG_STATUS = topics.service_status(WATCHDOG)
_LAST_WORD = 2.0  # seconds that leaving politely may take
_RESUBSCRIBE_SECONDS = 30.0  # seconds after which a refused subscription is tried again


class _Session:
    """One client with a fixed id: the broker keeps what arrives while we are away."""

    def __init__(
        self,
        settings: BrokerSettings,
        client_id: str,
        subscription: str,
        receive_maximum: int,
        put: Callable[[Arrival], None],
    ) -> None:
        self.subscription = subscription
        # Further topics whose messages are put like those of the subscription.
        self.also: tuple[str, ...] = ()
        # Where the statuses of units and of the watchdog go, with whether the broker kept them; None: they are not
        # subscribed to.
        self.take_status: Callable[[str, bytes, bool], None] | None = None
        self._subscribing: int | None = None
        self.up = False
        self.refused_at: float | None = None
        self._put = put
        self._reported = ""
        # Message ids mean something within a connection only: an acknowledgement that comes late, after
        # a broker lost its sessions, would confirm another message.
        self._connections = 0
        self._lock = Lock()
        self._options = connect_options(settings, persistent=True, receive_maximum=receive_maximum)
        self._v5 = settings.protocol == "5"
        self.client = paho_client(settings, client_id, persistent=True, manual_ack=True)
        self.client.reconnect_delay_set(min_delay=1, max_delay=10)
        self.client.on_connect = self._on_connect
        self.client.on_connect_fail = self._on_connect_fail
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.on_up: Callable[[], None] | None = None
        self.on_down: Callable[[], None] | None = None
        self.address = f"{settings.host}:{settings.port}"

    def start(self) -> None:
        self.client.connect_async(**self._options)
        self.client.loop_start()

    def subscribe(self) -> None:
        self.refused_at = None
        if self._v5:
            # 1: retained readings come with a new subscription, not again at each reconnection.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            _, self._subscribing = self.client.subscribe(self.subscription, options=options)
        else:
            _, self._subscribing = self.client.subscribe(self.subscription, qos=1)
        for topic in self.also:
            self.client.subscribe(topic, qos=1)
        if self.take_status is not None:
            for topic in (topics.UNIT_STATUSES, WATCHDOG_STATUS):
                self.client.subscribe(topic, qos=0)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _acknowledger(self, mid: int) -> Callable[[], None]:
        connection = self._connections

        def acknowledge() -> None:
            with self._lock:
                if connection == self._connections:
                    self.client.ack(mid, 1)

        return acknowledge

    def _publish_status(self, text: str, *, well: bool = False) -> None:
        if text != self._reported:
            log.log(logging.INFO if well else logging.WARNING, "%s: %s", self.subscription, text)
            self._reported = text

    def _on_connect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, properties
        if reason.is_failure:
            self._publish_status(
                f"the broker at {self.address} refuses us: {reason}: check broker.username and its password;"
                " trying again"
            )
            return
        self.up = True
        self.subscribe()
        self._publish_status(
            f"connected to {self.address} ({'session kept' if flags.session_present else 'new session'})", well=True
        )
        if self.on_up is not None:
            self.on_up()

    def _on_connect_fail(self, client: mqtt.Client, userdata: object) -> None:
        del client, userdata
        self._publish_status(f"no broker answers at {self.address}; trying again")

    def _on_disconnect(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        with self._lock:
            self._connections += 1
        if self.up and reason.is_failure:
            self._publish_status(f"connection lost ({reason}); trying again")
        self.up = False
        if self.on_down is not None:
            self.on_down()

    def _on_subscribe(
        self, client: mqtt.Client, userdata: object, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, userdata, properties
        # Without the units' statuses only what this ingestor tells of them is missing.
        if mid == self._subscribing and any(reason.is_failure for reason in reasons):
            self.refused_at = time.monotonic()
            self._publish_status(
                f"the broker refuses this subscription ({reasons[0]}): check its access rules; trying again"
            )

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        # Nothing here may raise: it would end the network thread while `is_connected` still says yes.
        del client, userdata
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        if self.take_status is not None and topic.endswith("/status"):
            self.take_status(topic, bytes(message.payload), message.retain)
            return
        self._put(
            Arrival(
                topic,
                bytes(message.payload),
                time.time(),
                message.dup or message.retain,
                self._acknowledger(message.mid),
            )
        )


class Subscriber:
    """Feeds the inbox, says `stored`, and tells the world that this ingestor lives."""

    def __init__(
        self, broker: BrokerSettings, settings: IngestorBlock, inbox: Inbox, version: str, presence: Presence
    ) -> None:
        self._presence = presence
        share = "" if settings.group is None else f"$share/{settings.group}/"
        name = settings.name
        self._live = _Session(
            broker,
            secret_client_id(broker, f"octopus-{name}-live"),
            share + topics.READINGS,
            settings.receive_maximum,
            partial(inbox.put, inbox.live),
        )
        self._backlog = _Session(
            broker,
            secret_client_id(broker, f"octopus-{name}-backlog"),
            share + topics.BACKLOGS,
            settings.backlog_receive_maximum,
            partial(inbox.put, inbox.backlog),
        )
        self._status_topic = topics.service_status(name)
        self._online = Status(state="online", since=times.now(), version=version)
        self._reported_at = 0.0
        self._live.client.will_set(self._status_topic, self._offline(), qos=1, retain=True)
        self._live.on_up = self._came_up
        self._live.take_status = self._take_status
        self._live.also = (share + topics.CANARY,)
        # Told of the watchdog's status, and that the broker is away.
        self.guard: Guard | None = None
        self._live.on_down = self._went_down

    def __enter__(self) -> Self:
        self._live.start()
        self._backlog.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live.up:
            info = self._live.client.publish(self._status_topic, self._offline(), qos=1, retain=True)
            if info.rc == mqtt.MQTT_ERR_SUCCESS:
                info.wait_for_publish(_LAST_WORD)
        self._backlog.stop()
        self._live.stop()

    def confirm(self, unit: str, message: Stored) -> None:
        """Say what the database has; without a broker nobody listens, and it comes again."""
        if self._live.up:
            self._live.client.publish(topics.stored(unit), message.to_json(), qos=1)

    def maintain(self) -> None:
        """Say regularly that it is there; ask again for a refused subscription: rules are mended without a restart."""
        if self._live.up and time.monotonic() - self._reported_at >= PRESENCE_SECONDS:
            self._publish_online()
        for session in (self._live, self._backlog):
            refused = session.refused_at
            if refused is not None and session.up and time.monotonic() - refused > _RESUBSCRIBE_SECONDS:
                session.subscribe()

    def report_trouble(self, reason_text: str | None) -> None:
        """Let the retained status say what a person has to mend; None: nothing."""
        self._online = Status.model_validate(
            {"state": "online", "since": self._online.since, "version": self._online.version}
            | ({} if reason_text is None else {"trouble": reason_text})
        )
        if self._live.up:
            self._publish_online()

    def _came_up(self) -> None:
        self._presence.clear()
        self._publish_online()

    def publish_alarm(self, place: str, code: str, alarm: Alarm | None) -> None:
        """Put an alarm on its topic, or (None) take it away; the watchdog puts right what is missed here."""
        if self._live.up:
            payload = b"" if alarm is None else alarm.to_json()
            self._live.client.publish(topics.alarm(place, code), payload, qos=1, retain=True)

    def _went_down(self) -> None:
        if self.guard is not None:
            self.guard.lose()

    def _take_status(self, topic: str, payload: bytes, retained: bool) -> None:  # noqa: FBT001 - as paho gives it
        unit = topics.parse_last_level(topic, topics.UNIT_STATUSES)
        try:
            status = Status.model_validate_json(payload)
        except ValidationError:
            return  # it says nothing about readings
        if topic == WATCHDOG_STATUS:
            if self.guard is not None:
                self.guard.take(status, retained=retained)
        elif unit is not None:
            self._presence.take(unit, status)

    def _publish_online(self) -> None:
        self._reported_at = time.monotonic()
        self._live.client.publish(self._status_topic, self._online.to_json_at(times.now()), qos=1, retain=True)

    def _offline(self) -> bytes:
        return Status(state="offline", since=times.now(), version=self._online.version).to_json()
