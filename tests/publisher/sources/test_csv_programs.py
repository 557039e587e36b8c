"""Programs that do anything with their file, at random, through the night of the clock change and many restarts."""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from schemas.site import Site
from tests.publisher.sources.driving import drive
from tests.publisher.sources.log_files import append, open_csv, plain, utc
from tests.services.process import wait_for

START = utc(2026, 10, 24, 20)
WAYS = ("append", "rewrite", "window", "rotate", "copy-and-cut")


def at(number: int) -> datetime:
    return START + timedelta(minutes=5 * number)


def line(number: int) -> str:
    return f"{at(number).astimezone(ZoneInfo('Europe/Paris')):%Y-%m-%d %H:%M},{number}\n"


class Program:
    """Writes line number 0, 1, 2 … and keeps its file in its own way; `way` None is another one each time."""

    def __init__(self, log: Path, seed: int, way: str | None, *, newest_first: bool) -> None:
        self.log, self.way, self.newest_first = log, way, newest_first
        self.random = random.Random(seed)
        self.head = "x" * 40 * self.random.choice([0, 3, 150]) + "\ntime,T\n"
        self.lines = list(range(self.random.randint(3, 12)))
        self.written = len(self.lines)
        self._write()

    def __call__(self) -> None:
        count = self.random.choice([2, 3, 7, 40])
        new = list(range(self.written, self.written + count))
        self.written += count
        {
            "append": self._append,
            "rewrite": self._rewrite,
            "window": self._window,
            "rotate": self._rotate,
            "copy-and-cut": self._copy_and_cut,
        }[self.way or self.random.choice(WAYS)](new)

    def _append(self, new: list[int]) -> None:
        append(self.log, "".join(map(line, new)))
        self.lines += new

    def _rewrite(self, new: list[int]) -> None:
        self.lines += new
        if not self.newest_first and self.random.random() < 0.3:
            self.head = f"started again\n{self.head}"
        self._write(anew=self.random.random() < 0.5)

    def _window(self, new: list[int]) -> None:
        self.lines = [*self.lines, *new][-max(len(new) + 3, self.random.randint(5, 60)) :]
        self._write()

    def _rotate(self, new: list[int]) -> None:
        self._append(new[:1])
        self.log.rename(self.log.with_suffix(f".{self.written}"))
        self.lines = new[1:]
        self._write()

    def _copy_and_cut(self, new: list[int]) -> None:
        self._append(new[:1])
        shutil.copy(self.log, self.log.with_suffix(f".{self.written}"))
        self.lines = new[1:]
        self._write()

    def _write(self, *, anew: bool = False) -> None:
        text = self.head + "".join(map(line, reversed(self.lines) if self.newest_first else self.lines))
        target = self.log.with_suffix(".new") if anew else self.log
        target.write_text(text)
        target.rename(self.log)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("way", "newest_first"), [(None, False), *((way, False) for way in WAYS), ("rewrite", True), ("window", True)]
)
def test_no_line_is_lost_and_each_has_its_instant(
    site: Site, tmp_path: Path, seed: int, way: str | None, *, newest_first: bool
) -> None:
    program = Program(tmp_path / "log.csv", seed, way, newest_first=newest_first)
    position, found = None, []
    for round_ in range(4):
        steps: list[Callable[[], None]] = [program] * (program.random.randint(1, 5) if round_ < 3 else 0)
        # `most`: killed after a few batches, whatever it had read by then.
        source = open_csv(site, plain(program.log, timezone="Europe/Paris"))
        result = drive(source, position, *steps, most=program.random.choice([None, 3]) if round_ < 3 else None)
        position = result.position or position
        found += result.values("air_temperature")
        assert result.faults == []
    assert {number for _, number in found} == set(range(program.written))
    assert [moment for moment, number in found if moment != at(int(number or 0))] == []
    if way is not None:
        assert len(found) == program.written, "and none is doubled"


@pytest.mark.parametrize(("way", "newest_first"), [("append", False), ("rewrite", False), ("rewrite", True)])
def test_kill_9_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, way: str, *, newest_first: bool) -> None:
    """Readings and place enter the outbox in one transaction, while the program goes on with its file."""
    program = Program(tmp_path / "log.csv", 7, way, newest_first=newest_first)
    path, told = tmp_path / "o.sqlite", tmp_path / "told"
    told.touch()
    command = [sys.executable, "-m", "tests.publisher.following_a_file", str(path), str(program.log), str(told)]

    def killed_after(condition: Callable[[], bool], *, meanwhile: bool) -> None:
        child = subprocess.Popen(command)
        try:
            wait_for(condition, "the child reads")
            if meanwhile:
                program()  # perhaps in the middle of this
        finally:
            child.kill()
            child.wait()

    for kill in range(5):
        program()
        seen = told.stat().st_size
        killed_after(partial(_longer, told, seen), meanwhile=kill % 2 == 1)
    program()
    killed_after(lambda: told.read_text().endswith(f"\n{program.written}\n"), meanwhile=False)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT payload FROM reading ORDER BY sequence").fetchall()
    kept = [orjson.loads(row[0]) for row in rows]
    assert [reading["values"]["air_temperature"] for reading in kept] == list(range(program.written))
    assert [datetime.fromisoformat(reading["observed_at"]) for reading in kept] == [*map(at, range(program.written))]


def _longer(told: Path, seen: int) -> bool:
    return told.stat().st_size > seen
