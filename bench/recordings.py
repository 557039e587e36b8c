"""What the default rules would have raised over recordings of greenhouses: `python -m bench.recordings FOLDER`.

One folder a compartment with `GreenhouseClimate.csv` and `GreenhouseControls.csv` of the Autonomous Greenhouse
Challenge: `Date` in local time, steps of four to six minutes. Temperature, humidity and CO2 are watched as in a cell,
by the rules of the site file; a row without any value did not arrive. The controls hold no setpoint of humidity,
and instead of a temperature that is held the one below which is heated: without `--warmer` only what is colder counts.
Somebody acknowledges each alarm at once: one that comes back within ten minutes is the same.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from bench import measuring
from schemas.site import Site, read_site
from telemetry.alarms.definitions import Watched, rules_of_cell
from telemetry.alarms.engine import AlarmState, Observation, acknowledge, step
from telemetry.alarms.observing import NOTHING, measure_of, remember
from telemetry.alarms.rules import Rule
from telemetry.judging import ValueState, ValueVerdict

CLIMATE, CONTROLS = "GreenhouseClimate.csv", "GreenhouseControls.csv"
COLUMNS = {"air_temperature": "Tair", "relative_humidity": "Rhair", "co2": "CO2air"}
HEATED_TO = "heating_temp_vip"
ZONE = ZoneInfo("Europe/Amsterdam")
# The recordings' steps are up to six minutes: the station's periods for silence are counted in these.
STEP = timedelta(minutes=6)
PERIODS, LONG = 3, timedelta(hours=1)
MOST_A_DAY = 3.0

Values = dict[str, float | None]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of the compartments' folders")
    parser.add_argument("--warmer", action="store_true", help="warmer than what is heated to deviates, too")
    asked = parser.parse_args()
    folder: Path = asked.folder
    measuring.print_machine()
    compartments = sorted(file.parent for file in folder.glob(f"*/{CLIMATE}"))
    measuring.require(compartments, f"no recordings: {folder} has no folder with a {CLIMATE}")
    site = read_site()
    rules = rules_to_watch(site)
    raised = {one.name: watch(site, rules, list(read(one)), warmer=asked.warmer) for one in compartments}
    codes = sorted({code for _, found in raised.values() for code, _ in found})
    print()
    measuring.table(
        ("alarms a day", *codes, "all", "days"),
        [
            (
                name,
                *(f"{sum(n for (one, _), n in found.items() if one == code) / days:.2f}" for code in codes),
                f"{found.total() / days:.2f}",
                f"{days:.0f}",
            )
            for name, (days, found) in raised.items()
        ],
    )
    graver = sum(n for _, found in raised.values() for (_, severity), n in found.items() if severity != "warning")
    print(f"\n{graver} of {sum(found.total() for _, found in raised.values())} became major")
    worst = max(found.total() / days for days, found in raised.values())
    return measuring.judge(
        (f"{worst:.2f} alarms a compartment a day at most (below {MOST_A_DAY:g})", worst < MOST_A_DAY)
    )


def rules_to_watch(site: Site) -> dict[Watched, Rule]:
    """Return the first cell's default rules for what the recordings hold."""
    rules = rules_of_cell(site, next(iter(site.unit_of_cell)))
    silence = Rule.above("no_data", ("warning", (PERIODS * STEP).total_seconds(), timedelta(0)),
                         ("major", LONG.total_seconds(), timedelta(0)))  # fmt: skip
    return {
        watched: rule for watched, rule in rules.items() if watched.parameter in COLUMNS
    } | {Watched("no_data", None): silence}  # fmt: skip


def read(folder: Path) -> Iterator[tuple[datetime, Values, Values]]:
    """Yield instants with what was measured and what was asked for, by parameter."""
    controls = {row["Date"]: row for row in rows(folder / CONTROLS)}
    for row in rows(folder / CLIMATE):
        local = datetime.strptime(row["Date"], "%m/%d/%Y %H:%M").replace(tzinfo=ZONE)
        values = {code: number(row.get(column)) for code, column in COLUMNS.items()}
        if any(value is not None for value in values.values()):
            aim = number(controls.get(row["Date"], {}).get(HEATED_TO))
            yield local.astimezone(UTC), values, {"air_temperature": aim}


def rows(file: Path) -> Iterator[dict[str, str]]:
    measuring.require(file.is_file(), f"no recording: {file} is not there")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        yield from csv.DictReader(opened)


def number(text: str | None) -> float | None:
    return float(text) if text else None


def watch(
    site: Site, rules: dict[Watched, Rule], recorded: list[tuple[datetime, Values, Values]], *, warmer: bool
) -> tuple[float, Counter[tuple[str, str]]]:
    """Return how many days were recorded, and how many alarms there were by code and gravest severity."""
    found: Counter[tuple[str, str]] = Counter()
    for watched, rule in rules.items():
        seen = silences(recorded) if watched.parameter is None else observe(site, watched, recorded, warmer=warmer)
        found.update((watched.code, severity) for severity in alarms(rule, seen))
    return (recorded[-1][0] - recorded[0][0]) / timedelta(days=1), found


def observe(
    site: Site, watched: Watched, recorded: list[tuple[datetime, Values, Values]], *, warmer: bool
) -> Iterator[Observation]:
    """Yield how bad a parameter's condition was at each reading, as the watchdog would have seen it."""
    code = str(watched.parameter)
    parameter, memory = site.parameter_by_code[code], NOTHING
    for at, values, aims in recorded:
        value, aim = values[code], aims.get(code)
        state: ValueState = "ok" if value is None or parameter.plausible(value) else "suspect"
        deviation = None if value is None or aim is None else value - aim
        if deviation is not None and deviation > 0 and not warmer:
            # Above what it is heated to the sun is at work, no fault.
            deviation = 0.0
        one = ValueVerdict(state, value, at, target=aim, deviation=deviation)
        memory = remember(memory, one)
        yield Observation(at, measure_of(watched.kind, one, memory), value)


def silences(recorded: list[tuple[datetime, Values, Values]]) -> Iterator[Observation]:
    """Yield how many seconds each silence has lasted right before its end, and none at the reading that ends it."""
    for (before, *_), (at, *_) in pairwise(recorded):
        yield Observation(at - timedelta(seconds=1), (at - before).total_seconds())
        yield Observation(at, 0.0)


def alarms(rule: Rule, seen: Iterator[Observation]) -> Iterator[str]:
    """Yield the gravest severity of each alarm, acknowledged as soon as it is raised."""
    state, severity = AlarmState(), ""
    for one in seen:
        state, changes = step(state, rule, one)
        for change in changes:
            severity = change.severity or severity
            if change.change == "ended":
                yield severity
        state = acknowledge(state)
    if state.open:
        yield severity


if __name__ == "__main__":
    sys.exit(measuring.finish(main))
