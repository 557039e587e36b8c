"""MQTT topics: built, taken apart, and the filters that subscribers use (DESIGN: a promise to others)."""

import re
from dataclasses import dataclass

ROOT = "octopus/v1"

READINGS = f"{ROOT}/+/+/readings"
BACKLOGS = f"{ROOT}/+/+/backlog"
UNIT_STATUSES = f"{ROOT}/+/status"
SERVICE_STATUSES = f"{ROOT}/services/+/status"
ALARMS = f"{ROOT}/alarms/+/+"
EXPERIMENTS = f"{ROOT}/experiments/+"
CANARY = f"{ROOT}/services/watchdog/canary"

# Level names that stand where a unit could: no unit may be called so.
RESERVED = frozenset({"services", "alarms", "experiments"})

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class CellTopic:
    """What a topic of a cell names: `kind` is `readings` or `backlog`."""

    unit: str
    cell: str
    kind: str


def is_code(text: str) -> bool:
    """Return whether a code can be a level of a topic: letters, digits, `_`, `-`; 64 at most."""
    return _CODE.fullmatch(text) is not None


def readings(unit: str, cell: str) -> str:
    return f"{ROOT}/{unit}/{cell}/readings"


def backlog(unit: str, cell: str) -> str:
    return f"{ROOT}/{unit}/{cell}/backlog"


def value(unit: str, cell: str, parameter: str) -> str:
    return f"{ROOT}/{unit}/{cell}/values/{parameter}"


def unit_status(unit: str) -> str:
    return f"{ROOT}/{unit}/status"


def stored(unit: str) -> str:
    return f"{ROOT}/{unit}/stored"


def service_status(service: str) -> str:
    return f"{ROOT}/services/{service}/status"


def alarm(place: str, code: str) -> str:
    return f"{ROOT}/alarms/{place}/{code}"


def experiment(cell: str) -> str:
    return f"{ROOT}/experiments/{cell}"


def parse_cell_topic(topic: str) -> CellTopic | None:
    """Take `octopus/v1/<unit>/<cell>/readings|backlog` apart; None when the topic does not fit."""
    levels = topic.split("/")
    if len(levels) != 5 or f"{levels[0]}/{levels[1]}" != ROOT or levels[4] not in {"readings", "backlog"}:
        return None
    unit, cell, kind = levels[2:]
    if unit in RESERVED or not is_code(unit) or not is_code(cell):
        return None
    return CellTopic(unit, cell, kind)


def parse_last_level(topic: str, filter_: str) -> str | None:
    """Return what stands for the filter's last `+` where the topic matches it, else None."""
    levels, pattern = topic.split("/"), filter_.split("/")
    if len(levels) != len(pattern):
        return None
    found = None
    for level, expected in zip(levels, pattern, strict=True):
        if expected == "+":
            found = level
        elif expected != level:
            return None
    return found
