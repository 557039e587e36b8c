"""The MQTT side of the hub: one task that subscribes, survives every outage and every bad payload."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from secrets import token_hex

import aiomqtt
import orjson
from pydantic import ValidationError

from broker.connecting import aiomqtt_client
from schemas import times, topics
from schemas.messages import Alarm, CellExperiment, Reading, Status
from schemas.picture import Latest
from schemas.site import Site
from service.settings import BrokerSettings
from service.version import octopus_version
from telemetry.judging import arrival_quality
from web.live.hub import Hub

SERVICE = "web"
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
FILTERS = (
    (topics.READINGS, 1),
    (topics.UNIT_STATUSES, 1),
    (topics.SERVICE_STATUSES, 1),
    (topics.ALARMS, 1),
    (topics.EXPERIMENTS, 1),
)

log = logging.getLogger(__name__)


class Feed:
    """Keeps the hub in step with the broker. Each process subscribes for itself, under a name of its own."""

    def __init__(self, broker: BrokerSettings, site: Site, hub: Hub, clock: Callable[[], datetime] = times.now) -> None:
        self._broker, self._site, self._hub, self._clock = broker, site, hub, clock
        self._since = clock()
        self.outcomes: Counter[str] = Counter()

    async def run(self) -> None:
        """Follow the broker until cancelled."""
        wait, known = FIRST_WAIT, None
        while True:
            try:
                async with self._client() as client:
                    wait, known = FIRST_WAIT, None
                    log.info("broker connected at %s:%d", self._broker.host, self._broker.port)
                    await self._follow(client)
            except (aiomqtt.MqttError, OSError) as error:
                # Said once for each change, not for each try.
                if (fault := str(error)) != known:
                    log.warning("broker at %s:%d: %s; trying again", self._broker.host, self._broker.port, fault)
                    known = fault
            finally:
                self._hub.broker_connected = False
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _follow(self, client: aiomqtt.Client) -> None:
        try:
            # What is retained comes anew, from a broker that may have lost its memory.
            self._hub.retained.clear()
            await client.subscribe(list(FILTERS))
            await self._say(client, "online")
            self._hub.broker_connected = True
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                self.take(message.topic.value, payload)
                if message.topic.value == topics.service_status(SERVICE) and self._said_offline():
                    # The last will of another web process: this one is still there.
                    await self._say(client, "online")
        except asyncio.CancelledError:
            async with asyncio.timeout(1):
                await self._say(client, "offline")
            raise

    def take(self, topic: str, payload: bytes) -> None:
        """Put a message into the hub; what cannot be understood is counted and left out."""
        self._hub.last_message_at = self._clock()
        try:
            outcome = "taken" if self._take(topic, payload) else "unknown"
        except (ValidationError, orjson.JSONDecodeError) as error:
            outcome = "invalid"
            log.debug("%s: %s", topic, error.__class__.__name__)
        self.outcomes[outcome] += 1

    def _take(self, topic: str, payload: bytes) -> bool:
        content = orjson.loads(payload) if payload else None
        if cell_topic := topics.parse_cell_topic(topic):
            return self._take_reading(cell_topic, content)
        if service := topics.parse_last_level(topic, topics.SERVICE_STATUSES):
            self._hub.put_service(service, Status.model_validate(content) if payload else None)
        elif cell := topics.parse_last_level(topic, topics.EXPERIMENTS):
            self._hub.put_retained(cell, CellExperiment.model_validate(content) if payload else None)
        elif code := topics.parse_last_level(topic, topics.ALARMS):
            place = topic.split("/")[3]
            self._hub.put_alarm(place, code, Alarm.model_validate(content) if payload else None)
        elif (unit := topic.split("/")[2]) in self._site.unit_by_code:
            self._hub.put_unit(unit, Status.model_validate(content) if payload else None)
        else:
            return False
        return True

    def _take_reading(self, topic: topics.CellTopic, content: object) -> bool:
        unit = self._site.unit_of_cell.get(topic.cell)
        if unit is None or unit.code != topic.unit or content is None:
            return False
        self._hub.put_reading(topic.cell, self._values(topic.cell, Reading.model_validate(content)))
        return True

    def _values(self, cell: str, reading: Reading) -> dict[str, Latest]:
        at, now = reading.observed_at, self._clock()
        return {
            parameter.code: Latest(at, value, arrival_quality(parameter, value, at, now))
            for parameter in self._site.parameters_of(cell)
            if parameter.code in reading.values
            for value in [reading.values[parameter.code]]
        }

    def _client(self) -> aiomqtt.Client:
        return aiomqtt_client(
            self._broker,
            f"octopus-{SERVICE}-{token_hex(4)}",
            will=aiomqtt.Will(topics.service_status(SERVICE), self._status("offline"), qos=1, retain=True),
            timeout=10,
        )

    async def _say(self, client: aiomqtt.Client, state: str) -> None:
        await client.publish(topics.service_status(SERVICE), self._status(state), qos=1, retain=True)

    def _status(self, state: str) -> bytes:
        content = {"state": state, "since": self._since, "version": octopus_version()}
        return Status.model_validate(content).to_json()

    def _said_offline(self) -> bool:
        status = self._hub.services.get(SERVICE)
        return status is not None and status.state == "offline"
