"""What the watchdog costs, and how soon an alarm is on its topic: `python -m bench.watchdog [seconds]`.

Twenty parameters a cell, half of them with tolerances, all with the default rules: 18 cells that send every second,
then 1,800 that send every ten. Real broker, MariaDB and watchdog; the premise, that every reading was sent and heard
in time, is checked.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from bench import measuring
from facility.acting.acts import command
from facility.alarms.rules import RuleChange, set_rule
from schemas import times, topics
from schemas.messages import Reading, Status
from schemas.site import Site, read_site
from schemas.tables import AlarmCondition, Series
from storage.database import write_sessions
from telemetry.alarms.definitions import rules_of_cell
from tests.services.databases import prepare_database
from tests.services.mariadb import MariaDB
from tests.services.mosquitto import Mosquitto
from tests.services.process import Process, wait_for

PARAMETERS = 20
TOLERANCES = '{severity = "warning", deviation = 1, delay = 900}, {severity = "major", deviation = 3, delay = 600}'
RULES = (
    '{kind = "no_value", severity = "warning", delay = 600}, {kind = "implausible", severity = "warning", delay = 600},'
    ' {kind = "frozen", severity = "warning", threshold = 12}'
)
ROOT = Path(__file__).parent.parent
MOST_MB, MOST_SHARE, MOST_SECONDS = 80, 0.10, 2.0


def make_site(file: Path, units: int, period: float) -> Site:
    """Write a site of units of 18 cells: pairs of a measured parameter and its setpoint."""
    lines = ['name = "Bench"', f"period = {period}"]
    for unit in range(units):
        cells = json.dumps([f"U{unit}C{cell}" for cell in range(18)])
        lines += [
            "[[units]]",
            f'code = "unit-{unit}"',
            f'label = {{fr = "U{unit}", en = "U{unit}"}}',
            f"cells = {cells}",
        ]
    for number in range(PARAMETERS // 2):
        lines += [
            "[[parameters]]", f'code = "p{number}"', f'label = {{fr = "P{number}", en = "P{number}"}}',
            "minimum = -50", "maximum = 150", "main = true",
            f"tolerances = [{TOLERANCES}]", f"alarms = [{RULES}]",
            "[[parameters]]", f'code = "s{number}"', f'label = {{fr = "S{number}", en = "S{number}"}}',
            'kind = "setpoint"', f'setpoint_of = "p{number}"',
        ]  # fmt: skip
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_site(file)


class Feeder:
    """Sends every cell's reading once a period, spread over it; one value in two hundred is out of tolerance."""

    def __init__(self, site: Site, port: int) -> None:
        self.site, self.sent, self.late = site, 0, 0.0
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.client.max_inflight_messages_set(1000)
        self.heard: dict[str, float] = {}
        self.client.on_message = self._hear
        self.client.connect("127.0.0.1", port)
        self.client.subscribe("octopus/v1/alarms/#", qos=1)
        self.client.loop_start()

    def run(self, seconds: float, also: Callable[[], None] = lambda: None) -> None:
        cells = list(self.site.unit_of_cell.items())
        pause = self.site.period / len(cells)
        began = time.monotonic()
        number = 0
        while (due := number * pause) < seconds:
            wait = began + due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            self.late = max(self.late, -wait)
            cell, unit = cells[number % len(cells)]
            if number % len(cells) % 18 == 0:
                self.say_online(unit.code)
            self.send(unit.code, cell, number)
            number += 1
            also()

    def send(self, unit: str, cell: str, number: int, **values: float) -> None:
        course = {f"p{one}": 20 + ((number * 7 + one * 13) % 200) * 0.00505 for one in range(PARAMETERS // 2)}
        aims = {f"s{one}": 20.0 for one in range(PARAMETERS // 2)}
        reading = Reading(observed_at=times.now(), values={**course, **aims, **values})
        self.client.publish(topics.readings(unit, cell), reading.to_json(), qos=1, retain=True)
        self.sent += 1

    def _hear(self, client: mqtt.Client, data: object, message: mqtt.MQTTMessage) -> None:
        del client, data
        self.heard.setdefault(message.topic, time.time())

    def say_online(self, unit: str) -> None:
        status = Status(state="online", since=times.now(), at=times.now())
        self.client.publish(topics.unit_status(unit), status.to_json(), qos=1, retain=True)


def measure(units: int, period: float, seconds: float) -> tuple[float, float, list[float]]:
    """Return the share of a core, the peak memory in MB, and the seconds from a reading to its alarm's topic."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as ending:
        directory = Path(name)
        for part in ("mariadb", "broker"):
            (directory / part).mkdir()
        site = make_site(directory / "site.toml", units, period)
        database, broker = MariaDB(directory / "mariadb"), Mosquitto(directory / "broker")
        for server in (database, broker):
            server.start()
            ending.callback(server.kill)
        url = database.make_database()
        engine = prepare_database(url, site)
        ending.callback(engine.dispose)
        first = next(iter(site.unit_of_cell))
        for one in range(PARAMETERS // 2):
            change = RuleChange(kind="high", severity="critical", parameter=f"p{one}", cell=first, threshold=90)
            set_rule(write_sessions(engine), command("bench"), site, change)
        watchdog = Process(
            [sys.executable, "-m", "watchdog"],
            directory / "watchdog.log",
            {
                "OCTOPUS_BROKER__PORT": str(broker.port), "OCTOPUS_DATABASE__URL": url,
                "OCTOPUS_SITE": str(directory / "site.toml"), "PYTHONPATH": str(ROOT),
            },
        )  # fmt: skip
        watchdog.start()
        ending.callback(watchdog.kill)
        wait_for(lambda: "this watchdog leads" in watchdog.text(), "the watchdog leads", 60)
        wait_for(lambda: "all that it keeps" in watchdog.text(), "the watchdog follows", 60)
        feeder = Feeder(site, broker.port)
        ending.callback(feeder.client.loop_stop)
        feeder.run(max(2 * period, 10))
        before, began, sent = measuring.cpu({"w": watchdog.pid})["w"], time.monotonic(), feeder.sent
        feeder.run(seconds)
        share = (measuring.cpu({"w": watchdog.pid})["w"] - before) / (time.monotonic() - began)
        expected = round(len(site.unit_of_cell) * seconds / period)
        assert abs(feeder.sent - sent - expected) <= 1, "every reading was sent"
        assert feeder.late < period, f"the feeder kept up: {feeder.late:.1f} s late"
        rules = sum(len(rule.levels) for rule in rules_of_cell(site, first).values())
        print(
            f"{len(site.unit_of_cell)} cells x {PARAMETERS} parameters every {period:g} s, {rules} levels a cell:"
            f" {expected / seconds:.0f} readings/s, {100 * share:.1f} % of a core,"
            f" {measuring.peak_memory(watchdog.pid):.0f} MB"
        )
        delays = raise_alarms(feeder, first)
        with engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(Series)) == len(site.unit_of_cell) * PARAMETERS
            assert connection.scalar(select(func.count()).select_from(AlarmCondition)), "it wrote what it saw"
        return share, measuring.peak_memory(watchdog.pid), delays


def raise_alarms(feeder: Feeder, cell: str) -> list[float]:
    """Send values beyond their limits, one parameter after the other; return how long each alarm took."""
    unit = feeder.site.unit_of_cell[cell].code
    delays = []
    for one in range(PARAMETERS // 2):
        topic = topics.alarm(cell, f"p{one}-high")
        at = time.time()
        # The values before stay beyond: one alarm each.
        feeder.send(unit, cell, 0, **{f"p{other}": 100.0 for other in range(one + 1)})
        wait_for(partial(feeder.heard.get, topic), f"{topic} is published", 60)
        delays.append(feeder.heard[topic] - at)
        time.sleep(0.37)
    return delays


def main(seconds: float) -> int:
    measuring.print_machine()
    small, memory, delays = measure(1, 1, seconds)
    large, large_memory, _ = measure(100, 10, seconds)
    print(f"1,800 cells: {large_memory:.0f} MB")
    print(f"from a reading to its alarm's topic: median {statistics.median(delays):.2f} s, most {max(delays):.2f} s")
    return measuring.judge(
        (f"18 cells every second: {100 * small:.1f} % of a core, at most {100 * MOST_SHARE:.0f} %", small < MOST_SHARE),
        (f"18 cells: {memory:.0f} MB, at most {MOST_MB} MB", memory < MOST_MB),
        (f"1,800 cells every ten seconds: {100 * large:.0f} % of a core, below one", large < 1),
        (f"raise to topic: {max(delays):.2f} s, below {MOST_SECONDS:g} s", max(delays) < MOST_SECONDS),
    )


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else timedelta(minutes=1).total_seconds()))
