"""Which file and which lines are already known: whatever a program does to its file, no line is lost or doubled."""

import os
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.site import Site
from tests.publisher.sources.driving import Result, as_kept, drive
from tests.publisher.sources.log_files import append, numbers, open_csv, plain, rows, utc

# Longer than the beginning by which a file was known.
LONG = "".join(f"channel {n}: calibrated, serial number {n * 7919}\n" for n in range(120))
PARIS = {"timezone": "Europe/Paris", "time_formats": ["%d/%m/%Y %H:%M"]}


def looks(site: Site, log: Path, *contents: str, restart: bool, **more: Any) -> list[Result]:
    """Write each content over the file in turn and read it, by one publisher or by a new one each time."""
    log.write_text(contents[0], newline="")
    if not restart:
        steps = [lambda text=text: log.write_text(text, newline="") for text in contents[1:]]
        return [drive(open_csv(site, plain(log, **more)), None, *steps)]
    results, position = [], None
    for text in contents:
        log.write_text(text, newline="")
        results.append(drive(open_csv(site, plain(log, **more)), position))
        position = results[-1].position or position
    return results


def read(results: list[Result]) -> list[float | None]:
    return [number for result in results for number in numbers(result)]


def faults(results: list[Result]) -> list[str]:
    return [reason for result in results for reason in result.reasons]


def descending(first: int, last: int) -> str:
    return "".join(reversed(rows(first, last).splitlines(keepends=True)))


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("head", ["time,T\n", LONG + "time,T\n"], ids=["short", "long"])
@pytest.mark.parametrize("window", [8, 40, 700])
def test_a_rolling_window_written_as_a_whole(
    site: Site, tmp_path: Path, head: str, window: int, *, restart: bool
) -> None:
    ends = [window, window + 3, window + 3, window + 7, window + 7 + window // 2]
    contents = [head + rows(end - window + 1, end) for end in ends]
    results = looks(site, tmp_path / "log.csv", *contents, restart=restart)
    assert (read(results), faults(results)) == (list(range(1, ends[-1] + 1)), [])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("window", [9, 700])
def test_a_rolling_window_with_its_newest_line_first(site: Site, tmp_path: Path, window: int, *, restart: bool) -> None:
    ends = [window, window + 2, window + 2, window + 7]
    contents = ["time,T\n" + descending(end - window + 1, end) for end in ends]
    results = looks(site, tmp_path / "log.csv", *contents, restart=restart)
    assert (read(results), faults(results)) == (list(range(1, ends[-1] + 1)), [])


@pytest.mark.parametrize("restart", [False, True])
def test_a_file_to_which_lines_are_added_at_the_top(site: Site, tmp_path: Path, *, restart: bool) -> None:
    contents = ["time,T\n" + descending(1, last) for last in (1, 2, 3, 4, 9, 2000)]
    results = looks(site, tmp_path / "log.csv", *contents, restart=restart)
    assert sorted(set(read(results))) == list(range(1, 2001)), "none is lost"
    assert read(results)[-1996:] == list(range(5, 2001)), "and once it is clear which way it goes, none is doubled"
    assert faults(results) == []


def test_newest_first_and_then_lines_at_the_end(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    results = looks(site, log, "time,T\n" + descending(1, 9), restart=True)
    append(log, rows(10, 12))
    results.append(drive(open_csv(site, plain(log)), results[-1].position))
    append(log, rows(13, 13))
    results.append(drive(open_csv(site, plain(log)), results[-1].position))
    assert read(results) == list(range(1, 14))


def test_newest_first_with_units_below_the_header_and_faults_at_their_lines(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    body = descending(1, 5).replace("00:04,4", "00:04,broken")
    results = looks(site, log, "made today\ntime,T\n,°C\n" + body, restart=True, skip_after_header=1)
    assert read(results) == [1, 2, 3, 5]
    assert faults(results) == [f"{log} line 5: column T: 'broken' is no number"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("up", [True, False], ids=["ascending", "descending"])
@pytest.mark.parametrize("same", [True, False], ids=["same values", "own values"])
@pytest.mark.parametrize("step", [10, 1])
@pytest.mark.parametrize("window", [False, True], ids=["growing", "rolling"])
def test_rewritten_through_the_night_when_the_clocks_are_put_back(
    site: Site, tmp_path: Path, step: int, *, up: bool, same: bool, restart: bool, window: bool
) -> None:
    start = utc(2026, 10, 24, 22, 30)
    paris = ZoneInfo("Europe/Paris")
    lines = []
    for n in range(240 // step):
        local = (start + timedelta(minutes=n * step)).astimezone(paris)
        lines.append(f"{local:%d/%m/%Y %H:%M},{18 if same else n}\n")

    def content(last: int) -> str:
        some = lines[max(0, last - 100 // step) if window else 0 : last]
        return "time,T\n" + "".join(some if up else reversed(some))

    cuts = [4, *range(7, len(lines), 50 // step), len(lines)]
    results = looks(site, tmp_path / "log.csv", *(content(cut) for cut in cuts), restart=restart, **PARIS)
    found = [at for result in results for at, _ in result.values("air_temperature")]
    assert found == [start + timedelta(minutes=n * step) for n in range(len(lines))]
    assert faults(results) == []


@pytest.mark.parametrize("restart", [False, True])
def test_a_longer_header_and_the_same_lines(site: Site, tmp_path: Path, *, restart: bool) -> None:
    heads = ["time,T\n", "started again\ntime,T\n", LONG + "time,T\n", LONG + "and more\ntime,T\n", "H,T,time\n"]
    contents = [head + rows(1, 5 + n) for n, head in enumerate(heads[:4])]
    results = looks(site, tmp_path / "log.csv", *contents, restart=restart)
    assert (read(results), faults(results)) == (list(range(1, 9)), [])


@pytest.mark.parametrize("same_inode", [True, False])
@pytest.mark.parametrize("head", ["time,T\n", LONG + "time,T\n"], ids=["short", "long"])
@pytest.mark.parametrize("shape", ["longer", "as long", "shorter"])
def test_a_file_begun_anew_under_the_same_name(
    site: Site, tmp_path: Path, head: str, shape: str, *, same_inode: bool
) -> None:
    log = tmp_path / "log.csv"
    last = {"longer": 160, "as long": 149, "shorter": 105}[shape]

    def anew() -> None:
        if not same_inode:
            (tmp_path / "new").write_text(head + rows(100, last))
            (tmp_path / "new").rename(log)
        else:
            log.write_text(head + rows(100, last))

    log.write_text(head + rows(10, 59))
    result = drive(open_csv(site, plain(log)), None, anew, lambda: append(log, rows(last + 1, last + 2)))
    assert numbers(result) == [*range(10, 60), *range(100, last + 3)]
    assert result.faults == []


@pytest.mark.parametrize("between", ["", "ti", "time,T\n"])
def test_a_look_while_the_file_is_being_written_anew(site: Site, tmp_path: Path, between: str) -> None:
    contents = ["time,T\n" + rows(1, 50), between, "time,T\n" + rows(11, 60), between, "time,T\n" + rows(21, 70)]
    for restart in (False, True):
        results = looks(site, tmp_path / f"log{restart}.csv", *contents, restart=restart)
        assert read(results) == list(range(1, 71))


def test_a_program_that_writes_its_last_line_over(site: Site, tmp_path: Path) -> None:
    """As some do until the minute is over: what was kept stays, and the file is not read from its start each time."""
    contents = [
        "time,T\n" + rows(1, 500 + n) + f"2026-11-03 23:{n:02d},{tenth}\n" for n in range(4) for tenth in (7, 8, 9.5)
    ]
    results = looks(site, tmp_path / "log.csv", *contents, restart=False)
    found = read(results)
    assert [number for number in found if number not in {7, 8, 9.5}] == [*range(1, 7), *range(9, 504)]
    assert len(found) < 503 + 20
    assert faults(results) == []


def test_lines_that_went_on_after_a_copy_was_made_are_those_of_the_file(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(LONG + "time,T\n" + rows(1, 5))

    def rotate() -> None:
        append(log, rows(6, 7))
        shutil.copy(log, tmp_path / "log.csv.1")
        log.write_text(LONG + "time,T\n" + rows(8, 9))

    result = drive(open_csv(site, plain(log)), None, rotate, lambda: None)
    assert (numbers(result), result.faults) == (list(range(1, 10)), [])


@pytest.mark.parametrize("size", [4096, 300_000, 3_000_000])
def test_a_file_reserved_in_advance_with_zeros(site: Site, tmp_path: Path, size: int) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(b"\0" * size)
    begun = 0

    def write(text: str) -> Callable[[], None]:
        def step() -> None:
            nonlocal begun
            with log.open("r+b") as stream:
                stream.seek(begun)
                stream.write(text.encode())
            begun += len(text)
            now = time.time_ns() + begun  # the clock of the file system is coarse
            os.utime(log, ns=(now, now))

        return step

    more = [write("2026-11-03 00:04,"), write("4\n"), write(rows(5, 6))]
    result = drive(open_csv(site, plain(log)), None, write("time,T\n" + rows(1, 3)), *more)
    assert (numbers(result), result.faults) == ([1, 2, 3, 4, 5, 6], [])
    write(rows(7, 8))()
    later = drive(open_csv(site, plain(log)), result.position)
    assert (numbers(later), later.faults) == ([7, 8], [])


@pytest.mark.parametrize("hole", [7, 5000, 700_000, 2_000_000])
def test_zeros_of_a_power_cut_cost_the_line_that_was_being_written(site: Site, tmp_path: Path, hole: int) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(f"time,T\n{rows(1, 2)}2026-11-0".encode() + b"\0" * hole)
    first = drive(open_csv(site, plain(log)))
    append(log, rows(4, 5))
    second = drive(open_csv(site, plain(log)), first.position)
    assert numbers(first) + numbers(second) == [1, 2, 4, 5]
    assert len(second.faults) == 1


def test_a_path_with_a_bracket_is_a_path(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "log[1]"
    folder.mkdir()
    (folder / "a[2].csv").write_text("time,T\n" + rows(1, 2))
    assert numbers(drive(open_csv(site, plain(folder / "a[2].csv")))) == [1, 2]
    (folder / "a[3].csv").write_text("time,T\n" + rows(3, 4))
    assert numbers(drive(open_csv(site, plain(folder / "a[*].csv")))) == [1, 2, 3, 4]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n", "\n"])
def test_line_ends_of_any_system(site: Site, tmp_path: Path, end: str) -> None:
    log = tmp_path / "log.csv"
    text = ("time,T\n" + rows(1, 3)).replace("\n", end)
    log.write_text(text, newline="")
    first = drive(open_csv(site, plain(log, final_line_after=0.0001)), None, lambda: None)
    with log.open("a", newline="") as stream:
        stream.write(rows(4, 5).replace("\n", end))
    second = drive(open_csv(site, plain(log, final_line_after=0.0001)), first.position, lambda: None)
    assert numbers(first) + numbers(second) == [1, 2, 3, 4, 5]
    assert first.faults + second.faults == []


def test_a_line_end_of_which_half_is_written(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    text = b"time,T\r\n2026-11-03 00:01,1\r\n2026-11-03 00:02,2\r\n"
    for cut in range(1, len(text)):
        log.write_bytes(text[:cut])
        assert numbers(drive(open_csv(site, plain(log)), None, lambda: log.write_bytes(text))) == [1, 2]


@pytest.mark.parametrize(("content", "what"), [(b"\0" * 300_000, "nothing but zeros"), (b"x" * 300_000, "no line")])
def test_a_file_that_has_bytes_and_no_line_is_a_fault(
    site: Site, tmp_path: Path, content: bytes, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.sources.csv.reading.SETTLED", 0)
    log = tmp_path / "log.csv"
    log.write_bytes(content)
    result = drive(open_csv(site, plain(log)), None, lambda: None, lambda: None)
    assert len(result.faults) == 1, "told once"
    assert what in result.reasons[0]


@pytest.mark.parametrize("age", [0, 7200])
def test_the_last_line_of_a_complete_file_counts_by_default(
    site: Site, tmp_path: Path, age: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = tmp_path / "log.csv"
    log.write_text(("time,T\n" + rows(1, 3)).rstrip("\n"))
    clock = 1000.0
    monkeypatch.setattr("publisher.sources.csv.following.time.monotonic", lambda: clock)

    def wait(seconds: float) -> Callable[[], None]:
        def step() -> None:
            nonlocal clock
            clock += seconds

        return step

    if age:
        os.utime(log, (log.stat().st_mtime - age,) * 2)
        assert numbers(drive(open_csv(site, plain(log)))) == [1, 2, 3], "a file of yesterday is complete"
        return
    with caplog.at_level("INFO"):
        result = drive(open_csv(site, plain(log)), None, wait(30), wait(31))
    assert numbers(result) == [1, 2, 3]
    assert "last line counts as whole" in caplog.text
    assert numbers(drive(open_csv(site, plain(log)), None, wait(30))) == [1, 2], "not before a minute of silence"
    append(log, "\n" + rows(4, 5))
    assert numbers(drive(open_csv(site, plain(log)), result.position)) == [4, 5]


def test_a_last_line_that_goes_on_after_it_counted_is_read_again(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 2) + "2026-11-03 00:03,3")
    file = plain(log, final_line_after=0.0001)
    first = drive(open_csv(site, file), None, lambda: None)
    assert numbers(first) == [1, 2, 3]
    append(log, "3.5\n" + rows(4, 4))
    second = drive(open_csv(site, file), first.position)
    assert (numbers(second), second.faults) == ([33.5, 4], [])


def test_a_full_buffer_in_mid_line_does_not_count_after_a_minute(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log.csv"
    text = "time,T\n" + rows(1, 500)
    log.write_text(text[: len(text) // 4096 * 4096])
    whole = text[: len(text) // 4096 * 4096].count("\n") - 1
    clock = iter(range(0, 10**6, 90))
    monkeypatch.setattr("publisher.sources.csv.following.time.monotonic", lambda: float(next(clock)))
    result = drive(open_csv(site, plain(log)), None, lambda: None, lambda: log.write_text(text))
    assert numbers(result) == list(range(1, 501))
    assert whole < 500


def test_a_place_of_the_version_before_is_understood(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 5))
    position = drive(open_csv(site, plain(log))).position
    assert position is not None
    (entry,) = position["files"][str(log)]["files"]
    position["files"][str(log)]["files"] = [entry[:8]]  # up to where the header ends
    append(log, rows(6, 7))
    later = drive(open_csv(site, plain(log)), as_kept(position))
    assert (numbers(later), later.faults) == ([6, 7], [])
    log.write_text("time,T\n" + rows(4, 9))
    last = drive(open_csv(site, plain(log)), later.position)
    assert (numbers(last), last.faults) == ([8, 9], []), "and from then on it knows its last lines"


@pytest.mark.parametrize("content", ["ascending", "descending"])
def test_a_restart_after_any_batch_of_a_file_written_anew(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    """As kill -9 does: the place is that of the last batch that was kept, wherever reading had got to."""
    monkeypatch.setattr("publisher.sources.csv.joining.BATCH", 100)
    log = tmp_path / "log.csv"
    write: Callable[[int, int], str] = rows if content == "ascending" else descending
    position, found, first, last = None, [], 1, 1500
    log.write_text("time,T\n" + write(first, last))
    while True:
        part = drive(open_csv(site, plain(log)), position, most=1)
        if not part.batches:
            break
        found += numbers(part)
        position = part.position or position
        if last < 3000:
            first, last = first + (30 if found[-1] > first + 100 else 0), last + 50
            log.write_text("time,T\n" + write(first, last))
    assert found == list(range(1, last + 1))


def test_times(site: Site, tmp_path: Path) -> None:
    """A file with a column that names the cell is followed in the same way, whichever comes first."""
    log = tmp_path / "log.csv"

    def lines(first: int, last: int) -> str:
        moments = [datetime(2026, 11, 3, 12, n) for n in range(last, first - 1, -1)]  # noqa: DTZ001
        return "".join(f"{at:%Y-%m-%d %H:%M},{cell},{at.minute}\n" for at in moments for cell in ("E1C2", "E1C1"))

    file = {"cell": None, "cell_column": "cell"}
    contents = ["time,cell,T\n" + lines(first, first + 9) for first in (0, 3, 9, 30)]
    results = looks(site, log, *contents, restart=True, **file)
    for cell in ("E1C1", "E1C2"):
        read_ones = [value for result in results for _, value in result.values("air_temperature", cell)]
        assert read_ones == [*range(19), *range(30, 40)]
