"""Channels that take no message: an alarm about each, which goes out on the others."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from facility.alarms.channels import Health
from facility.alarms.conditions import Condition
from schemas.site import Label
from telemetry.alarms.engine import Observation
from telemetry.alarms.station_rules import CHANNEL, SERVER
from watchdog.looks import Look


def look_at_channels(healths: Mapping[str, Health], now: datetime) -> Iterator[Look]:
    """Yield what is seen of each channel by its key."""
    for key, health in healths.items():
        condition = Condition(SERVER, f"channel-{key}", "channel", Label(fr=health.name, en=health.name))
        yield Look(condition, CHANNEL, Observation(now, float(health.failing)))
