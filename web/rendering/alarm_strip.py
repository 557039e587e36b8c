"""Which alarms stand above a page and in its navigation: those that call, the gravest first; as in alarms.js."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.messages import Alarm
from telemetry.alarms.rules import SEVERITIES

# Somebody decided that these do not call, or another alarm says it.
QUIET_STATES = frozenset({"shelved", "suppressed", "out_of_service"})
UNATTENDED_STATES = frozenset({"active", "returned"})
# More would push the cells off the screen; the rest is one press away.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Strip:
    """The alarms to list and how many more there are."""

    alarms: list[Mapping[str, Any]]
    more: int


@dataclass(frozen=True, slots=True)
class Badge:
    """How many alarms call, and the severity of the gravest."""

    count: int
    severity: str


def strip(alarms: Iterable[Mapping[str, Any]]) -> Strip:
    """Return what stands above a page, of the alarms of a snapshot."""
    loud = sorted((one for one in alarms if one["state"] not in QUIET_STATES), key=_urgency)
    return Strip(loud[:SHOWN], max(0, len(loud) - SHOWN))


def badge(alarms: Iterable[Alarm]) -> Badge:
    """Return what the navigation says, of the alarms of a live picture."""
    loud = [one.severity for one in alarms if one.state not in QUIET_STATES]
    return Badge(len(loud), max(loud, key=SEVERITIES.index, default=""))


def _urgency(one: Mapping[str, Any]) -> tuple[bool, int, str]:
    return one["state"] not in UNATTENDED_STATES, -SEVERITIES.index(one["severity"]), str(one["since"])
