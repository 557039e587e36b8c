"""From a value beyond its limit to the message on a webhook and in Discord: `python -m bench.notify [rounds]`.

Real broker, MariaDB, watchdog and bot; a web server and a local Discord on this machine. The rule has no delay. Each
round raises one alarm and ends it; the premise, one message for each alarm on both ways, is checked.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from bench import measuring
from facility.acting.acts import command
from facility.alarms.actions import acknowledge
from facility.alarms.rules import RuleChange, set_rule
from schemas import times
from schemas.site import read_site
from schemas.tables import Alarm, Channel
from tests.bot.discord.person import eventually
from tests.bot.discord.server import LocalDiscord
from tests.bot.rig import Rig
from tests.watchdog.receiving import WebServer, web_server
from tests.watchdog.station import CELL, Station

MOST_SECONDS = 2.0
CODE = "air_temperature-high"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int, nargs="?", default=20)
    asked = parser.parse_args()
    measuring.print_machine()
    return asyncio.run(run(max(2, asked.rounds)))


async def run(rounds: int) -> int:
    with tempfile.TemporaryDirectory() as name, web_server() as web:
        site = read_site()
        station = Station(Path(name), site)
        discord = LocalDiscord()
        await discord.start()
        rig = Rig(Path(name), station.broker, station.engine, site, discord)
        try:
            change = RuleChange(kind="high", severity="major", parameter="air_temperature", cell=CELL, threshold=30)
            set_rule(station.sessions, command("bench"), site, change)
            add_channel(station, web)
            station.watchdog.start()
            await rig.start()
            await eventually(lambda: "this watchdog leads" in station.watchdog.text(), "the watchdog leads", 60)
            station.say_online()
            delays = [await one_round(station, rig, web, number) for number in range(1, rounds + 1)]
            with station.sessions() as session:
                raised = session.scalar(select(func.count()).where(Alarm.code == CODE))
            measuring.require(raised == rounds, f"{raised} alarms were raised, not {rounds}")
        finally:
            await rig.stop()
            await discord.stop()
            station.end()
        webhook, posted = (sorted(ways) for ways in zip(*delays, strict=True))
        measuring.table(
            ("seconds to", "half", "slowest"),
            [
                (way, f"{of[len(of) // 2]:.2f}", f"{of[-1]:.2f}")
                for way, of in (("webhook", webhook), ("Discord", posted))
            ],
        )
        return measuring.judge(
            (f"webhook {webhook[-1]:.2f} s at most (below {MOST_SECONDS:.0f} s)", webhook[-1] < MOST_SECONDS),
            (f"Discord {posted[-1]:.2f} s at most (below {MOST_SECONDS:.0f} s)", posted[-1] < MOST_SECONDS),
        )


async def one_round(station: Station, rig: Rig, web: WebServer, number: int) -> tuple[float, float]:
    """Raise and end one alarm; return the seconds until each way had it raised."""
    # Another moment of the watchdog's second each time.
    await asyncio.sleep(0.37)
    web.taken.clear()
    started, at = time.monotonic(), {}
    station.read(air_temperature=35.0)

    def told() -> bool:
        now = time.monotonic() - started
        if raised(web):
            at.setdefault("webhook", now)
        if len(rig.discord.posts) >= number:
            at.setdefault("discord", now)
        return len(at) == 2

    await eventually(told, f"alarm {number} is told on both ways", 60)
    measuring.require(raised(web) == 1, f"{raised(web)} messages about one alarm")
    station.read(air_temperature=20.0)
    await eventually(lambda: station.alarm(CELL, CODE) is not None, "the alarm is on its topic", 60)
    with station.sessions() as session:
        row = session.scalars(select(Alarm).where(Alarm.code == CODE, Alarm.ended_at.is_(None))).one()
    await eventually(lambda: (station.alarm(CELL, CODE) or {}).get("state") == "returned", "it returns", 60)
    acknowledge(station.sessions, command("bench"), row.id)
    await eventually(lambda: station.alarm(CELL, CODE) is None, "it is over", 60)
    return at["webhook"], at["discord"]


def raised(web: WebServer) -> int:
    """Return how many messages since the round began say that an alarm is active."""
    return sum(", active:" in one.body["title"] for one in web.taken)


def add_channel(station: Station, web: WebServer) -> None:
    with station.sessions() as session, session.begin():
        session.add(
            Channel(
                key="c-bench", name="Bench", kind="webhook", address=f"http://127.0.0.1:{web.port}/", secret="",
                enabled=True, severity="warning", language="en", places=["*"], delay=0, digest=100, version=0,
                changed_at=times.now(),
            )
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
