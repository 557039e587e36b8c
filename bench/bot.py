"""10,000 interactions with a bot, its memory every 1,000: `python -m bench.bot [count]`."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

from schemas.site import read_site
from tests.bot.discord.server import LocalDiscord
from tests.bot.rig import Rig
from tests.conftest import prepare_database
from tests.services.mosquitto import Mosquitto

LIMIT_MB = 120


def memory(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


async def main(count: int) -> int:
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
        print(f"at start: {memory(rig.bot.pid):.0f} MB")
        while done < count:
            message = rig.ada.sees(await rig.ada.slash("ecolab"))
            await rig.ada.press(message, "ECOLAB 1")
            await rig.ada.press(message, "Cellule 3 (E1C3)")
            await rig.ada.choose(message, "Température reprise")
            await rig.ada.complete("cellule", "cellule", "e1")
            done += 5
            if done % 1000 == 0:
                peak = max(peak, memory(rig.bot.pid))
                # The local Discord must not grow: it lives in this process, but each run is long.
                discord.messages.clear()
                discord.interactions.clear()
                discord.calls.clear()
                for session in discord.sessions.values():
                    session[:] = [{} for _ in session]
                print(f"{done} interactions: {memory(rig.bot.pid):.0f} MB, {done / (time.monotonic() - started):.0f}/s")
        await rig.stop()
        await discord.stop()
        broker.stop()
        assert discord.violations == []
        print(f"peak {peak:.0f} MB, limit {LIMIT_MB} MB")
        return 0 if peak < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
