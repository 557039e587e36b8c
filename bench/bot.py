"""10,000 interactions with a bot, its memory every 1,000: `python -m bench.bot [count]`."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench import measuring
from schemas.site import read_site
from tests.bot.discord.server import LocalDiscord
from tests.bot.rig import Rig
from tests.conftest import prepare_database
from tests.services.mosquitto import Mosquitto

LIMIT_MB = 120
# Between two looks at the memory.
STEP = 1000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    options = parser.parse_args()
    measuring.print_machine()
    return asyncio.run(run(max(STEP, options.count)))


async def run(count: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        site = read_site()
        broker = Mosquitto(directory)
        broker.start()
        engine = prepare_database(f"sqlite:///{directory}/octopus.sqlite", site)
        discord = LocalDiscord()
        await discord.start()
        rig = Rig(directory, broker, engine, site, discord)
        rig.reading("E1C3", {"air_temperature": 18.0, "air_temperature_setpoint": 18.5})
        rig.history("E1C3", "air_temperature", 17.6)
        await rig.start()
        started, done, peak = time.monotonic(), 0, 0.0
        pid = rig.bot.pid
        print(f"at start: {measuring.memory(pid):.0f} MB")
        while done < count:
            message = rig.ada.sees(await rig.ada.slash("ecolab"))
            await rig.ada.press(message, "ECOLAB 1")
            await rig.ada.press(message, "Cellule 3 (E1C3)")
            await rig.ada.choose(message, "Température reprise")
            await rig.ada.complete("cellule", "cellule", "e1")
            done += 5
            if done % STEP == 0:
                measuring.require(rig.bot.pid == pid and rig.bot.running, f"the bot ended:\n{rig.bot.text()}")
                given = sum(interaction.answered.is_set() for interaction in discord.interactions.values())
                measuring.require(given == STEP, f"the bot answered {given} of {STEP} interactions")
                peak = max(peak, measuring.memory(pid))
                # The local Discord must not grow: it lives in this process, but each run is long.
                discord.messages.clear()
                discord.interactions.clear()
                discord.calls.clear()
                for session in discord.sessions.values():
                    session[:] = [{} for _ in session]
                rate = done / (time.monotonic() - started)
                print(f"{done} interactions: {measuring.memory(pid):.0f} MB, {rate:.0f}/s")
        await rig.stop()
        await discord.stop()
        broker.stop()
        measuring.require(discord.violations == [], f"Discord would have refused: {discord.violations[:3]}")
        return measuring.judge((f"the bot's memory at its peak {peak:.0f} MB (below {LIMIT_MB})", peak < LIMIT_MB))


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
