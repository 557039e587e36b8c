"""Publish -> changed text in Chromium's page, with 100 live streams open: `python -m bench.page`.

All 18 cells send once a second; each reading's text is unlike the one before, so each must change the page.
A change counts when the page's document has it; the next frame shows it.
"""

import argparse
import asyncio
import contextlib
import multiprocessing
import random
import sys
import tempfile
import time
from collections import defaultdict
from multiprocessing.synchronize import Event
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench import measuring
from tests.pages.conftest import ARGUMENTS
from tests.pages.station import Station
from tests.services.process import program, wait_for

LIMIT = 0.25
CODE = "air_temperature"

# Notes [cell, text, milliseconds since 1970] at each change of a cell's figure.
OBSERVE = """code => {
  window.changes = [];
  for (const cell of document.querySelectorAll("[data-cell]")) {
    const figure = cell.querySelector(`[data-value-of=${code}] [data-value]`);
    if (!figure) continue;
    new MutationObserver(() => window.changes.push([cell.dataset.cell, figure.textContent, Date.now()]))
      .observe(figure, { childList: true, characterData: true, subtree: true });
  }
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--path", default="/")
    asked = parser.parse_args()
    measuring.say_machine()
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
        station = Station(Path(name))
        station.start()
        listening = multiprocessing.Event()
        streams = multiprocessing.Process(target=listen, args=(station.port, asked.streams, listening), daemon=True)
        try:
            for cell in station.site.unit_of_cell:
                station.send(cell)
            streams.start()
            assert listening.wait(60), "the streams are not open"
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
                page.goto(station.address + asked.path)
                status = run(station, page, asked.seconds)
                browser.close()
        finally:
            streams.kill()
            station.stop()
    return status


def run(station: Station, page: Page, seconds: int) -> int:
    page.wait_for_function("() => document.querySelector('#connection') !== null")
    page.evaluate(OBSERVE, CODE)
    # The page's own stream is open once it changes.
    wait_for(lambda: touch(station, page), "the page follows", 30)
    page.evaluate("() => { window.changes.length = 0; }")
    used = {"web": station.web.pid, "mosquitto": station.broker.pid}
    before = measuring.cpu(used)
    began = time.time()
    sent = send(station, seconds)
    page.wait_for_timeout(1000)
    passed = time.time() - began
    spent = measuring.cpu(used)
    seen = defaultdict(list)
    for cell, text, at in page.evaluate("() => window.changes"):
        seen[cell, text].append(at / 1000)
    delays, missed = [], 0
    for key, at in sent:
        # Texts come again after minutes; the change belongs to the sending right before it.
        found = [change - at for change in seen[key] if 0 <= change - at < 5]
        missed += not found
        delays += found[:1]
    p50, p99 = (measuring.percentile(delays, percent) for percent in (50, 99))
    print(f"\n{len(sent)} readings of 18 cells in {passed:.0f} s, {missed} never seen in the page\n")
    measuring.table(
        ("publish -> text", "p50 ms", "p95 ms", "p99 ms", "most ms"),
        [("Chromium", *(f"{each * 1000:.0f}" for each in (p50, measuring.percentile(delays, 95), p99, max(delays))))],
    )
    for name, total in spent.items():
        print(f"{name}: {(total - before[name]) / passed:.2f} of a core, {measuring.memory(used[name]):.0f} MB")
    return measuring.judge(
        (f"p99 {p99 * 1000:.0f} ms (below {LIMIT * 1000:.0f})", p99 < LIMIT), ("no reading missed", missed == 0)
    )


def touch(station: Station, page: Page) -> bool:
    station.send("E1C1", air_temperature=random.randint(100, 400) / 10)
    page.wait_for_timeout(300)
    return bool(page.evaluate("() => window.changes.length"))


def send(station: Station, seconds: int) -> list[tuple[tuple[str, str], float]]:
    """Send all cells in turn, each once a second; return which text each ought to become, and when it was sent."""
    cells = list(station.site.unit_of_cell)
    sent = []
    begin = time.time()
    for number in range(seconds * len(cells)):
        time.sleep(max(0.0, begin + number / len(cells) - time.time()))
        cell = cells[number % len(cells)]
        # 300 different texts, each unlike the one before.
        tenths = 100 + (number // len(cells) * 7) % 300
        sent.append(((cell, f"{tenths / 10:.1f}".replace(".", ",")), time.time()))
        station.send(cell, air_temperature=tenths / 10)
    return sent


def listen(port: int, count: int, listening: Event) -> None:
    """Hold so many live streams open and read what they bring, as browsers would."""

    async def one() -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        await reader.readuntil(b"event: snapshot")
        return reader

    async def read(reader: asyncio.StreamReader) -> None:
        while await reader.read(65536):
            pass

    async def all_of_them() -> None:
        readers = [await one() for _ in range(count)]
        listening.set()
        await asyncio.gather(*(read(reader) for reader in readers))

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(all_of_them())


if __name__ == "__main__":
    sys.exit(main())
