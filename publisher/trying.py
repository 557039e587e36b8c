"""`python -m publisher.trying`: read from a source once and show what would be stored, with what is wrong.

It opens no outbox and remembers no place: a publisher that runs goes on undisturbed.
"""

import argparse
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from time import monotonic
from typing import Any

import orjson

from publisher.settings import PublisherSettings
from publisher.sources.opening import check, open_source
from publisher.sources.source import ReadFault, Sample, SampleBatch, Source
from schemas import times
from schemas.site import Site, SiteError, Unit, read_site
from service.settings import DEFAULT_FILE, EXIT_BAD_SETTINGS, EXIT_UNAVAILABLE, SettingsError, load

# Seconds after a batch in which nothing more may come; a csv source keeps lines for their partners meanwhile.
_QUIET = 1.5
_MAX_FAULTS = 20
_RAW_LENGTH = 80
_SKEW = times.CLOCK_SKEW.total_seconds()
_DAY = 86400.0
_EARLIEST = datetime(2000, 1, 1, tzinfo=times.EPOCH.tzinfo)


@dataclass(slots=True)
class Trial:
    """What a source gave: the first readings of each cell, how many there were, and what it could not read."""

    site: Site
    unit: Unit
    most: int
    readings: dict[str, list[Sample]] = field(default_factory=dict)
    count: int = 0
    faults: list[ReadFault] = field(default_factory=list)

    def take(self, batch: SampleBatch) -> None:
        """Count a batch and keep the first samples of each cell."""
        for sample in batch.samples:
            kept = self.readings.setdefault(sample.cell, [])
            if len(kept) < self.most:
                kept.append(sample)
        self.count += len(batch.samples)
        self.faults += batch.faults

    @property
    def full(self) -> bool:
        """Whether enough samples were read."""
        return all(len(self.readings.get(cell, ())) >= self.most for cell in self.unit.cells)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return time, cell, parameter, value and a remark for every value."""
        found = []
        for sample in (sample for cell in sorted(self.readings) for sample in self.readings[cell]):
            at = sample.observed_at.astimezone(self.site.zone).isoformat(" ", "milliseconds")
            for code, value in sample.values.items():
                found.append((at, sample.cell, code, self._value(code, value), self._remark(sample, code, value)))
        return found

    def in_short(self) -> dict[str, list[str]]:
        """Return for each cell its first reading in one line, then the remarks on it."""
        lines = {}
        for cell, samples in sorted(self.readings.items()):
            sample = samples[0]
            at = sample.observed_at.astimezone(self.site.zone).isoformat(" ", "seconds")
            values = ", ".join(f"{code} {self._value(code, value)}" for code, value in sample.values.items())
            remarks = [(code, self._remark(sample, code, value)) for code, value in sample.values.items()]
            lines[cell] = [f"{cell} at {at}: {values}", *(f"{cell} {code}: {text}" for code, text in remarks if text)]
        return lines

    def _value(self, code: str, value: float | None) -> str:
        if value is None:
            return "no value"
        value = float(value)
        number = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return f"{number} {self.site.parameter_by_code[code].unit}".rstrip()

    def _remark(self, sample: Sample, code: str, value: float | None) -> str:
        ahead = (sample.observed_at - times.now()).total_seconds()
        parameter = self.site.parameter_by_code[code]
        if ahead > _DAY or sample.observed_at < _EARLIEST:
            return "will be refused: is the time right?"
        if ahead > _SKEW:
            return "suspect: its time lies ahead"
        if value is not None and not parameter.plausible(value):
            low, high = ("" if bound is None else f"{bound:g}" for bound in (parameter.minimum, parameter.maximum))
            return f"suspect: outside {low}…{high}"
        return "suspect: its source doubts it" if code in sample.suspect else ""


def main(argv: list[str] | None = None) -> int:
    """Read a source once and print what it gives; return the exit status."""
    parser = argparse.ArgumentParser(prog="octopus source try", description="Show what a source would give.")
    parser.add_argument("--config", type=Path, help="TOML file with settings (default: octopus.toml, if it is there)")
    parser.add_argument("--readings", type=int, default=3, help="of each cell (default: 3)")
    parser.add_argument("--seconds", type=float, default=30, help="to wait for them at most (default: 30)")
    parser.add_argument("--json", action="store_true", help="for programs")
    chosen = parser.parse_args(argv)
    try:
        source, join_wait, site, unit = _opened(chosen.config)
    except (SettingsError, SiteError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_SETTINGS
    trial = Trial(site, unit, max(1, chosen.readings))
    try:
        read(source, trial, _QUIET + join_wait, chosen.seconds)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
    _print_json(trial) if chosen.json else _print(trial)
    return 0 if trial.count else EXIT_UNAVAILABLE


def _opened(config: Path | None) -> tuple[Source, float, Site, Unit]:
    """Return the source and how long it may keep lines back; raise SettingsError or SiteError."""
    settings = load(PublisherSettings, DEFAULT_FILE if config is None and DEFAULT_FILE.exists() else config)
    site = read_site(settings.site)
    unit = site.unit_by_code.get(settings.publisher.unit)
    if unit is None:
        known = ", ".join(site.unit_by_code)
        raise SettingsError(f"setting publisher.unit: no unit {settings.publisher.unit} on this site: {known}")
    join_wait: float = getattr(check(settings.source), "join_wait", 0)
    return open_source(settings.source, site, unit), join_wait, site, unit


def read(source: Source, trial: Trial, quiet: float, seconds: float) -> None:
    """Take batches until there are enough, none came for a while, or the time is over."""
    batches: Queue[SampleBatch | None] = Queue(maxsize=1)
    stop = Event()

    def feed() -> None:
        try:
            for batch in source.batches(None, stop):
                batches.put(batch)
                if stop.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - whatever ends a source is what the person wants to know
            batches.put(SampleBatch([], None, [ReadFault(f"the source ends: {type(error).__name__}: {error}")]))
        batches.put(None)

    feeding = Thread(target=feed, name="feeding", daemon=True)
    feeding.start()
    end, patience = monotonic() + seconds, seconds
    while not trial.full and (left := min(end - monotonic(), patience)) > 0:
        try:
            batch = batches.get(timeout=left)
        except Empty:
            break
        if batch is None:
            break
        trial.take(batch)
        patience = quiet
    stop.set()
    while feeding.is_alive() and monotonic() < end + _QUIET:
        try:
            batches.get(timeout=0.05)  # it may wait for room
        except Empty:
            continue


def _print(trial: Trial) -> None:
    write = sys.stdout.write
    if trial.count:
        rows = [("time", "cell", "parameter", "value", ""), *trial.rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(5)]
        for row in rows:
            write("  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip() + "\n")
        line = sum(map(len, trial.readings.values()))
        write(f"\n{trial.count} readings of {len(trial.readings)} cells, {line} of them shown; nothing was stored\n")
    else:
        write("no reading\n")
    for fault in trial.faults[:_MAX_FAULTS]:
        write(f"fault: {fault.reason}{_raw(fault)}\n")
    if len(trial.faults) > _MAX_FAULTS:
        write(f"{len(trial.faults) - _MAX_FAULTS} more faults\n")


def _print_json(trial: Trial) -> None:
    said: dict[str, Any] = {
        "readings": trial.count,
        "cells": trial.in_short(),
        "faults": [f"{fault.reason}{_raw(fault)}" for fault in trial.faults],
    }
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")


def _raw(fault: ReadFault) -> str:
    text = " ".join(fault.raw.split())
    return f" [{text[:_RAW_LENGTH]}{'…' if len(text) > _RAW_LENGTH else ''}]" if text else ""


if __name__ == "__main__":
    sys.exit(main())
