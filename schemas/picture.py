"""The live picture of the station: one immutable value that any thread may read while the next one is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from schemas import times
from schemas.messages import Alarm, CellExperiment, Status
from schemas.site import Parameter
from schemas.tables import Quality


class Latest(NamedTuple):
    """The newest value of a parameter, in the parameter's unit: when it was observed, how far it can be trusted."""

    observed_at: datetime
    value: float | None
    quality: int = 0


class Presence(NamedTuple):
    """The last status received from a sender.

    `heard_at` is the last instant at which its sender was certainly there: now for a message that comes live, the
    message's own `at` for one that the broker had kept, None where such a message does not say.
    """

    status: Status
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known live. Its mappings are never changed: a newer picture has new ones.

    `connected` tells whether the broker is connected and all that it retains has arrived. `cells` holds the newest
    values by cell and parameter, `alarms` is keyed by place and code, `experiments` by cell.
    """

    connected: bool = False
    last_message_at: datetime | None = None
    cells: Mapping[str, Mapping[str, Latest]] = field(default_factory=dict)
    units: Mapping[str, Presence] = field(default_factory=dict)
    services: Mapping[str, Presence] = field(default_factory=dict)
    alarms: Mapping[tuple[str, str], Alarm] = field(default_factory=dict)
    experiments: Mapping[str, CellExperiment] = field(default_factory=dict)

    def unit(self, code: str) -> tuple[Status | None, datetime | None]:
        """Return the status of a unit's publisher and when it was received, the arguments of `judge_presence`."""
        return self.units.get(code) or (None, None)

    def service(self, name: str) -> tuple[Status | None, datetime | None]:
        """Return the status of a service and when it was received, the arguments of `judge_presence`."""
        return self.services.get(name) or (None, None)


def arrival_quality(
    parameter: Parameter, value: float | None, observed_at: datetime, now: datetime, *, doubted: bool = False
) -> Quality:
    """Return the automatic flag of a value that has just arrived: that of the history.

    `doubted` where its own source doubts it.
    """
    implausible = value is not None and not parameter.plausible(value)
    return Quality.SUSPECT if doubted or implausible or observed_at > now + times.CLOCK_SKEW else Quality.RAW


def supersedes(new: Latest, held: Latest | None, now: datetime) -> bool:
    """Return whether an arriving value takes the place of the newest one that is held.

    A value ahead of our clock would shut out every right one after it, so it gives way to whatever comes. Of the
    same instant the one that is trusted less stays.
    """
    if held is None or new == held:
        return held is None
    if new.observed_at == held.observed_at:
        return new.quality >= held.quality
    return new.observed_at > held.observed_at or held.observed_at > now + times.CLOCK_SKEW
