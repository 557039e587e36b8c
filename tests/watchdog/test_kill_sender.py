"""The sender is killed at random moments: nothing is lost, and each repeat carries the name of what it repeats."""

import random
import re
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Engine, select

from schemas.site import Site
from schemas.tables import Notification
from tests.services.process import wait_for
from tests.watchdog.receiving import web_server
from tests.watchdog.test_notifying import Station

ROUNDS = 12
ROOT = Path(__file__).parents[2]


def test_kill_at_random_moments(engine: Engine, site: Site, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to repeat a run that failed
    dice = random.Random(seed)
    station = Station(engine, site, tmp_path)
    url = engine.url.render_as_string(hide_password=False)
    cells = [*site.unit_of_cell]
    numbers: list[int] = []
    with web_server() as web:
        station.channel("c-a", "webhook", f"http://127.0.0.1:{web.port}/", secret="", digest=100)
        for number in range(ROUNDS):
            sender = start(url)
            try:
                numbers.append(station.raise_alarm(cells[number], f"rule-{number}"))
                if number > 2:
                    station.end_alarm(numbers[number - 3])
                web.status = dice.choice([200, 200, 500])
                # From before it reads its channels until after it has sent.
                before = len(web.asked)

                def sends(before: int = before) -> bool:
                    return len(web.asked) > before

                if dice.random() < 0.6:
                    wait_for(sends, "it sends", 60)
                time.sleep(dice.uniform(0, 0.05))
            finally:
                sender.kill()
                sender.wait()
        web.status = 200
        sender = start(url)
        try:
            wait_for(lambda: not station.waiting(), "all is told", 60)
        finally:
            sender.kill()
            sender.wait()
    told = {one.headers["Idempotency-Key"]: one.body["message"] for one in web.taken}
    # A repeat has the words of what it repeats.
    assert all(told[one.headers["Idempotency-Key"]] == one.body["message"] for one in web.taken)
    lines = [line for text in told.values() for line in re.findall(r"\] (\w+, \w+):", text)]
    assert sorted(set(lines)) == sorted(lines), "told twice"
    with station.sessions() as session:
        rows = session.scalars(select(Notification).where(Notification.channel == "c-a")).all()
    for row in rows:
        assert f"{row.place}, {'over' if row.over else 'active'}" in lines, f"{row.place} is lost"


def start(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.watchdog.posting"], stdin=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdin is not None
    process.stdin.write(url)
    process.stdin.close()
    return process
