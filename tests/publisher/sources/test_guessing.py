"""`octopus source guess`: what it proposes for a file reads that file, without a fault."""

import subprocess
import sys
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.sources.csv.guessing import Unguessable, guess
from schemas.site import Site
from tests.publisher.sources.driving import drive
from tests.publisher.sources.log_files import SAMPLES, open_csv, utc

CLOCKS = {
    "%Y-%m-%d %H:%M:%S": "iso",
    "%d/%m/%Y %H:%M": "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M": "%m/%d/%Y %H:%M",
    "%d.%m.%y %H:%M:%S": "%d.%m.%y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p": "%m/%d/%Y %I:%M:%S %p",
    "%Y%m%d%H%M%S": "%Y%m%d%H%M%S",
    "%d %b %Y %H:%M": "%d %b %Y %H:%M",
    "%d-%b-%y %H:%M:%S": "%d-%b-%y %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S+01:00": "iso",
    "%H:%M:%S %d/%m/%Y": "%H:%M:%S %d/%m/%Y",
    "%Y/%m/%d %H:%M": "%Y/%m/%d %H:%M",
}


def proposed(path: Path) -> dict[str, Any]:
    source = tomllib.loads(guess(path).to_toml())["source"]
    assert source["kind"] == "csv"
    (file,) = source["files"]
    assert file["path"] == str(path)
    return dict(file)


@pytest.mark.parametrize(
    ("name", "shown", "mapped"),
    [
        ("tags.csv", {"delimiter": ";", "decimal": ",", "parameter_column": "VarName", "value_column": "VarValue"}, 2),
        ("toa5.dat", {"skip_after_header": 2, "time_columns": ["TIMESTAMP"], "time_formats": ["iso"]}, 2),
        ("station.csv", {"time_columns": ["time"], "time_formats": ["iso"]}, 1),
        ("excel-french.csv", {"delimiter": ";", "decimal": ",", "time_formats": ["%d %b %Y %H:%M"]}, 2),
        ("french-latin-1.csv", {"encoding": "latin-1", "thousands": " ", "time_columns": ["Date", "Heure"]}, 2),
        ("autumn-night.csv", {"delimiter": ";", "decimal": ",", "time_formats": ["%d/%m/%Y %H:%M"]}, 1),
        ("excel-1900.csv", {"time_columns": ["When"], "time_formats": ["excel-1900"]}, 1),
        ("greenhouse-climate.csv", {"time_columns": ["Date"]}, 4),
    ],
)
def test_samples(site: Site, name: str, shown: dict[str, Any], mapped: int) -> None:
    file = proposed(SAMPLES / name)
    assert {key: file.get(key) for key in shown} == shown
    assert len(file["columns"]) >= mapped
    result = drive(open_csv(site, file | {"cell": "E1C1"}))
    assert result.samples
    assert [reason for reason in result.reasons if "is no number" not in reason] == []


BUTTON = """"Plot Title: E1"
"#","Date Time, GMT+02:00","Temp, °C (LGR S/N: 1)","RH, %"
1,"11/03/26 11:50:00 AM",18.2,60
2,"11/03/26 12:00:00 PM",18.3,60.5
3,"11/13/26 12:10:00 PM",18.3,60.5
"""
FLUX = """file_info,,,corrected
filename,date,time,H
,[yyyy-mm-dd],[HH:MM],[W+1m-2]
a.ghg,2026-11-03,12:30,41.5
b.ghg,2026-11-03,13:00,-9999.0
c.ghg,2026-11-03,13:30,40.1
"""
SOIL = "0;2026.11.03 10:15;4;17.1875;16.5;16.0;202;0\n1;2026.11.03 10:30;4;17.25;16.5;16.0;203;0\n"
WEATHER = "POSTE;DATE;RR1;T\n78640001;2026110311;0.0;12.1\n78640001;2026110312;0.2;12.4\n78640001;2026110313;;12.6\n"
PARTS = "Year\tMonth\tDay\tHour\tMinute\tT\n" + "".join(f"2026\t11\t3\t{n}\t{n * 5}\t{n}.5\n" for n in range(9))
HHMM = "date,hhmm,T\n" + "".join(f"2026-11-03,{100 * (n // 4) + 15 * (n % 4)},{n}.5\n" for n in range(40))
UNIX = "ts,T\n" + "".join(f"{1795444103 + 10 * n},{n}.5\n" for n in range(9))


# The file, a column of values, and what has to be found out.
@pytest.mark.parametrize(
    ("content", "column", "shown"),
    [
        (BUTTON, "RH, %", {"time_columns": ["Date Time, GMT+02:00"], "time_formats": ["%m/%d/%y %I:%M:%S %p"]}),
        (SOIL, "4", {"header": False, "delimiter": ";", "time_columns": ["2"], "time_formats": ["%Y.%m.%d %H:%M"]}),
        (WEATHER, "T", {"delimiter": ";", "time_columns": ["DATE"], "time_formats": ["%Y%m%d%H"]}),
        (FLUX, "H", {"time_columns": ["date", "time"], "time_formats": ["iso"], "skip_after_header": 1}),
        (PARTS, "T", {"delimiter": "\t", "time_columns": ["Year", "Month", "Day", "Hour", "Minute"]}),
        (HHMM, "T", {"time_columns": ["date", "hhmm"], "time_formats": ["%Y-%m-%d %H%M"]}),
        (UNIX, "T", {"time_columns": ["ts"], "time_formats": ["unix"]}),
        (UNIX.replace(",", "000,"), "T", {"time_columns": ["ts"], "time_formats": ["unix-ms"]}),
    ],
    ids=["button", "soil", "weather", "flux", "parts", "hhmm", "unix", "milliseconds"],
)
def test_shapes_of_known_programs(site: Site, tmp_path: Path, content: str, column: str, shown: dict[str, Any]) -> None:
    log = tmp_path / "log.csv"
    log.write_text(content.replace("ts000", "ts"), encoding="utf-8")
    file = proposed(log)
    assert {key: file.get(key) for key in shown} == shown
    result = drive(open_csv(site, file | {"cell": "E1C1", "columns": {column: "o2"}}))
    assert len(result.samples) >= 2
    assert result.faults == []


def test_without_header_nothing_is_mapped_and_the_time_is_found() -> None:
    file = proposed(SAMPLES / "day-of-year.dat")
    assert file["header"] is False
    assert (file["time_columns"], file["time_formats"]) == (["2", "3", "4"], ["%Y %j %H%M"])
    assert (file["comment"], file["columns"], file["missing"][-1]) == ("#", {}, "-6999")


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize("clock", CLOCKS)
def test_any_mixture_of_marks_and_clocks(site: Site, tmp_path: Path, delimiter: str, decimal: str, clock: str) -> None:
    if delimiter == decimal:
        return
    start, lines = datetime(2026, 1, 28, 22, 0), []  # noqa: DTZ001 - wall-clock time
    for n in range(300):
        value = f"{18 + n / 100:.2f}".replace(".", decimal)
        lines.append(delimiter.join([str(n), (start + timedelta(minutes=5 * n)).strftime(clock), value, "60"]))
    log = tmp_path / "log.csv"
    log.write_text("\n".join([delimiter.join(["No", "When it was", "Temp", "RH"]), *lines, ""]))
    file = proposed(log)
    assert (file["time_columns"], file["time_formats"]) == (["When it was"], [CLOCKS[clock]])
    assert (file.get("delimiter", ","), file.get("decimal", ".")) == (delimiter, decimal)
    assert file["columns"] == {"Temp": "air_temperature", "RH": "relative_humidity"}
    result = drive(open_csv(site, file | {"cell": "E1C1", "timezone": "UTC"}))
    assert result.faults == []
    assert [value for _, value in result.values("air_temperature")] == [(1800 + n) / 100 for n in range(300)]
    assert result.samples[0].observed_at == utc(2026, 1, 28, 21 if clock.endswith("+01:00") else 22)


def test_what_can_be_read_in_two_ways_is_said(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + "".join(f"02/01/2026 00:{n:02d},18.{n}\n" for n in range(30)))
    text = guess(log).to_toml()
    assert "%m/%d/%Y %H:%M fits as well" in text
    assert "2 January 2026" in text, "the month in words"


def test_zeros_reserved_at_the_end_and_a_line_that_is_cut(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    text = "time;T\n" + "".join(f"2026-01-02 00:{n:02d};18,{n}\n" for n in range(30)) + "2026-01-0"
    log.write_bytes(text.encode() + b"\0" * 70_000)
    assert proposed(log)["decimal"] == ","


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "nothing in it"),
        (b"\0" * 5000, "nothing in it"),
        ("time,T\n2026-01-02,1\n".encode("utf-16"), "UTF-16"),
        ("time,T\n2026-01-02,1\n".encode("utf-16-le"), "UTF-16"),
        (b"\x1f\x8b\x08abc\n", "packed file"),
        (b"PK\x03\x04abc\n", "packed file"),
        (b"only,words\nand,others\n", "no column holds a time"),
        (b"12:00,18\n12:01,19\n", "no column holds a time"),
    ],
)
def test_what_cannot_be_guessed_is_said(tmp_path: Path, content: bytes, why: str) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(content)
    with pytest.raises(Unguessable, match=why):
        guess(log)


def test_the_command(tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "octopus", "source", "guess", str(path)]
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)

    good = run(SAMPLES / "tags.csv")
    assert (good.returncode, good.stderr) == (0, "")
    assert tomllib.loads(good.stdout)["source"]["files"][0]["columns"]["E1C1_Temp"] == "air_temperature"
    bad = run(tmp_path / "nothing.csv")
    assert (bad.returncode, bad.stdout) == (78, "")
    assert "No such file" in bad.stderr
