"""Keep pages and the topics `octopus/v1/experiments/<cell>` as the database has it: after each commit, and regularly.

The hub gets the database's own word at once, whatever the broker does. What the broker retains is compared with it,
so several web processes agree without knowing of one another, and a broker that lost its memory is filled again.
"""

import asyncio
import logging
from contextlib import suppress

from broker.following import Follower, NotConnected
from broker.live_picture import Change, ConnectionChanged
from facility.assignments.views import cell_experiments
from schemas import topics
from schemas.messages import CellExperiment
from schemas.tables import Assignment, Experiment, ExperimentParameter
from service.threads import Threads
from storage.commits import on_commit
from storage.database import Reads, Sessions
from storage.faults import DatabaseAway, away_as_one
from web.live.hub import Hub

# Seconds; another process may have changed something.
REFRESH_SECONDS = 20.0
# Seconds that the database has for its answer.
PATIENCE = 10.0

log = logging.getLogger(__name__)


class ExperimentTopics:
    """Tells the hub what the cells hold, then publishes what differs. `writing` are the sessions that change it."""

    def __init__(self, sessions: Reads, writing: Sessions, hub: Hub, follower: Follower, threads: Threads) -> None:
        self._sessions, self._hub, self._follower, self._threads = sessions, hub, follower, threads
        self._refresh_requested = asyncio.Event()
        self._to_publish = asyncio.Event()
        self._experiments: dict[str, CellExperiment | None] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        on_commit(writing, {Assignment, Experiment, ExperimentParameter}, self._committed)
        hub.live.listen(self._notified)

    def _committed(self) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._refresh_requested.set)

    def _notified(self, change: Change) -> None:
        if change == ConnectionChanged(connected=True):
            self._to_publish.set()

    async def run(self) -> None:
        """Read and publish until cancelled; outages of the broker are reported by the follower."""
        self._loop = asyncio.get_running_loop()
        # Apart: a broker that is slow to answer must not keep the pages from what an act has changed.
        async with asyncio.TaskGroup() as both:
            both.create_task(self._refresh_loop(), name="experiments of the cells")
            both.create_task(self._publish_after(), name="topics of experiments")

    async def _refresh_loop(self) -> None:
        # At once, before anybody can ask: an occupied cell must not look free.
        while True:
            self._refresh_requested.clear()
            await self._check()
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self._refresh_requested.wait()

    async def _check(self) -> None:
        """Read the cells' experiments and pass them to the hub; do nothing while the database is away."""
        try:
            with away_as_one():
                self._experiments = await self._threads.within(PATIENCE, self._read)
        except DatabaseAway as error:
            log.debug("experiments wait for the database: %s", error)
            return
        self._hub.put_experiments(self._experiments)
        self._hub.request_refresh = self._refresh_requested.set
        self._to_publish.set()

    async def _publish_after(self) -> None:
        while True:
            await self._to_publish.wait()
            self._to_publish.clear()
            try:
                await self._publish()
            except NotConnected as error:
                log.debug("experiments wait for the broker: %s", error)

    async def _publish(self) -> None:
        for cell, experiment in self._experiments.items():
            retained = self._hub.live.picture
            if not retained.connected:
                raise NotConnected("not all that it retains has come")
            if retained.experiments.get(cell) != experiment:
                await self._follower.publish(
                    topics.experiment(cell), b"" if experiment is None else experiment.to_json()
                )
                log.debug("experiment of %s published", cell)

    def _read(self) -> dict[str, CellExperiment | None]:
        with self._sessions.reading() as session:
            return cell_experiments(session)
