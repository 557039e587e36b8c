"""Makes the next live picture from the last one and tells its listeners what changed.

Written by one thread (the event loop's); `picture` may be read by any.
"""

import logging
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeVar

from schemas import times
from schemas.messages import Alarm, CellExperiment, Status
from schemas.picture import Latest, Picture, Presence, supersedes

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

log = logging.getLogger(__name__)


class CellChanged(NamedTuple):
    """Newer values of a cell, by parameter: those alone that changed."""

    cell: str
    values: Mapping[str, Latest]


class UnitChanged(NamedTuple):
    """Another status of a unit's publisher, or the same one heard again; None where the broker has none any more."""

    unit: str
    presence: Presence | None


class ServiceChanged(NamedTuple):
    """As `UnitChanged`, for a service."""

    service: str
    presence: Presence | None


class AlarmChanged(NamedTuple):
    """An alarm that is raised or changed; None when it is over."""

    place: str
    code: str
    alarm: Alarm | None


class ExperimentChanged(NamedTuple):
    """What the broker retains of the experiment in a cell; None when the cell is free."""

    cell: str
    experiment: CellExperiment | None


class ConnectionChanged(NamedTuple):
    """The broker is connected and all that it retains has arrived, or it is lost."""

    connected: bool


Change = CellChanged | UnitChanged | ServiceChanged | AlarmChanged | ExperimentChanged | ConnectionChanged
Listener = Callable[[Change], None]


class LivePicture:
    """Holds the newest picture. Listeners are called at once, one after the other, in the thread that writes."""

    def __init__(self, clock: Callable[[], datetime] = times.now) -> None:
        self.clock = clock
        self.picture = Picture()
        self._listeners: list[Listener] = []
        # What the broker has said since it was connected last; the rest of the picture is from before.
        self._confirmed: set[Hashable] = set()

    def listen(self, listener: Listener) -> None:
        """Call this for every change from now on; an exception of its own is logged and stops nobody else."""
        self._listeners.append(listener)

    def put_values(self, cell: str, values: Mapping[str, Latest]) -> None:
        """Take values of a cell, from the broker or the database, where they are newer than what is held."""
        held, now = self.picture.cells.get(cell, {}), self.clock()
        newer = {code: value for code, value in values.items() if supersedes(value, held.get(code), now)}
        if newer:
            self.picture = replace(self.picture, cells={**self.picture.cells, cell: {**held, **newer}})
            self._tell(CellChanged(cell, newer))

    def put_unit(self, unit: str, status: Status | None, *, retained: bool) -> None:
        """Take the status of a unit's publisher; `retained` where the broker had kept it."""
        presence = self._presence(self.picture.units.get(unit), status, retained=retained)
        self._confirmed.add(("unit", unit))
        if (changed := _with(self.picture.units, unit, presence)) is not None:
            self.picture = replace(self.picture, units=changed)
            self._tell(UnitChanged(unit, presence))

    def put_service(self, service: str, status: Status | None, *, retained: bool) -> None:
        """Take the status of a service; `retained` where the broker had kept it."""
        presence = self._presence(self.picture.services.get(service), status, retained=retained)
        self._confirmed.add(("service", service))
        if (changed := _with(self.picture.services, service, presence)) is not None:
            self.picture = replace(self.picture, services=changed)
            self._tell(ServiceChanged(service, presence))

    def put_alarm(self, place: str, code: str, alarm: Alarm | None) -> None:
        """Take an alarm, or None for its end."""
        self._confirmed.add(("alarm", place, code))
        if (changed := _with(self.picture.alarms, (place, code), alarm)) is not None:
            self.picture = replace(self.picture, alarms=changed)
            self._tell(AlarmChanged(place, code, alarm))

    def put_experiment(self, cell: str, experiment: CellExperiment | None) -> None:
        """Take what the broker retains of a cell's experiment, None for a free cell."""
        self._confirmed.add(("experiment", cell))
        if (changed := _with(self.picture.experiments, cell, experiment)) is not None:
            self.picture = replace(self.picture, experiments=changed)
            self._tell(ExperimentChanged(cell, experiment))

    def heard(self) -> None:
        """Note that a message came, whatever it says."""
        self.picture = replace(self.picture, last_message_at=self.clock())

    def begin(self) -> None:
        """Note that a connection was made: what the broker retains comes anew."""
        self._confirmed.clear()

    def settle(self) -> None:
        """Drop what the broker no longer has, now that all it retains has come. Values stay: they have their times."""
        for unit in [one for one in self.picture.units if ("unit", one) not in self._confirmed]:
            self.put_unit(unit, None, retained=False)
        for service in [one for one in self.picture.services if ("service", one) not in self._confirmed]:
            self.put_service(service, None, retained=False)
        for place, code in [one for one in self.picture.alarms if ("alarm", *one) not in self._confirmed]:
            self.put_alarm(place, code, None)
        for cell in [one for one in self.picture.experiments if ("experiment", one) not in self._confirmed]:
            self.put_experiment(cell, None)
        self._set_connected(connected=True)

    def lose(self) -> None:
        """Note that the connection to the broker is lost; what was known stays, and ages."""
        self._set_connected(connected=False)

    def _set_connected(self, *, connected: bool) -> None:
        if self.picture.connected != connected:
            self.picture = replace(self.picture, connected=connected)
            self._tell(ConnectionChanged(connected))

    def _presence(self, held: Presence | None, status: Status | None, *, retained: bool) -> Presence | None:
        if status is None:
            return None
        now = self.clock()
        heard_at = now
        if retained:
            # Kept by the broker: its sender may be dead for long. A time to come is no proof that it is there now.
            known = [at for at in (status.at, held.heard_at if held and held.status == status else None) if at]
            if not known:
                return Presence(status, None)
            heard_at = min(now, max(known))
        return Presence(status, heard_at)

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            try:
                listener(change)
            except Exception:
                log.exception("a listener failed at %s", type(change).__name__)


def _with(held: Mapping[K, V], key: K, value: V | None) -> dict[K, V] | None:
    """Return a copy in which the key has this value, or is gone for None; None where that changes nothing."""
    if held.get(key) == value:
        return None
    changed = dict(held)
    if value is None:
        del changed[key]
    else:
        changed[key] = value
    return changed
