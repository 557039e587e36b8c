"""Lines of every shape: one bad field or byte costs only itself, and values are those that were meant."""

from pathlib import Path
from typing import Any

import pytest

from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import as_kept, drive
from tests.publisher.sources.log_files import SAMPLES, append, numbers, open_csv, plain, rows, utc

BOTH = {"T": "air_temperature", "H": "relative_humidity"}


def values(result: Any) -> list[dict[str, float | None]]:
    return [dict(sample.values) for sample in result.samples]


# --- files of known programs -----------------------------------------------------------------------------------------


def test_one_row_a_tag(site: Site) -> None:
    columns = {
        "E1C1_Temp": "air_temperature",
        "E1C1_HR": "relative_humidity",
        "E1C2_Temp": {"parameter": "air_temperature", "cell": "E1C2"},
    }
    file = {
        "path": str(SAMPLES / "tags.csv"), "delimiter": ";", "decimal": ",", "missing": ["-9999"],
        "parameter_column": "VarName", "value_column": "VarValue", "time_columns": ["TimeString"],
        "time_formats": ["%d.%m.%Y %H:%M:%S"], "timezone": "UTC", "cell": "E1C1", "columns": columns,
    }  # fmt: skip
    result = drive(open_csv(site, file))
    assert result.faults == [], "tags that nobody mapped are nobody's"
    at = [utc(2026, 11, 3, 12, 0, 0), utc(2026, 11, 3, 12, 0, 10)]
    assert [(sample.cell, sample.observed_at, dict(sample.values)) for sample in result.samples] == [
        ("E1C1", at[0], {"air_temperature": 18.2, "relative_humidity": 60.25}),
        ("E1C2", at[0], {"air_temperature": 19.5}),
        ("E1C1", at[1], {"air_temperature": 18.3, "relative_humidity": None}),
        ("E1C2", at[1], {"air_temperature": None}),
    ]


def test_one_row_a_tag_with_a_column_for_the_cell(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,cell,tag,value\n2026-11-03 12:00,E1C1,T,18\n2026-11-03 12:00,E1C2,T,19\nbroken,E1C2,T,19\n")
    file = plain(log, cell=None, cell_column="cell", parameter_column="tag", value_column="value")
    result = drive(open_csv(site, file))
    assert [(sample.cell, dict(sample.values)) for sample in result.samples] == [
        ("E1C1", {"air_temperature": 18}),
        ("E1C2", {"air_temperature": 19}),
    ]
    assert len(result.faults) == 1


@pytest.mark.parametrize("unit", ["ecolab-1", "ecolab-2", "ecolab-5"])
def test_one_file_for_the_station_is_read_by_each_unit_without_noise(site: Site, unit: str) -> None:
    cells = site.unit_by_code[unit].cells
    file = plain(SAMPLES / "station.csv", cell=None, cell_column="cell", columns=BOTH)
    result = drive(open_csv(site, file, unit=unit))
    expected = {"ecolab-1": {"E1C1", "E1C2"}, "ecolab-2": {"E2C1"}, "ecolab-5": {"E5C3"}}[unit]
    assert {sample.cell for sample in result.samples} == expected <= set(cells)
    assert len(result.samples) == 2 * len(expected)
    assert result.reasons == [f"{SAMPLES / 'station.csv'} line 6: 'corridor' is no cell of this unit"], "told once"


def test_names_of_cells_may_be_those_of_the_whole_station(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,cell,T\n" + "".join(f"2026-11-03 12:{n:02d},{n % 4 + 1},{n}\n" for n in range(8)))
    names = {"1": "E1C1", "2": "E1C2", "3": "E2C1", "4": "E2C2"}
    for unit, expected in {"ecolab-1": [0, 1, 4, 5], "ecolab-2": [2, 3, 6, 7]}.items():
        result = drive(open_csv(site, plain(log, cell=None, cell_column="cell", cells=names), unit=unit))
        assert (numbers(result), result.faults) == (expected, [])
    with pytest.raises(SettingsError, match="no cell E9C9"):
        open_csv(site, plain(log, cell=None, cell_column="cell", cells={"1": "E9C9"}))
    with pytest.raises(SettingsError, match="none is a cell of ecolab-1"):
        open_csv(site, plain(log, cell=None, cell_column="cell", cells={"3": "E2C1"}))


def test_a_logger_with_units_and_kinds_below_its_header(site: Site) -> None:
    file = plain(
        SAMPLES / "toa5.dat", skip_after_header=2, time_columns=["TIMESTAMP"], missing=["-9999"],
        columns={"AirT": "air_temperature", "RH": "relative_humidity"},
    )  # fmt: skip
    result = drive(open_csv(site, file))
    assert result.faults == []
    assert [(sample.observed_at.isoformat(), *sample.values.values()) for sample in result.samples] == [
        ("2026-11-03T12:00:00+00:00", 18.2, 60.25),
        ("2026-11-03T12:00:00.500000+00:00", None, 60.5),
        ("2026-11-04T00:00:00+00:00", 18.4, None),
    ]


def test_year_day_of_year_and_hhmm_without_header_a_comment_first_and_rows_that_widen(site: Site) -> None:
    file = plain(
        SAMPLES / "day-of-year.dat", header=False, comment="#", missing=["-6999"], time_columns=["2", "3", "4"],
        time_formats=["%Y %j %H%M"], columns={"5": "air_temperature", "6": {"parameter": "o2", "optional": True}},
    )  # fmt: skip
    result = drive(open_csv(site, file))
    assert result.faults == []
    assert [(sample.observed_at, dict(sample.values)) for sample in result.samples] == [
        (utc(2026, 11, 3, 0, 5), {"air_temperature": 18.2}),
        (utc(2026, 11, 3, 0, 45), {"air_temperature": 18.3, "o2": 12.9}),
        (utc(2026, 11, 3, 1, 30), {"air_temperature": None, "o2": 12.8}),
        (utc(2026, 11, 4, 0, 0), {"air_temperature": 18.5, "o2": 12.8}),
    ]


def test_what_a_french_spreadsheet_writes(site: Site) -> None:
    file = plain(
        SAMPLES / "excel-french.csv", delimiter=";", decimal=",", missing=["-9999"], time_columns=["Horodatage"],
        time_formats=["%d %b %Y %H:%M"], final_line_after=0.0001,
        columns={
            "Température": {"parameter": "air_temperature", "unit": "°C"}, "HR": "relative_humidity", "Lumière": "par",
        },
    )  # fmt: skip
    result = drive(open_csv(site, file), None, lambda: None)
    assert result.faults == []
    assert [(sample.observed_at, *sample.values.values()) for sample in result.samples] == [
        (utc(2026, 2, 3, 12, 0), 18.2, 60, 1018.5),
        (utc(2026, 2, 3, 12, 10), -0.5, 61, None),
        (utc(2026, 2, 3, 12, 20), 18.4, 62, 900),
        (utc(2026, 8, 4, 0, 0), 18.5, None, 2000),
    ]


# --- one bad field or byte -------------------------------------------------------------------------------------------

GOOD = {"air_temperature": 18, "relative_humidity": 60}


@pytest.mark.parametrize(
    ("line", "kept", "told"),
    [
        (b"2026-11-03 12:00,18,60", [GOOD], 0),
        (b"2026-11-03 12:00,18,60,caf\xe9", [GOOD], 0),
        (b"2026-11-03 12:00,18,60,\0\0", [GOOD], 0),
        (b"2026-11-03 12:00,18,60,x\0y", [GOOD], 0),
        (b"2026-11-03 12:00,18", [{"air_temperature": 18, "relative_humidity": None}], 0),
        (b"2026-11-03 12:00,18,60,,,,", [GOOD], 0),
        (b"2026-11-03 12:00,1\xe98,60,", [{"relative_humidity": 60}], 1),
        (b"2026-11-03 12:00,1\x008,60,", [{"relative_humidity": 60}], 1),
        (b"2026-11-03 12:00,\0\0\0,60,", [{"relative_humidity": 60}], 1),
        (b"2026-11-03 12:\xe900,18,60,", [], 1),
        (b"2026-11-03 12:00,1\0\0\0\x002026-11-03 12:00,18,60,", [GOOD], 1),
        (b"2026-11-03 12:00,18,60,\0\0\x002026-11-03 12:00,18,60,", [GOOD, GOOD], 0),
        (b"2026-11-03 12:00,1\0\0\0\0", [{"air_temperature": 1, "relative_humidity": None}], 0),
        (b"2026-11-03 12:00,1#.#,60,", [{"relative_humidity": 60}], 1),
        (b"2026-11-03 12:00,1.#QNAN,-nan(ind),", [dict.fromkeys(GOOD)], 0),
        (b"2026-11-03 12:00,1.#INF,60,", [{"relative_humidity": 60}], 1),
        (b"2026-11-03 12:00,18,60,a,b", [], 1),
        (b"", [], 0),
        (b" \t ", [], 0),
        (b",,,", [], 0),
        (b'"","","",""', [], 0),
        (b"\x1a", [], 0),
        (b"\0\0\0\0", [], 0),
        (b"\xef\xbb\xbf", [], 0),
        (b"time,T,H,remark", [], 0),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_it_costs_only_itself(
    site: Site, tmp_path: Path, *, line: bytes, kept: list[dict[str, float | None]], told: int, end: bytes
) -> None:
    log = tmp_path / "log.csv"
    before, after = b"2026-11-03 11:59,17,59,", b"2026-11-03 12:01,19,61,"
    log.write_bytes(end.join([b"time,T,H,remark", before, line, after, b""]))
    result = drive(open_csv(site, plain(log, columns=BOTH)))
    assert values(result)[1:-1] == kept
    assert [values(result)[n]["air_temperature"] for n in (0, -1)] == [17, 19]
    assert len(result.faults) == told
    assert all(reason.startswith(f"{log} line 3: ") for reason in result.reasons)


def test_a_wrong_byte_in_a_header_that_nobody_mapped(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(b"time,T,Humidit\xe9\n2026-11-03 12:00,18,60\n")
    assert numbers(drive(open_csv(site, plain(log)))) == [18]
    wanted = plain(log, columns={"T": "air_temperature", "Humidité": "relative_humidity"})
    waiting = drive(open_csv(site, wanted))
    assert (waiting.samples, len(waiting.faults)) == ([], 1), (
        "it may be the encoding: nothing is read until that is clear"
    )
    assert values(drive(open_csv(site, wanted | {"encoding": "latin-1"}), waiting.position)) == [GOOD]


def test_blank_lines_are_no_faults(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("\n\ntime,T\n\n" + rows(1, 40).replace("\n", "\n\n ;\n".replace(" ;", "  ")) + ",\n\n")
    result = drive(open_csv(site, plain(log)))
    assert (numbers(result), result.faults) == (list(range(1, 41)), [])


@pytest.mark.parametrize(
    ("more", "text", "meant"),
    [
        ({"missing": ["-9999"]}, "-9999,00", None),
        ({"missing": ["-9999"]}, "-9999.0", None),
        ({"missing": ["-9999,9"]}, "-9999,900391", None),
        ({"missing": ["-999"], "thousands": " "}, "1 018,6", 1018.6),
        ({"missing": ["NoData"]}, "nodata", None),
        ({"missing": []}, "", None),
        ({"missing": []}, "-", "fault"),
        ({}, "1.018", "fault"),
        ({"columns": {"T": {"parameter": "air_temperature", "offset": -273.15}}}, "273,05", -0.1),
        ({"columns": {"T": {"parameter": "air_temperature", "factor": 0.1}}}, "183", 18.3),
        ({"columns": {"T": {"parameter": "air_temperature", "unit": "°C"}}}, "18,2 °C", 18.2),
        ({"columns": {"T": {"parameter": "air_temperature", "words": {"-": 0}}}}, "-", 0),
    ],
)
def test_values(site: Site, tmp_path: Path, more: dict[str, Any], text: str, meant: float | str | None) -> None:
    log = tmp_path / "log.csv"
    log.write_text(f"time;T\n2026-11-03 12:00;{text}\n", encoding="utf-8")
    result = drive(open_csv(site, plain(log, delimiter=";", decimal=",") | more))
    assert (numbers(result), len(result.faults)) == (([], 1) if meant == "fault" else ([meant], 0))


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_several_entries_for_one_path(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T,T2\n" + "".join(f"2026-11-03 12:{n:02d},{n},{n + 100}\n" for n in range(5)))
    files = plain(log), plain(log, cell="E1C2", columns={"T2": "air_temperature"})
    first = drive(open_csv(site, *files))
    assert [value for _, value in first.values("air_temperature", "E1C1")] == [0, 1, 2, 3, 4]
    assert [value for _, value in first.values("air_temperature", "E1C2")] == [100, 101, 102, 103, 104]
    append(log, "2026-11-03 12:05,5,105\n")
    second = drive(open_csv(site, *files), first.position)
    assert sorted(numbers(second)) == [5, 105]
    alone = drive(open_csv(site, files[0]), first.position)
    assert numbers(alone) == [5], "the first goes on from the place that a single one has"


def test_several_entries_for_one_path_each_with_its_own_header(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,tag,value\n2026-11-03 12:00,T,18\n2026-11-03 12:00,H,60\n2026-11-03 12:01,T,19\n")
    tagged = {"parameter_column": "tag", "value_column": "value"}
    files = plain(log, **tagged), plain(log, **tagged, columns={"H": "relative_humidity"})
    result = drive(open_csv(site, *files))
    assert values(result)[0] == {"air_temperature": 18, "relative_humidity": 60}, "they are joined on their times"


@pytest.mark.parametrize("comments", [1, 80])
@pytest.mark.parametrize("restart", [False, True])
def test_no_header_and_comments_first(site: Site, tmp_path: Path, comments: int, *, restart: bool) -> None:
    log = tmp_path / "log.csv"
    file = plain(log, header=False, comment="#", time_columns=["1"], columns={"2": "air_temperature", "4": "o2"})
    log.write_text("# a, b, c, d, e, f, g\n" * comments + "\n2026-11-03 12:00,1\n2026-11-03 12:01,2,x\n")
    rest = "2026-11-03 12:02,3,x,20.9,9,9\n2026-11-03 12:03,4\n2026-11-03 12:04,5,x,20.8\n"
    if restart:
        first = drive(open_csv(site, file))
        append(log, rest)
        second = drive(open_csv(site, file), first.position)
        found, faults = values(first) + values(second), first.faults + second.faults
    else:
        result = drive(open_csv(site, file), None, lambda: append(log, rest))
        found, faults = values(result), result.faults
    assert [value["air_temperature"] for value in found] == [1, 2, 3, 4, 5]
    assert [value.get("o2", "not there") for value in found] == ["not there", "not there", 20.9, None, 20.8]
    assert len(faults) == 1, "that rows do not have it yet is told once"
    assert "there is no column 4" in faults[0].reason


def test_parameter_column_and_value_column_go_together(site: Site) -> None:
    with pytest.raises(ValueError, match="go together"):
        open_csv(site, plain("log.csv", parameter_column="tag"))


def test_a_file_that_is_another_one_for_each_entry_keeps_its_place(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 3))
    before = drive(open_csv(site, plain(log)))
    assert before.position is not None
    both = plain(log), plain(log, cell="E1C2")
    after = drive(open_csv(site, *both), as_kept(before.position))
    assert [value for _, value in after.values("air_temperature", "E1C2")] == [1, 2, 3], (
        "the new entry reads from the start"
    )
    assert after.values("air_temperature", "E1C1") == []
