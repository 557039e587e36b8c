"""What the benchmarks share: the machine that ran, their premises, percentiles, what processes used, tables to read."""

import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


class PremiseError(Exception):
    """What a figure would rest on did not hold; the text is for whoever reads the figures."""


def require(premise: object, otherwise: str) -> None:
    """Raise PremiseError with these words unless the premise holds."""
    if not premise:
        raise PremiseError(otherwise)


def finish(main: Callable[[], int]) -> int:
    """Run a benchmark; return its exit status, 2 where nothing was measured, which is said in words."""
    try:
        return main()
    except (PremiseError, AssertionError) as error:
        if not str(error):
            raise
        print(f"\nNOT MEASURED  {error}")
        return 2
    finally:
        print(f"load after: {load():.1f}")


def load() -> float:
    """Return the load average of the last minute."""
    return os.getloadavg()[0]


def print_machine() -> None:
    """Print what a figure means nothing without: command, time, processor, how busy it was."""
    name = Path(sys.argv[0]).stem
    print(f"$ python -m bench.{name} {' '.join(sys.argv[1:])}".rstrip())
    print(
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {len(cores())} x {_processor()}, Python {platform.python_version()}"
    )
    print(f"load before: {load():.1f}")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows below a head, the first column to the left, figures to the right."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for number, line in enumerate(lines):
        cells = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join([line[0].ljust(widths[0]), *cells[1:]]).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def judge(*figures: tuple[str, bool]) -> int:
    """Print each figure with its verdict; return the exit status."""
    for text, reached in figures:
        print(f"{'reached' if reached else 'MISSED '}  {text}")
    return 0 if all(reached for _, reached in figures) else 1


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value below which so many percent lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def cpu(pids: Mapping[str, int | Iterable[int]]) -> dict[str, float]:
    """Return the seconds of processor time that each process, or group of them, has used so far."""
    return {
        name: sum(_ticks(f"/proc/{pid}") for pid in ([pids_of] if isinstance(pids_of, int) else pids_of))
        for name, pids_of in pids.items()
    }


def cpu_by_thread(pid: int) -> dict[int, float]:
    return {int(task.name): _ticks(str(task)) for task in Path(f"/proc/{pid}/task").iterdir()}


def children(pid: int) -> dict[int, list[str]]:
    """Return the command line of each child that lives."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = {}
    for child in map(int, listed):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found[child] = Path(f"/proc/{child}/cmdline").read_text(encoding="utf-8").split("\0")
    return found


def family_cpu(pid: int) -> float:
    """Return the seconds of processor time of a process and its children, those that have ended included."""
    spent = _ticks(f"/proc/{pid}", ended_children=True)
    for child in children(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            spent += _ticks(f"/proc/{child}")
    return spent


def memory(pid: int) -> float:
    """Return what a process has resident now, in MB."""
    return _status(pid, "VmRSS")


def peak_memory(pid: int) -> float:
    return _status(pid, "VmHWM")


def _ticks(process: str, *, ended_children: bool = False) -> float:
    fields = Path(f"{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / os.sysconf("SC_CLK_TCK")


def _status(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / 1024


def cores() -> set[int]:
    return os.sched_getaffinity(0)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
