"""Keep pages and the topics `octopus/v1/experiments/<cell>` as the database has it: after each act, and now and then.

The hub gets the database's own word at once, whatever the broker does. What the broker holds (the feed follows
those topics) is compared with it, so several web processes agree without knowing of one another, and a broker that
lost its memory is filled again.
"""

import asyncio
import logging
from contextlib import suppress
from secrets import token_hex

import aiomqtt
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from broker.connecting import aiomqtt_client
from facility.assignments.views import cell_experiments
from schemas import topics
from schemas.messages import CellExperiment
from service.settings import BrokerSettings
from storage.database import Reads
from web.live.hub import Hub

LOOK_AGAIN = 20.0
# What the broker retains arrives right after subscribing; comparing before that would publish it all again.
SETTLING = 1.0
WAIT = 5.0

log = logging.getLogger(__name__)


class ExperimentTopics:
    """Tells the hub, then publishes what differs. `nudge` may be called from any thread."""

    def __init__(self, broker: BrokerSettings, sessions: Reads, hub: Hub) -> None:
        self._broker, self._sessions, self._hub = broker, sessions, hub
        self._wanted = asyncio.Event()
        self._looked = asyncio.Event()
        self._held: dict[str, CellExperiment | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def nudge(self) -> None:
        """Say that an assignment or an experiment has just changed."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wanted.set)

    async def run(self) -> None:
        """Look and publish until cancelled; the broker's outages are the feed's to tell of."""
        self._loop = asyncio.get_running_loop()
        # Apart: a broker that is slow to answer must not keep the pages from what an act has changed.
        async with asyncio.TaskGroup() as both:
            both.create_task(self._look_after(), name="experiments of the cells")
            both.create_task(self._publish_after(), name="topics of experiments")

    async def _look_after(self) -> None:
        # At once, before anybody can ask: an occupied cell must not look free.
        while True:
            self._wanted.clear()
            await self._look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN):
                    await self._wanted.wait()

    async def _look(self) -> None:
        """Read what the cells hold and tell the hub; nothing where the database is away."""
        try:
            self._held = await asyncio.to_thread(self._read)
        except (DBAPIError, PoolTimeout) as error:
            log.debug("experiments wait for the database: %s", error.__class__.__name__)
            return
        for cell, experiment in self._held.items():
            self._hub.put_experiment(cell, experiment)
        self._hub.ask_database = self._wanted.set
        self._looked.set()

    async def _publish_after(self) -> None:
        while True:
            try:
                async with aiomqtt_client(self._broker, f"octopus-web-experiments-{token_hex(4)}") as client:
                    await asyncio.sleep(SETTLING)
                    while True:
                        await self._publish(client)
                        await self._looked.wait()
            except (aiomqtt.MqttError, OSError) as error:
                log.debug("experiments wait for the broker: %s", error)
            await asyncio.sleep(WAIT)

    async def _publish(self, client: aiomqtt.Client) -> None:
        self._looked.clear()
        if not self._hub.broker_connected:
            return
        for cell, experiment in self._held.items():
            if self._hub.retained.get(cell) != experiment:
                payload = b"" if experiment is None else experiment.to_json()
                await client.publish(topics.experiment(cell), payload, qos=1, retain=True)
                log.debug("experiment of %s published", cell)

    def _read(self) -> dict[str, CellExperiment | None]:
        with self._sessions.reading() as session:
            return cell_experiments(session)
