"""What the broker says now: values, presence, experiments and alarms, followed through every outage."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from secrets import token_hex
from typing import NamedTuple, TypeVar

import aiomqtt
import orjson
from pydantic import ValidationError

from broker.connecting import aiomqtt_client
from schemas import times, topics
from schemas.messages import MAX_PAYLOAD, Alarm, CellExperiment, Reading, Status
from schemas.picture import Latest
from schemas.site import Site
from service.ending import end
from service.settings import BrokerSettings
from service.version import octopus_version
from telemetry.judging import arrival_quality, supersedes

SERVICE = "bot"
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
# Seconds that the end of the process waits for the broker.
LEAVING = 1.0
FILTERS = (
    topics.ALARMS,
    topics.EXPERIMENTS,
    topics.UNIT_STATUSES,
    topics.SERVICE_STATUSES,
    topics.READINGS,
)

M = TypeVar("M")

log = logging.getLogger(__name__)


class Raised(NamedTuple):
    alarm: Alarm


class Ended(NamedTuple):
    place: str
    code: str


class Known(NamedTuple):
    """Every alarm topic that has a message, right after connecting."""

    topics: frozenset[tuple[str, str]]


class Live:
    """Newest values by cell and parameter. Events about alarms wait in `events` until somebody has stored them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.connected = False
        self.cells: dict[str, dict[str, Latest]] = {}
        self.units: dict[str, Status] = {}
        self.services: dict[str, Status] = {}
        self.experiments: dict[str, CellExperiment] = {}
        self.alarms: dict[tuple[str, str], Alarm] = {}
        self.events: deque[Raised | Ended | Known] = deque()
        self.changed = asyncio.Event()

    def take(self, topic: str, payload: bytes) -> None:
        """Take one message; one that cannot be understood is said and left."""
        try:
            self._take(topic, payload)
        except (ValidationError, ValueError) as error:
            log.debug("%s: not understood: %s", topic, error)

    def _take(self, topic: str, payload: bytes) -> None:
        if len(payload) > MAX_PAYLOAD:
            raise ValueError("too long")
        content = orjson.loads(payload) if payload else None
        if (cell_topic := topics.parse_cell_topic(topic)) is not None:
            if content is not None and cell_topic.cell in self._site.unit_of_cell:
                self._reading(cell_topic.cell, Reading.model_validate(content))
        elif (service := topics.parse_last_level(topic, topics.SERVICE_STATUSES)) is not None:
            _put(self.services, service, None if content is None else Status.model_validate(content))
        elif (cell := topics.parse_last_level(topic, topics.EXPERIMENTS)) is not None:
            held = None if content is None else CellExperiment.model_validate(content)
            _put(self.experiments, cell, held if cell in self._site.unit_of_cell else None)
        elif topics.parse_last_level(topic, topics.ALARMS) is not None:
            self._alarm(topic, content)
        elif (unit := topic.split("/")[2]) in self._site.unit_by_code:
            _put(self.units, unit, None if content is None else Status.model_validate(content))

    def _reading(self, cell: str, reading: Reading) -> None:
        held = self.cells.setdefault(cell, {})
        at, now = reading.observed_at, times.now()
        for code, value in reading.values.items():
            if (parameter := self._site.parameter_by_code.get(code)) is not None:
                latest = Latest(at, value, arrival_quality(parameter, value, at, now))
                if supersedes(latest, held.get(code), now):
                    held[code] = latest

    def _alarm(self, topic: str, content: object) -> None:
        *_, place, code = topic.split("/")
        if content is not None:
            alarm = Alarm.model_validate(content)
            if (alarm.place, alarm.code) != (place, code):
                raise ValueError("an alarm's message names another alarm than its topic")
            self.alarms[place, code] = alarm
            self.events.append(Raised(alarm))
        else:
            self.alarms.pop((place, code), None)
            self.events.append(Ended(place, code))
        self.changed.set()


def _put(held: dict[str, M], code: str, message: M | None) -> None:
    if message is None:
        held.pop(code, None)
    else:
        held[code] = message


async def follow(broker: BrokerSettings, live: Live, health: Callable[[], int | None]) -> None:
    """Keep `live` in step with the broker until cancelled; our presence shows how much waits to be sent."""
    wait, known = FIRST_WAIT, None
    while True:
        since = times.now()
        try:
            async with _connected(_client(broker, since)) as client:
                wait, known = FIRST_WAIT, None
                await _follow(client, live, since, health)
        except (aiomqtt.MqttError, OSError) as error:
            if (fault := str(error)) != known:  # said once a change, not once a try
                log.warning("broker at %s:%d: %s; trying again", broker.host, broker.port, fault)
                known = fault
        finally:
            live.connected = False
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


async def _follow(client: aiomqtt.Client, live: Live, since: datetime, health: Callable[[], int | None]) -> None:
    # What is retained is said again now; what has gone away meanwhile must not linger.
    live.alarms.clear()
    live.experiments.clear()
    for filter_ in FILTERS:
        await client.subscribe(filter_, qos=1)
    presence = asyncio.create_task(_presence(client, since, health), name="presence")
    own = topics.service_status(SERVICE)
    try:
        async for message in client.messages:
            topic = message.topic.value
            live.take(topic, message.payload if isinstance(message.payload, bytes) else b"")
            # Said after all subscriptions, our own status comes back after everything that was retained.
            status = live.services.get(SERVICE)
            if not live.connected and topic == own and status is not None and status.since == since:
                live.connected = True
                log.info("broker: connected, and all that it kept has arrived")
                live.events.append(Known(frozenset(live.alarms)))
                live.changed.set()
    except asyncio.CancelledError:
        gone = Status(state="offline", since=since, version=octopus_version())
        # A broker that does not hear it tells the others by itself: it has our last will.
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(LEAVING):
                await client.publish(own, gone.to_json(), qos=1, retain=True)
        raise
    finally:
        await end(presence)


async def _presence(client: aiomqtt.Client, since: datetime, health: Callable[[], int | None]) -> None:
    said: int | None = -1
    while True:
        waiting = health()
        if waiting != said:
            status = Status(state="online", since=since, version=octopus_version(), waiting=waiting)
            # A connection that is lost is noticed by who listens; this one only tries again.
            with suppress(aiomqtt.MqttError):
                await client.publish(topics.service_status(SERVICE), status.to_json(), qos=1, retain=True)
                said = waiting
        await asyncio.sleep(5)


@asynccontextmanager
async def _connected(client: aiomqtt.Client) -> AsyncIterator[aiomqtt.Client]:
    """Enter and leave the client; aiomqtt, cancelled while it connects, would leave its socket to the interpreter."""
    entering = asyncio.create_task(client.__aenter__(), name="connecting")
    try:
        await asyncio.shield(entering)
    except asyncio.CancelledError:
        with suppress(aiomqtt.MqttError, OSError, TimeoutError):
            await asyncio.wait_for(entering, LEAVING)
            await client.__aexit__(None, None, None)
        raise
    try:
        yield client
    finally:
        # Who was cancelled stays so, whatever the broker does now.
        with suppress(aiomqtt.MqttError):
            await client.__aexit__(None, None, None)


def _client(broker: BrokerSettings, since: datetime) -> aiomqtt.Client:
    gone = Status(state="offline", since=since, version=octopus_version())
    will = aiomqtt.Will(topics.service_status(SERVICE), gone.to_json(), qos=1, retain=True)
    client: aiomqtt.Client = aiomqtt_client(broker, f"octopus-bot-{token_hex(4)}", will=will, timeout=10)
    return client
