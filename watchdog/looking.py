"""One look at everything: from the live picture and what the database said to what is seen of every condition."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from time import monotonic

from broker.live_picture import LivePicture
from facility.alarms.conditions import Condition
from schemas import messages
from schemas.site import Label, Site
from telemetry.alarms.engine import Observation
from telemetry.alarms.observing import Memory
from telemetry.alarms.rules import Kind, Rule
from telemetry.alarms.station_rules import WATCHDOG
from watchdog.arrivals import Arrivals
from watchdog.cells import CellWatch
from watchdog.channel_faults import look_at_channels
from watchdog.clocks import Steadiness
from watchdog.facts import Facts
from watchdog.looks import Key, Look, States
from watchdog.scene import make_scene
from watchdog.services import look_at_machine, look_at_path
from watchdog.settings import WatchdogBlock
from watchdog.stored import Known
from watchdog.units import look_at_units

# Seconds between looks at disks and certificates.
MACHINE_EVERY = 60.0
# An alarm without a rule has its row: neither kind nor name are written again.
GONE: Kind = "high"
NO_NAME = Label(fr="?", en="?")


class Looking:
    """Yields what is seen; what it remembers of the past is what no database needs to know."""

    def __init__(
        self, site: Site, settings: WatchdogBlock, live: LivePicture, clock: Callable[[], float] = monotonic
    ) -> None:
        self._site, self._settings, self._live, self._clock = site, settings, live, clock
        self.arrivals = Arrivals(site, live, clock)
        self._steadiness = Steadiness(clock)
        self._cells = CellWatch(site, clock)
        self._machine: list[Look] = []
        self._machine_at: float | None = None
        self._others: set[Key] = set()

    def look(
        self, known: Known, facts: Facts, states: States, now: datetime, *, database_away: bool = False
    ) -> Iterator[Look]:
        """Yield what is seen of each condition of which something may be new.

        While the broker is away nobody knows how cells and units are, so nothing is said of them.
        """
        steady = self._steadiness.look(now)
        scene = make_scene(self._site, self._live.picture, now, self.arrivals.silences(now), steady=steady)
        others = [
            *look_at_path(scene, facts, self._settings, database_away=database_away),
            *self._look_at_machine(now),
            *look_at_channels(facts.channels, now),
        ]
        if scene.picture.connected:
            others += look_at_units(scene, self._settings.backlog)
        self._others.update(look.key for look in others)
        yield from others
        if scene.picture.connected:
            yield from self._cells.look(scene, known.definitions, known.interventions, states.is_active)
            yield from self._unwatched(known.alarms.values(), now)

    def recall(self, memories: Mapping[str, Mapping[str, Memory]]) -> None:
        """Take what the database remembers of values, by cell and parameter."""
        for cell, held in memories.items():
            self._cells.recall(cell, held)

    def _look_at_machine(self, now: datetime) -> list[Look]:
        at = self._clock()
        if self._machine_at is None or at - self._machine_at >= MACHINE_EVERY:
            self._machine, self._machine_at = list(look_at_machine(self._settings, now)), at
            return self._machine
        return []

    def _unwatched(self, alarms: Iterable[messages.Alarm], now: datetime) -> Iterator[Look]:
        """Yield an end to the condition of alarms whose rule is gone: nobody else would ever end them."""
        for alarm in alarms:
            key = alarm.place, alarm.code
            if alarm.place == WATCHDOG or key in self._others or self._cells.watches(key):
                continue
            rule = Rule.above(GONE, (alarm.severity, 0.0, timedelta(0)))
            yield Look(Condition(*key, GONE, NO_NAME, cell=alarm.cell), rule, Observation(now, -1.0))
