"""Files as programs really write them: formats, mapping, faults, and lines that are read exactly once."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.site import Site
from service.settings import SettingsError
from tests.publisher.sources.driving import as_kept, drive
from tests.publisher.sources.log_files import append, numbers, open_csv, plain, rows, utc

SAMPLES = Path(__file__).parent / "samples"


# --- formats ---------------------------------------------------------------------------------------------------------


def test_two_files_of_one_cell_become_one_sample_a_time(site: Site) -> None:
    month_first = {"time_columns": ["Date"], "time_formats": ["%m/%d/%Y %H:%M"], "timezone": "Europe/Amsterdam"}
    climate = {"Tair": "air_temperature", "Rhair": "relative_humidity", "CO2air": "co2", "Netrad": "o2"}
    controls = {"CO2_vip": "co2_setpoint", "heating_temp_vip": "air_temperature_setpoint"}
    result = drive(
        open_csv(
            site,
            {"path": str(SAMPLES / "greenhouse-climate.csv"), "cell": "E1C1", "columns": climate, **month_first},
            {"path": str(SAMPLES / "greenhouse-controls.csv"), "cell": "E1C1", "columns": controls, **month_first},
        )
    )
    assert result.faults == []
    assert len(result.samples) == 60
    assert all(len(sample.values) == 6 for sample in result.samples)
    assert result.samples[0].observed_at == utc(2024, 1, 31, 23, 0)
    assert dict(result.samples[7].values) == dict.fromkeys((*climate.values(), *controls.values()))
    assert result.samples[8].values["co2"] is None
    assert result.samples[8].values["co2_setpoint"] is not None
    assert result.samples[11].values["o2"] is None, "a blank is no value"


def test_french_export_with_index_column_overlap_and_words(site: Site) -> None:
    result = drive(
        open_csv(
            site,
            {
                "path": str(SAMPLES / "french-latin-1.csv"),
                "encoding": "latin-1",
                "delimiter": ";",
                "decimal": ",",
                "thousands": " ",
                "time_columns": ["Date", "Heure"],
                "time_formats": ["%d/%m/%Y %H:%M:%S"],
                "timezone": "Europe/Paris",
                "cell": "E1C2",
                "columns": {
                    "T°C": "air_temperature",
                    "HR %": "relative_humidity",
                    "Porte": {"parameter": "door", "words": {"ouverte": 1, "fermée": 0}},
                },
            },
        )
    )
    assert result.faults == []
    assert result.samples[0].observed_at == utc(2026, 11, 3, 11, 0, 30)
    assert dict(result.samples[3].values) == {"air_temperature": 18.3, "relative_humidity": 63.25, "door": 1}
    assert result.samples[4] == result.samples[6], "an export that overlaps repeats itself; the history takes it once"
    assert result.samples[8].values["air_temperature"] == 1018.6
    assert dict(result.samples[9].values) == {"air_temperature": None, "relative_humidity": None, "door": 0}


@pytest.mark.parametrize("system", ["excel-1900", "excel-1904"])
def test_excel_serial_dates(site: Site, system: str) -> None:
    path = SAMPLES / f"{system}.csv"
    result = drive(open_csv(site, plain(path, time_columns=["When"], time_formats=[system])))
    assert result.faults == []
    assert [sample.observed_at for sample in result.samples] == [
        utc(2026, 11, 23, 14, 28, 19),
        utc(2026, 11, 23, 14, 30),
    ]


@pytest.mark.parametrize(
    ("text", "formats"),
    [
        ("2026-11-23T14:28:23.376Z", ["iso"]),
        ("2026-11-23T15:28:23.376+01:00", ["iso"]),
        ("2026-11-23 14:28:23,376", ["iso"]),
        ("1795444103.376", ["unix"]),
        ("1795444103376", ["unix-ms"]),
        ("23.11.26 14:28:23.376", ["iso", "%d.%m.%y %H:%M:%S.%f"]),
    ],
)
def test_forms_of_times(site: Site, tmp_path: Path, text: str, formats: list[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text(f'T;"time"\n18;"{text}"\n')
    result = drive(open_csv(site, plain(log, delimiter=";", time_formats=formats)))
    assert result.values("air_temperature") == [(datetime(2026, 11, 23, 14, 28, 23, 376000, UTC), 18)]


def test_a_file_without_header_and_scaled_columns(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.tsv"
    log.write_text("made by a logger\n2026-11-03 12:00\t183\t-999\n2026-11-03 12:01\t184\t5\n")
    file = plain(
        log,
        header=False,
        skip_lines=1,
        delimiter="\t",
        time_columns=["1"],
        missing=["-999"],
        columns={"2": {"parameter": "air_temperature", "factor": 0.1, "offset": -1}, "3": "co2"},
    )
    result = drive(open_csv(site, file))
    assert [dict(sample.values) for sample in result.samples] == [
        {"air_temperature": 17.3, "co2": None},
        {"air_temperature": 17.4, "co2": 5},
    ]
    append(log, "2026-11-03 12:02\t185\t6\n")
    assert numbers(drive(open_csv(site, file), result.position)) == [17.5]


def test_a_preamble_units_comments_and_columns_of_the_same_name(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "LOGGER,7\n\ntime,T,T\n,°C,°C\n# started\n2026-11-03 12:00,18,19\n\n2026-11-03 12:01,18.1,19.1,\n",
        encoding="utf-8-sig",
    )
    columns = {"T": "air_temperature", "T#2": {"parameter": "air_temperature", "cell": "E1C3"}}
    result = drive(open_csv(site, plain(log, skip_after_header=1, comment="#", columns=columns)))
    assert result.faults == []
    assert [value for _, value in result.values("air_temperature", "E1C1")] == [18, 18.1]
    assert [value for _, value in result.values("air_temperature", "E1C3")] == [19, 19.1]


def test_a_column_that_names_the_cell(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,cell,T\n2026-11-03 12:00,1,18\n2026-11-03 12:00,E1C2,19\n2026-11-03 12:00,9,20\n")
    result = drive(open_csv(site, plain(log, cell=None, cell_column="cell", cells={"1": "E1C1"})))
    assert [(sample.cell, sample.values["air_temperature"]) for sample in result.samples] == [
        ("E1C1", 18),
        ("E1C2", 19),
    ]
    assert result.reasons == [f"{log} line 4: '9' is no cell of this unit"]


# --- the nights of the clock change ----------------------------------------------------------------------------------

PARIS = {
    "delimiter": ";",
    "decimal": ",",
    "time_columns": ["horodatage"],
    "time_formats": ["%d/%m/%Y %H:%M"],
    "timezone": "Europe/Paris",
    "columns": {"temperature": "air_temperature"},
}


def test_autumn_night_the_order_of_the_lines_tells_the_two_passes_apart(site: Site) -> None:
    result = drive(open_csv(site, plain(SAMPLES / "autumn-night.csv", **PARIS)))
    start = utc(2026, 10, 24, 23, 30)
    assert result.faults == []
    assert result.values("air_temperature") == [(start + timedelta(minutes=10 * n), n + 0.5) for n in range(24)]


@pytest.mark.parametrize("cut", range(2, 24))
def test_autumn_night_survives_a_restart_at_any_line(site: Site, tmp_path: Path, cut: int) -> None:
    lines = (SAMPLES / "autumn-night.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    log = tmp_path / "log.csv"
    log.write_text("".join(lines[:cut]), encoding="utf-8")
    before = drive(open_csv(site, plain(log, **PARIS)))
    append(log, "".join(lines[cut:]))
    after = drive(open_csv(site, plain(log, **PARIS)), before.position)
    start = utc(2026, 10, 24, 23, 30)
    assert [at for at, _ in before.values("air_temperature") + after.values("air_temperature")] == [
        start + timedelta(minutes=10 * n) for n in range(24)
    ]


def test_autumn_night_of_hourly_lines_of_two_cells(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    hours = ["01", "02", "02", "03"]
    lines = [f"2026-10-25 {hour}:00,{cell},{n}\n" for n, hour in enumerate(hours) for cell in ("E1C1", "E1C2")]
    log.write_text("time,cell,T\n2026-10-25 00:00,E1C1,9\n2026-10-25 00:00,E1C2,9\n" + "".join(lines))
    result = drive(open_csv(site, plain(log, cell=None, cell_column="cell", timezone="Europe/Paris")))
    expected = [utc(2026, 10, 24, 22) + timedelta(hours=n) for n in range(5)]
    for cell in ("E1C1", "E1C2"):
        assert [at for at, _ in result.values("air_temperature", cell)] == expected


def test_autumn_night_lines_in_slight_disorder_stay_in_their_pass(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + "".join(f"2026-10-25 02:{m:02d},{m}\n" for m in (9, 10, 12, 11, 13)))
    result = drive(open_csv(site, plain(log, timezone="Europe/Paris")))
    assert {at.hour for at, _ in result.values("air_temperature")} == {0}


def test_spring_night_a_time_that_did_not_exist_is_a_fault(site: Site, tmp_path: Path) -> None:
    result = drive(open_csv(site, plain(SAMPLES / "spring-night.csv", **PARIS)))
    start = utc(2027, 3, 28, 0, 30)
    assert result.faults == []
    assert [at for at, _ in result.values("air_temperature")] == [start + timedelta(minutes=10 * n) for n in range(7)]
    log = tmp_path / "log.csv"
    log.write_text("time,T\n2027-03-28 01:59,1\n2027-03-28 02:30,2\n2027-03-28 03:00,3\n")
    result = drive(open_csv(site, plain(log, timezone="Europe/Paris")))
    assert numbers(result) == [1, 3]
    assert "did not exist in Europe/Paris" in result.reasons[0]
    assert result.faults[0].raw == "2027-03-28 02:30,2"


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_each_fault_is_told_with_its_line_and_the_rest_goes_on(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_bytes(
        b"time,T,H\n"
        b"2026-11-03 12:00,18,60\n"
        b"2026-11-03 12:01,18\n"  # as Excel writes it where the last columns are empty
        b"2026-11-03 12:02,18,60,7\n"  # too many
        b"yesterday,18,60\n"
        b"2026-11-03 12:04,open,60\n"  # costs this value only
        b"2026-11-03 12:05,inf,1_000\n"
        b'2026-11-03 12:06,"18,60\n'
        b"2026-11-03 12:07,\xff\xfe,60\n"
        b"\0\0\0\0" + b"2026-11-03 12:08,18,60\n" + b"2026-02-30 12:09,18,60\n"
    )
    columns = {"T": "air_temperature", "H": "relative_humidity"}
    result = drive(open_csv(site, plain(log, columns=columns)))
    assert [(sample.observed_at.minute, dict(sample.values)) for sample in result.samples] == [
        (0, {"air_temperature": 18, "relative_humidity": 60}),
        (1, {"air_temperature": 18, "relative_humidity": None}),
        (4, {"relative_humidity": 60}),
        (7, {"relative_humidity": 60}),
        (8, {"air_temperature": 18, "relative_humidity": 60}),
    ]
    told = [reason.removeprefix(f"{log} ") for reason in result.reasons]
    assert [reason.split(":")[0] for reason in told] == [f"line {n}" for n in (4, 5, 6, 7, 7, 8, 9, 11)]
    assert told[0] == "line 4: 4 columns where the header has 3"
    assert told[2] == "line 6: column T: 'open' is no number"
    assert result.faults[1].raw == "yesterday,18,60"
    assert drive(open_csv(site, plain(log, columns=columns)), result.position).faults == [], "each is told once"


def test_a_decimal_point_where_commas_are_used_is_not_guessed(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time;T\n2026-11-03 12:00;1.234\n2026-11-03 12:01;1,5\n")
    result = drive(open_csv(site, plain(log, delimiter=";", decimal=",")))
    assert numbers(result) == [1.5]
    assert "no number with a decimal comma" in result.reasons[0]


def test_a_header_in_mid_file_puts_the_columns_elsewhere(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 3))
    first = drive(open_csv(site, plain(log)))
    append(log, "H,T,time\n60,4,2026-11-03 00:04\n")
    second = drive(open_csv(site, plain(log)), first.position)
    append(log, "60,5,2026-11-03 00:05\n")
    third = drive(open_csv(site, plain(log)), second.position)
    assert [numbers(result) for result in (first, second, third)] == [[1, 2, 3], [4], [5]]
    assert first.faults + second.faults + third.faults == []


def test_a_column_that_is_gone_costs_nothing_once_the_mapping_is_mended(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    both = {"T": "air_temperature", "H": "relative_humidity"}
    log.write_text("time,T,H\n2026-11-03 00:01,1,61\ntime,T,Hum\n2026-11-03 00:02,2,62\n")
    first = drive(open_csv(site, plain(log, columns=both)))
    assert numbers(first) == [1, 2], "the other columns go on"
    assert [value for _, value in first.values("relative_humidity")] == [61]
    assert len(first.faults) == 1
    assert "line 3: there is no column H" in first.reasons[0]
    append(log, "2026-11-03 00:03,3,63\n")
    second = drive(open_csv(site, plain(log, columns=both)), first.position)
    assert (numbers(second), second.faults) == ([3], [])
    mended = {"T": "air_temperature", "Hum": "relative_humidity"}
    third = drive(open_csv(site, plain(log, columns=mended)), second.position)
    assert [value for _, value in third.values("relative_humidity")] == [62, 63]


def test_a_file_without_its_time_column_waits_and_loses_nothing(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("when,T\n" + rows(1, 3))
    first = drive(open_csv(site, plain(log)), None, lambda: append(log, rows(4, 4)), lambda: None)
    assert first.samples == []
    assert len(first.faults) == 1, "told once, though it was looked at again"
    assert "no header with column time" in first.reasons[0]
    mended = drive(open_csv(site, plain(log, time_columns=["when"])), first.position)
    assert numbers(mended) == [1, 2, 3, 4]


def test_a_wrong_encoding_is_told_and_waits(site: Site) -> None:
    path = SAMPLES / "french-latin-1.csv"
    file = plain(path, delimiter=";", time_columns=["Heure"], columns={"T°C": "air_temperature"})
    result = drive(open_csv(site, file))
    assert result.samples == []
    assert "no header with column Heure" in result.reasons[0]


def test_a_file_that_is_not_there_yet_is_waited_for(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "later.csv"
    result = drive(open_csv(site, plain(log)), None, lambda: None, lambda: log.write_text("time,T\n" + rows(1, 2)))
    assert numbers(result) == [1, 2]
    assert result.reasons == [f"{log}: no such file; waiting for it"]


# --- growth, restarts, rotation --------------------------------------------------------------------------------------


def test_a_growing_file_and_its_half_written_last_line(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 2) + "2026-11-03 00:03,3")
    result = drive(
        open_csv(site, plain(log)),
        None,
        lambda: append(log, "3"),
        lambda: append(log, ".5\n" + rows(4, 5)),
    )
    assert numbers(result) == [1, 2, 33.5, 4, 5]


def test_a_restart_after_any_batch_repeats_nothing(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 9000))
    position, found = None, []
    while True:
        part = drive(open_csv(site, plain(log)), position, most=1)
        if not part.batches:
            break
        found += numbers(part)
        position = part.position
    assert found == list(range(1, 9001))


@pytest.mark.parametrize("when", ["while-following", "while-stopped"])
@pytest.mark.parametrize("way", ["rename", "copy-and-cut", "rename-twice"])
def test_rotation_finishes_the_old_file_first(site: Site, tmp_path: Path, way: str, when: str) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 5))
    source = open_csv(site, plain(log))

    def rotate() -> None:
        append(log, rows(6, 7))
        if way == "copy-and-cut":
            shutil.copy(log, tmp_path / "log.csv.1")
            log.write_text("time,T\n" + rows(8, 9))
        else:
            log.rename(tmp_path / ("log.csv.1" if way == "rename" else "log.csv.2"))
            log.write_text("T,time\n" + "8,2026-11-03 00:08\n9,2026-11-03 00:09\n")

    if when == "while-following":
        result = drive(source, None, rotate, lambda: append(log, ""))
        assert numbers(result) == list(range(1, 10))
        assert result.faults == []
    else:
        first = drive(source)
        rotate()
        second = drive(open_csv(site, plain(log)), first.position)
        assert numbers(first) + numbers(second) == list(range(1, 10))
        assert second.faults == []


def test_a_file_that_is_replaced_without_a_trace_is_told(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 5))
    first = drive(open_csv(site, plain(log)))
    append(log, rows(6, 7))
    log.unlink()
    log.write_text("time,T\n" + rows(8, 9))
    second = drive(open_csv(site, plain(log)), first.position)
    assert numbers(second) == [8, 9]
    assert len(second.faults) == 1
    assert "had been read up to line 6" in second.reasons[0]


def test_a_file_written_anew_with_the_same_beginning_goes_on(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 5))
    first = drive(open_csv(site, plain(log)))
    (tmp_path / "new").write_text("time,T\n" + rows(1, 8))
    (tmp_path / "new").rename(log)
    second = drive(open_csv(site, plain(log)), first.position)
    assert (numbers(second), second.faults) == ([6, 7, 8], [])


def test_dated_files_are_read_in_order_and_the_unfinished_line_of_an_old_one_counts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.sources.csv.following.SETTLED", 0)
    for day, (first, last) in {"log_10": (7, 9), "log_2": (1, 3), "log_9": (4, 6)}.items():
        (tmp_path / f"{day}.csv").write_text("time,T\n" + rows(first, last))
    source = open_csv(site, plain(tmp_path / "log_*.csv"))
    first = drive(source)
    assert numbers(first) == list(range(1, 10))

    def next_day() -> None:
        append(tmp_path / "log_10.csv", rows(10, 10).rstrip("\n"))
        time.sleep(0.02)  # the clock of the file system is coarse, and which file is newer is the point
        (tmp_path / "log_11.csv").write_text("time,T\n" + rows(11, 12))

    second = drive(open_csv(site, plain(tmp_path / "log_*.csv")), first.position, next_day, lambda: None)
    assert sorted(numbers(second)) == [10, 11, 12]


def test_the_second_file_may_come_later(site: Site, tmp_path: Path) -> None:
    measured, wanted = tmp_path / "a.csv", tmp_path / "b.csv"
    files = (plain(measured), plain(wanted, columns={"S": "air_temperature_setpoint"}))
    measured.write_text("time,T\n" + rows(1, 2))
    wanted.write_text("time,S\n" + rows(1, 2))
    joined = drive(
        open_csv(site, *files, join_wait=3600),
        None,
        lambda: append(measured, rows(3, 3)),
        lambda: append(wanted, rows(3, 3)),
        lambda: append(measured, rows(4, 4)),
    )
    assert [dict(sample.values) for sample in joined.samples] == [
        {"air_temperature": n, "air_temperature_setpoint": n} for n in (1, 2, 3)
    ], "line 4 waits for its partner and is not lost:"
    alone = drive(open_csv(site, *files), joined.position)
    assert [dict(sample.values) for sample in alone.samples] == [{"air_temperature": 4}]


def test_another_sources_place_means_nothing_here(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("time,T\n" + rows(1, 1))
    assert numbers(drive(open_csv(site, plain(log)), as_kept({"kind": "http", "last": {}}))) == [1]


def test_speed_of_a_backlog(site: Site, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    names = ("air_temperature", "relative_humidity", "co2", "o2", "par", "rainfall", "door", "lysimeter_mass")
    log.write_text(
        f"time,{','.join(names)}\n"
        + "".join(
            f"{utc(2026, 11, 3) + timedelta(seconds=10 * n):%d/%m/%Y %H:%M:%S},18.1,60.2,412,20.9,100,0,0,1012.5\n"
            for n in range(14000)
        )
    )
    file = plain(log, time_formats=["%d/%m/%Y %H:%M:%S"], columns={name: name for name in names})
    started = time.process_time()
    result = drive(open_csv(site, file))
    assert len(result.samples) == 14000
    assert time.process_time() - started < 8


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"timezone": "Europe/Pari"}, "no time zone is called 'Europe/Pari'"),
        ({"encoding": "utf-16"}, "cannot be followed line by line"),
        ({"encoding": "klingon"}, "no encoding is called 'klingon'"),
        ({"time_formats": ["%H:%M"]}, "does not name a whole date"),
        ({"time_formats": ["dd/mm/yyyy"]}, "does not name a whole date"),
        ({"delimiter": ",", "decimal": ","}, "must differ"),
        ({"cell": None}, "no cell for column T"),
        ({"decimals": ","}, "Extra inputs are not permitted"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(site: Site, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        open_csv(site, plain("log.csv", **wrong))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cell": "E2C1"}, "unit ecolab-1 has no cell E2C1; its cells: E1C1, E1C2, E1C3"),
        ({"columns": {"T": "air_temprature"}}, "did you mean air_temperature?"),
        ({"columns": {"T": "co2", "U": "co2"}}, "mapped twice"),
    ],
)
def test_a_mapping_that_the_site_does_not_have_is_refused(site: Site, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError, match=told.replace("?", r"\?")):
        open_csv(site, plain("log.csv", **wrong))
