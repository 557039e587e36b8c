"""Publish -> changed text in Chromium's page, with 100 live streams open: `python -m bench.page`.

All 18 cells send once a second; each reading's text is unlike the one before, so each must change the page.
A change counts when the page's document has it; the next frame shows it.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

from bench import measuring
from bench.streams import Streams
from tests.pages.conftest import ARGUMENTS
from tests.pages.station import Station
from tests.services.process import program, wait_for

LIMIT = 0.25
# What sends may be so much slower than it is meant to be.
SLOWER = 1.1
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
    options = parser.parse_args()
    measuring.print_machine()
    with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
        station = Station(Path(name))
        station.start()
        try:
            for cell in station.site.unit_of_cell:
                station.send(cell)
            with Streams(station.port, options.streams) as streams, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
                page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
                page.goto(station.address + options.path)
                status = run(station, page, streams, options.seconds)
                browser.close()
        except Error as error:
            raise measuring.PremiseError(f"Chromium: {error.message} (load {measuring.load():.1f})") from error
        finally:
            station.stop()
    return status


def run(station: Station, page: Page, streams: Streams, seconds: int) -> int:
    page.wait_for_function("() => document.querySelector('#connection') !== null")
    page.evaluate(OBSERVE, CODE)
    # The page's own stream is open once it changes.
    wait_for(lambda: touch(station, page), "the page follows", 30)
    page.evaluate("() => { window.changes.length = 0; }")
    used = {"web": station.web.pid, "mosquitto": station.broker.pid}
    before = measuring.cpu(used)
    changes = streams.fewest_changes
    began = time.time()
    sent = send(station, seconds)
    took = time.time() - began
    page.wait_for_timeout(1000)
    passed = time.time() - began
    spent = measuring.cpu(used)
    # This page's stream, too.
    open_now, changes = streams.require_open(1), streams.fewest_changes - changes
    measuring.require(changes >= took / 5, f"one of the live streams brought {changes} changes in {took:.0f} s")
    measuring.require(
        took < seconds * SLOWER, f"the readings of {seconds} s took {took:.0f} s to send (load {measuring.load():.1f})"
    )
    seen = defaultdict(list)
    for cell, text, at in page.evaluate("() => window.changes"):
        seen[cell, text].append(at / 1000)
    delays, missed = [], 0
    for key, at in sent:
        # Texts come again after minutes; the change belongs to the sending right before it.
        found = [change - at for change in seen[key] if 0 <= change - at < 5]
        missed += not found
        delays += found[:1]
    measuring.require(len(delays) > 1, "no change was seen in the page")
    p50, p99 = (measuring.percentile(delays, percent) for percent in (50, 99))
    print(f"\n{len(sent)} readings of 18 cells in {passed:.0f} s, {missed} never seen in the page")
    print(f"{open_now} live streams open at the server, each brought {changes} changes or more\n")
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


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
