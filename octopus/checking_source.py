"""The doctor's look at the source: read from it once, in a child process, and say what would be stored."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import orjson

from octopus.findings import Finding
from octopus.settings import CommandSettings
from service.settings import EXIT_BAD_SETTINGS

_SECONDS = 20
_ENDS_WITHIN = 40
_FAULTS_SHOWN = 5


def check(chosen: CommandSettings, config: Path | None) -> Iterator[Finding]:
    if not chosen.source and not chosen.publisher:
        return
    words = [] if config is None else ["--config", str(config)]
    command = [
        sys.executable,
        "-m",
        "publisher.trying",
        "--json",
        "--readings",
        "1",
        "--seconds",
        str(_SECONDS),
        *words,
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ENDS_WITHIN, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired:
        yield Finding("FAIL", "source", f"trying it does not end within {_ENDS_WITHIN} s")
        return
    complaints = done.stderr.decode("utf-8", "replace").splitlines()
    if done.returncode == EXIT_BAD_SETTINGS:
        yield from (Finding("FAIL", "source", line) for line in complaints)
        return
    try:
        said = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        yield Finding("FAIL", "source", f"it could not be tried: {complaints[-1] if complaints else 'it says nothing'}")
        return
    for first, *remarks in said["cells"].values():
        yield Finding("ok", "source", f"would store {first}")
        yield from (Finding("warn", "source", remark) for remark in remarks)
    faults = said["faults"]
    state: Literal["warn", "FAIL"] = "warn" if said["readings"] else "FAIL"
    yield from (Finding(state, "source", fault) for fault in faults[:_FAULTS_SHOWN])
    if len(faults) > _FAULTS_SHOWN:
        yield Finding(state, "source", f"{len(faults) - _FAULTS_SHOWN} more faults: octopus source try shows them")
    if not said["readings"] and not faults:
        yield Finding("FAIL", "source", f"gives no reading within {_SECONDS} s")
