"""The one follower of the broker's live topics, for web, bot and watchdog. Nothing here feeds the database.

live = LivePicture()
live.listen(on_change)                        # called in the event loop, with what `broker.live_picture` defines
follower = Follower(settings.broker, site, "watchdog", live)
await follower.run()                          # until cancelled
live.picture                                  # from any thread, at any time
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Literal

import aiomqtt
import orjson
from pydantic import ValidationError

from broker.arriving import Arriving
from broker.connecting import aiomqtt_client
from broker.live_picture import LivePicture
from schemas import times, topics
from schemas.messages import MAX_PAYLOAD, PRESENCE_SECONDS, Alarm, CellExperiment, Reading, Status
from schemas.picture import Latest, arrival_quality
from schemas.site import Site
from service.backoff import BackOff
from service.ending import end
from service.settings import BrokerSettings
from service.version import octopus_version

# A broker that hangs is noticed after one to two of these seconds, whatever `broker.keepalive` allows others.
KEEPALIVE = 5
# Seconds that the broker has for an answer.
TIMEOUT = 5.0
# What the broker retains has all come when our own status is back and this many seconds passed without more of it;
# a broker that sends no end of it, or not our status, is believed after the longer time.
QUIET, LONGEST_SETTLING = 0.25, 5.0
# Seconds between looks at what our own status says, and that the end of the process waits for the broker.
LOOK_AGAIN, LEAVING = 5.0, 1.0
FILTERS = (topics.ALARMS, topics.EXPERIMENTS, topics.UNIT_STATUSES, topics.SERVICE_STATUSES, topics.READINGS)

log = logging.getLogger(__name__)


class NotConnected(Exception):  # noqa: N818 - it says what happened
    """There is no broker to speak to, or it does not answer."""


class Follower:
    """Keeps a live picture in step with the broker through every outage, and says that this service is there.

    `waiting` returns what this service still has to do, for its status; None where it does not know.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        site: Site,
        service: str,
        live: LivePicture,
        waiting: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._broker, self._site, self._live, self._waiting = broker, site, live, waiting
        self._service, self._own = service, topics.service_status(service)
        self._since = times.now()
        self._said: Status | None = None
        self._client: aiomqtt.Client | None = None
        self._echoed = asyncio.Event()
        self._retained_at = 0.0
        # Messages by what became of them: taken, unknown (no topic or place of ours), invalid, too long.
        self.outcomes: Counter[str] = Counter()

    async def run(self) -> None:
        """Follow the broker until cancelled, then say that this service is offline."""
        tries, place = BackOff(), f"{self._broker.host}:{self._broker.port}"
        while True:
            try:
                async with _connected(self._make_client()) as client:
                    tries.succeed()
                    log.info("broker: connected at %s", place)
                    await self._follow(client)
            except (aiomqtt.MqttError, OSError) as error:
                if tries.is_new(fault := str(error)):
                    log.warning("broker at %s: %s; trying again", place, fault)
            finally:
                self._client = None
                self._live.lose()
            await asyncio.sleep(tries.next())

    async def publish(self, topic: str, payload: bytes, *, retain: bool = True) -> None:
        """Publish for good (retained, QoS 1; empty: take it back); raise NotConnected where no broker confirms it."""
        if self._client is None:
            raise NotConnected("the broker is not connected")
        try:
            await self._client.publish(topic, payload, qos=1, retain=retain)
        except aiomqtt.MqttError as error:
            raise NotConnected(str(error)) from error

    async def _follow(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._live.begin()
        self._echoed, self._said, self._retained_at = asyncio.Event(), None, time.monotonic()
        await client.subscribe([(one, 1) for one in FILTERS])
        beside = [
            asyncio.create_task(self._keep_status(client), name="own status"),
            asyncio.create_task(self._settle(), name="what the broker retains"),
        ]
        try:
            async for message in client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                if message.retain:
                    self._retained_at = time.monotonic()
                self.take(message.topic.value, payload, retained=message.retain)
                if message.topic.value == self._own:
                    await self._hear_own(client, payload)
        except asyncio.CancelledError:
            # A broker that does not hear it tells the others by itself: it has our last will.
            with suppress(TimeoutError):
                async with asyncio.timeout(LEAVING):
                    await self._say(client, self._status("offline"))
            raise
        finally:
            await end(*beside)

    async def _hear_own(self, client: aiomqtt.Client, payload: bytes) -> None:
        if self._said is not None and payload == self._said.to_json():
            # Said after subscribing, it comes back after everything that was retained.
            self._echoed.set()
            return
        presence = self._live.picture.services.get(self._service)
        if presence is not None and presence.status.state == "offline" and self._said is not None:
            # The last will of another process of this service: this one is still there.
            await self._say(client, self._status("online"))

    async def _keep_status(self, client: aiomqtt.Client) -> None:
        said_at = -PRESENCE_SECONDS
        while True:
            status = self._status("online")
            changed = self._said is None or status.waiting != self._said.waiting
            if changed or time.monotonic() - said_at >= PRESENCE_SECONDS - LOOK_AGAIN:
                await self._say(client, status)
                said_at = time.monotonic()
            await asyncio.sleep(LOOK_AGAIN)

    async def _say(self, client: aiomqtt.Client, status: Status) -> None:
        self._said = status
        # A connection that is lost is noticed by who listens.
        with suppress(aiomqtt.MqttError):
            await client.publish(self._own, status.to_json(), qos=1, retain=True)

    async def _settle(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_SETTLING):
                await self._echoed.wait()
                while (left := self._retained_at + QUIET - time.monotonic()) > 0:  # noqa: ASYNC110 - it moves on
                    await asyncio.sleep(left)
        self._live.settle()
        log.info("broker: all that it keeps has arrived")

    def take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Put a message into the picture; what cannot be understood is counted and left out."""
        self._live.heard()
        if len(payload) > MAX_PAYLOAD:
            self.outcomes["too long"] += 1
            return
        try:
            outcome = "taken" if self._take(topic, payload, retained=retained) else "unknown"
        except (ValidationError, ValueError) as error:
            outcome = "invalid"
            log.debug("%s: %s", topic, type(error).__name__)
        self.outcomes[outcome] += 1

    def _take(self, topic: str, payload: bytes, *, retained: bool) -> bool:
        content = orjson.loads(payload) if payload else None
        if cell_topic := topics.parse_cell_topic(topic):
            return self._take_reading(cell_topic, content)
        if service := topics.parse_last_level(topic, topics.SERVICE_STATUSES):
            self._live.put_service(service, Status.model_validate(content) if payload else None, retained=retained)
        elif cell := topics.parse_last_level(topic, topics.EXPERIMENTS):
            if cell not in self._site.unit_of_cell:
                return False
            self._live.put_experiment(cell, CellExperiment.model_validate(content) if payload else None)
        elif code := topics.parse_last_level(topic, topics.ALARMS):
            place = topic.split("/")[3]
            alarm = Alarm.model_validate(content) if payload else None
            if alarm is not None and (alarm.place, alarm.code) != (place, code):
                raise ValueError("an alarm's message names another alarm than its topic")
            self._live.put_alarm(place, code, alarm)
        elif (unit := topics.parse_last_level(topic, topics.UNIT_STATUSES)) in self._site.unit_by_code:
            self._live.put_unit(str(unit), Status.model_validate(content) if payload else None, retained=retained)
        else:
            return False
        return True

    def _take_reading(self, topic: topics.CellTopic, content: object) -> bool:
        unit = self._site.unit_of_cell.get(topic.cell)
        if unit is None or unit.code != topic.unit or content is None:
            return False
        reading = Reading.model_validate(content)
        at, now = reading.observed_at, self._live.clock()
        values = {
            parameter.code: Latest(
                at, value, arrival_quality(parameter, value, at, now, doubted=parameter.code in reading.suspect)
            )
            for parameter in self._site.parameters_of(topic.cell)
            if parameter.code in reading.values
            for value in [reading.values[parameter.code]]
        }
        self._live.put_values(topic.cell, values)
        return True

    def _make_client(self) -> aiomqtt.Client:
        # Without `at`: a last will is of the moment in which the broker sends it.
        gone = Status(state="offline", since=times.now(), version=octopus_version())
        return aiomqtt_client(
            self._broker.model_copy(update={"keepalive": min(KEEPALIVE, self._broker.keepalive)}),
            f"octopus-{self._service}-{token_hex(8)}",
            largest=MAX_PAYLOAD,
            will=aiomqtt.Will(self._own, gone.to_json(), qos=1, retain=True),
            timeout=TIMEOUT,
            queue_type=Arriving,
        )

    def _status(self, state: Literal["online", "offline"]) -> Status:
        content = {"state": state, "since": self._since, "at": times.now(), "version": octopus_version()}
        waiting = self._waiting()
        return Status.model_validate(content if waiting is None else content | {"waiting": waiting})


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
