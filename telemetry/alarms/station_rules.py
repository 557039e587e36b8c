"""The rules for units, services and the data path: the same everywhere, but for what the settings say."""

from datetime import timedelta

from schemas.times import CLOCK_SKEW
from telemetry.alarms.rules import Rule

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# Places of alarms that are no cell's and no unit's.
SERVER, WATCHDOG = "server", "watchdog"

OFFLINE = Rule.above("offline", ("warning", 0.5, MINUTE), ("major", 0.5, 10 * MINUTE))
SOURCE = Rule.above("source", ("warning", 0.5, MINUTE), ("major", 0.5, 10 * MINUTE))
# Every unit says its time once a minute: only then is it known whether one clock is wrong or ours.
CLOCK = Rule.above("clock", ("warning", CLOCK_SKEW.total_seconds(), 2 * MINUTE), ("major", 1800, 2 * MINUTE))
HEARTBEAT = Rule.above("heartbeat", ("major", 0.5, MINUTE))
CANARY = Rule.above("canary", ("major", 60, timedelta(0)), margin=20)
# The share of readings heard that were not stored.
ROWS = Rule.above("rows", ("warning", 0.2, 3 * MINUTE), ("major", 0.9, 5 * MINUTE), margin=0.1)
LEDGER = Rule.above("ledger", ("major", 0.5, 10 * MINUTE))
DATABASE = Rule.above("database", ("major", 0.5, 30 * SECOND))
BROKER = Rule.above("broker", ("major", 0.5, 30 * SECOND))
# Percent.
DISK = Rule.above("disk", ("warning", 85, 5 * MINUTE), ("major", 95, MINUTE), margin=2)
# Minus the days that are left.
# A mail server that is restarted is no news.
CHANNEL = Rule.above("channel", ("warning", 0.5, 2 * MINUTE), ("major", 0.5, 30 * MINUTE))
CERTIFICATE = Rule.above("certificate", ("warning", -21, timedelta(0)), ("major", -3, timedelta(0)))


def backlog(most: int) -> Rule:
    """Return the rule for readings that wait in a unit's outbox."""
    return Rule.above("backlog", ("warning", most, 5 * MINUTE), margin=most * 0.2)


def rejected(most: int) -> Rule:
    """Return the rule for messages rejected within an hour."""
    return Rule.above("rejected", ("warning", most, timedelta(0)), margin=most * 0.5)
