"""`octopus demo`, from start to the first live value in Chromium's page, and its memory: `python -m bench.demo`.

The browser is open and asks for the page until it is there, as an impatient person would. First with nothing made yet
(a day of history is made up meanwhile), then again with what is there.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Error, sync_playwright

from bench import measuring
from schemas.site import read_site
from tests.pages.conftest import ARGUMENTS
from tests.services.process import Process, free_port, program

SECONDS, MEGABYTES = 6.0, 40
# After so many seconds nothing more is expected, however busy the machine.
WAIT = 180
# A figure that changes after the page came: the stream brings it, not the server's first answer.
CHANGED = """before => [...document.querySelectorAll("[data-value-of=air_temperature] [data-value]")]
  .some(figure => /\\d/.test(figure.textContent)) && document.body.innerText !== before"""
FIGURES = '[data-value-of="air_temperature"] [data-value]'


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=3, help="of each kind")
    parser.add_argument("--settle", type=int, default=20, help="seconds before memory is looked at")
    options = parser.parse_args()
    measuring.print_machine()
    first, again, memory = [], [], {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        for _ in range(options.starts):
            with tempfile.TemporaryDirectory(prefix="octopus-bench-") as name:
                for taken in (first, again):
                    seconds, memory = start(browser, Path(name), options.settle)
                    taken.append(seconds)
        browser.close()
    print()
    measuring.table(
        ("start -> live value in the page", "s", "processor s until then"),
        [
            (name, f"{seconds:.1f}", f"{used:.1f}")
            for name, taken in (("nothing made yet", first), ("again", again))
            for seconds, used in taken
        ],
    )
    print()
    measuring.table(("memory after that", "MB"), [(name, f"{each:.0f}") for name, each in sorted(memory.items())])
    publishers = {name: each for name, each in memory.items() if name.startswith("publisher")}
    units = len(read_site().units)
    measuring.require(len(publishers) == units, f"{len(publishers)} publishers run, not {units}")
    slowest = max(seconds for seconds, _ in first)
    largest = max(publishers.values())
    return measuring.judge(
        (f"first live value after {slowest:.1f} s at most (below {SECONDS:g})", slowest < SECONDS),
        (f"largest publisher {largest:.0f} MB (below {MEGABYTES})", largest < MEGABYTES),
    )


def start(browser: Browser, directory: Path, settle: int) -> tuple[tuple[float, float], dict[str, float]]:
    port = free_port()
    command = ["--directory", str(directory / "demo"), "--port", str(port), "--broker-port", str(free_port())]
    demo = Process([sys.executable, "-m", "octopus", "demo", *command], directory / "demo.log")
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    page.set_default_timeout(WAIT * 1000)
    began = time.perf_counter()
    demo.start()
    try:
        while True:
            try:
                page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
                break
            except Error:
                measuring.require(demo.running, f"octopus demo ended:\n{demo.text()}")
                if time.perf_counter() > began + WAIT:
                    raise
                time.sleep(0.05)
        page.wait_for_selector(FIGURES)
        page.wait_for_function(CHANGED, arg=page.evaluate("() => document.body.innerText"), polling=20)
        seconds = time.perf_counter() - began
        used = measuring.family_cpu(demo.pid)
        # What still lives by then has settled; `db upgrade` has ended.
        page.wait_for_timeout(settle * 1000)
        memory = {}
        for pid, words in measuring.children(demo.pid).items():
            name = words[2] if words[1:2] == ["-m"] else Path(words[0]).name
            name = f"{name} {Path(words[4]).stem.removeprefix('publisher-')}" if name == "publisher" else name
            memory[name] = measuring.memory(pid)
    except Error as error:
        page.close()
        demo.stop(60)
        raise measuring.PremiseError(
            f"no live value in the page within {WAIT} s (load {measuring.load():.1f}): {error.message}\n{demo.text()}"
        ) from error
    page.close()
    status = demo.stop(60)
    measuring.require(status == 0, f"octopus demo ended with {status}:\n{demo.text()}")
    return (seconds, used), memory


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
