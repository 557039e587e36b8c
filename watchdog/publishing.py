"""Alarms on their topics: as the database has them, or, while it is away, as the watchdog sees them."""

import logging
from collections.abc import Iterable, Mapping
from zlib import crc32

from broker.following import Follower, NotConnected
from broker.live_picture import LivePicture
from facility.alarms.messages import unrecorded
from schemas import messages, topics
from telemetry.alarms.engine import AlarmState
from watchdog.looks import Key, Look

# Numbers of alarms that have no row yet; those of rows never come so far. They are given by place and code, so that
# a watchdog that starts anew gives the same.
FIRST_UNRECORDED, UNRECORDED = 2_100_000_000, 47_000_000

log = logging.getLogger(__name__)


class Topics:
    """Publishes what differs from what the broker has."""

    def __init__(self, follower: Follower, live: LivePicture) -> None:
        self._follower, self._live = follower, live

    async def agree(self, alarms: Mapping[Key, messages.Alarm]) -> None:
        """Make the topics those of these alarms and no others."""
        if not self._live.picture.connected:
            return
        held = self._live.picture.alarms
        await self._publish(
            [
                *((key, alarm) for key, alarm in alarms.items() if held.get(key) != alarm),
                *((key, None) for key in held.keys() - alarms.keys()),
            ]
        )

    async def tell(self, changed: Iterable[tuple[Look, AlarmState]]) -> None:
        """Publish alarms that changed and cannot be recorded now; all others stay as they are."""
        if not self._live.picture.connected:
            return
        told = []
        for look, state in changed:
            key = look.key
            held = self._live.picture.alarms.get(key)
            number = FIRST_UNRECORDED + crc32("/".join(key).encode()) % UNRECORDED
            told.append((key, unrecorded(look.condition, look.rule, state, look.observation, number=number, held=held)))
        await self._publish(told)

    async def _publish(self, told: Iterable[tuple[Key, messages.Alarm | None]]) -> None:
        try:
            for key, alarm in told:
                await self._follower.publish(topics.alarm(*key), b"" if alarm is None else alarm.to_json())
        except NotConnected as error:
            log.debug("alarms wait for the broker: %s", error)
