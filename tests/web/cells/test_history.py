"""History for charts and the exported file: the same values, whatever the width; gaps stay gaps."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import Engine

from schemas import times
from schemas.site import Site
from tests.web.conftest import store
from tests.web.counting import counted

START = datetime(2026, 10, 1, 0, 0, 7, tzinfo=UTC)
PEAK = 41.25


def sensor(seconds: float, count: int) -> list[tuple[datetime, float | None]]:
    """A sensor with one peak, a NULL now and then, and an outage in the middle."""
    rows: list[tuple[datetime, float | None]] = []
    for number in range(count):
        if count // 2 <= number < count // 2 + count // 20:
            continue
        value = None if number % 97 == 5 else PEAK if number == count // 3 else 18 + number % 13 / 10
        rows.append((START + timedelta(seconds=seconds * number), value))
    return rows


@pytest.fixture(scope="module")
def filled(shared: Engine) -> Engine:
    store(shared, "E1C1", "air_temperature", sensor(10, 30_000))  # three and a half days
    store(shared, "E1C2", "air_temperature", sensor(300, 20_000))  # ten weeks
    store(shared, "E1C3", "air_temperature", sensor(10, 300))
    store(shared, "E1C3", "co2", [(START, 400.0), (START + timedelta(hours=1), 410.0)])
    return shared


def ask(client: TestClient[Any], cell: str, start: datetime, end: datetime, **more: Any) -> dict[str, Any]:
    query = {"parameters": "air_temperature", "from": times.to_text(start), "to": times.to_text(end)} | more
    answer = client.get(f"/api/cells/{cell}/history", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def exported(client: TestClient[Any], cell: str, start: datetime, end: datetime) -> list[tuple[int, float]]:
    query = {"parameters": "air_temperature", "from": times.to_text(start), "to": times.to_text(end)}
    text = client.get(f"/api/cells/{cell}/readings.csv", params=query).text
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return [(round(times.from_text(at).timestamp() * 1000), float(value)) for at, _local, value in rows if value != ""]


RANGES = [
    ("E1C1", timedelta(seconds=3), timedelta(minutes=30), 1200),
    ("E1C1", timedelta(0), timedelta(days=1), 500),
    ("E1C1", timedelta(seconds=12_345), timedelta(days=3), 600),
    ("E1C1", timedelta(seconds=12_345), timedelta(days=3), 50),
    ("E1C1", timedelta(days=-100), timedelta(days=3000), 2000),
    ("E1C1", timedelta(days=-100), timedelta(days=3000), 2),
    ("E1C2", timedelta(days=3, seconds=1), timedelta(days=60), 2000),
    ("E1C2", timedelta(days=3, seconds=1), timedelta(days=60), 300),
    ("E1C2", timedelta(days=-9), timedelta(days=90), 1200),
]


@pytest.mark.parametrize("asked", RANGES)
def test_the_chart_equals_the_export(
    client: TestClient[Any], filled: Engine, asked: tuple[str, timedelta, timedelta, int]
) -> None:
    cell, after, span, points = asked
    start, end = START + after, START + after + span
    found = ask(client, cell, start, end, points=points)
    columns = found["series"]["air_temperature"]
    width = found["width"] * 1000
    assert len(columns["t"]) <= points
    assert columns["t"] == sorted(set(columns["t"]))
    buckets: dict[int, list[float]] = {}
    for at, value in exported(client, cell, start, end):
        buckets.setdefault(at if width == 0 else at // width * width, []).append(value)
    shown = {
        t: (low, mean, high)
        for t, low, mean, high in zip(*(columns[name] for name in ("t", "min", "mean", "max")), strict=True)
        if low is not None
    }
    assert shown.keys() == buckets.keys()
    for t, values in buckets.items():
        low, mean, high = shown[t]
        assert (low, high) == (min(values), max(values))
        assert mean == pytest.approx(sum(values) / len(values), abs=0.001)


def test_every_source_is_used(client: TestClient[Any], filled: Engine) -> None:
    assert ask(client, "E1C1", START, START + timedelta(hours=1))["source"] == "raw"
    assert ask(client, "E1C1", START, START + timedelta(hours=1))["width"] == 0
    assert ask(client, "E1C1", START, START + timedelta(days=1))["width"] > 0
    assert ask(client, "E1C2", START, START + timedelta(days=12), points=1000)["source"] == "raw"
    assert ask(client, "E1C1", START, START + timedelta(days=3), points=20)["source"] == "1h"


@pytest.mark.parametrize("points", [2, 50, 333, 1200, 2000])
def test_no_peak_is_lost_at_any_resolution(client: TestClient[Any], filled: Engine, points: int) -> None:
    for cell in ("E1C1", "E1C2"):
        columns = ask(client, cell, START, START + timedelta(days=100), points=points)["series"]["air_temperature"]
        assert max(value for value in columns["max"] if value is not None) == PEAK


@pytest.mark.parametrize("points", [100, 1200, 2000])
def test_an_outage_is_a_gap_and_a_slow_sensor_is_none(client: TestClient[Any], filled: Engine, points: int) -> None:
    for cell, count in (("E1C1", 1), ("E1C2", 1)):
        columns = ask(client, cell, START, START + timedelta(days=100), points=points)["series"]["air_temperature"]
        holes = [a is not None and b is None for a, b in zip(columns["min"], columns["min"][1:], strict=False)]
        assert sum(holes) == count, (cell, sum(holes))


def test_raw_points_mark_gaps_and_nulls(client: TestClient[Any], filled: Engine) -> None:
    found = ask(client, "E1C3", START, START + timedelta(hours=2), parameters="air_temperature,co2")
    air, co2 = found["series"]["air_temperature"], found["series"]["co2"]
    assert air["min"].count(None) == 4 + 1
    assert air["min"] == air["max"] == air["mean"]
    assert co2["min"] == [400.0, 410.0]


def test_what_is_not_there_is_empty(client: TestClient[Any], filled: Engine) -> None:
    found = ask(client, "E1C1", START - timedelta(days=9), START)
    assert found["series"]["air_temperature"] == {"t": [], "min": [], "mean": [], "max": []}
    assert ask(client, "E6C3", START, START + timedelta(days=1))["series"]["air_temperature"]["t"] == []


def test_main_parameters_without_a_choice(client: TestClient[Any], filled: Engine) -> None:
    series = client.get("/api/cells/E1C1/history").json()["series"]
    assert list(series)[:2] == ["air_temperature", "air_temperature_setpoint"]


def lines(client: TestClient[Any], query: str, cell: str = "E1C3") -> list[str]:
    answer = client.get(f"/api/cells/{cell}/readings.csv?{query}&from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return answer.content.decode().split("\r\n")


def test_wide_has_a_row_an_instant(client: TestClient[Any], filled: Engine) -> None:
    found = lines(client, "parameters=air_temperature,co2")
    assert found[0] == "observed_at (UTC),observed_at (Europe/Paris),air_temperature [°C],co2 [ppm]"
    assert found[1] == "2026-10-01T00:00:07.000Z,2026-10-01T02:00:07.000+02:00,18,400"
    assert found[6] == "2026-10-01T00:00:57.000Z,2026-10-01T02:00:57.000+02:00,,"
    assert len(found) == 1 + 285 + 1 + 1


def test_long_has_a_row_a_value(client: TestClient[Any], filled: Engine) -> None:
    found = lines(client, "format=long&quality=true&parameters=co2")
    assert found[0] == "cell,parameter,observed_at (UTC),observed_at (Europe/Paris),value,unit,quality"
    assert found[1] == "E1C3,co2,2026-10-01T00:00:07.000Z,2026-10-01T02:00:07.000+02:00,400,ppm,0"


def test_excel_in_french(client: TestClient[Any], filled: Engine) -> None:
    found = lines(client, "separator=%3B&decimal=,&parameters=air_temperature")
    assert found[0].startswith("\ufeffobserved_at (UTC);")
    assert found[2] == "2026-10-01 00:00:17,000;2026-10-01 02:00:17,000;18,1"


def test_a_long_export_is_complete_and_in_order(client: TestClient[Any], filled: Engine) -> None:
    rows = sensor(10, 30_000)
    text = client.get(
        "/api/cells/E1C1/readings.csv?parameters=air_temperature&from=0001-01-01T00:00:00Z&to=9999-01-01T00:00:00Z"
    ).text
    found = [line.split(",") for line in text.split("\r\n")[1:-1]]
    assert [line[0] for line in found] == [times.to_text(at) for at, _ in rows]
    assert [line[2] for line in found] == ["" if v is None else repr(v).removesuffix(".0") for _, v in rows]


@pytest.mark.parametrize("days", [0.01, 1, 60])
def test_a_chart_of_all_parameters_takes_a_handful_of_statements(
    client: TestClient[Any], filled: Engine, site: Site, days: float
) -> None:
    codes = ",".join(parameter.code for parameter in site.parameters_of("E1C2"))
    with counted(filled) as asked:
        found = ask(client, "E1C2", START, START + timedelta(days=days), parameters=codes, points=200)
    assert len(found["series"]) == len(codes.split(","))
    history = [text for text, _ in asked.statements if "reading" in text]
    assert len(history) <= 6, "\n".join(history)


def test_many_series_share_statements_and_keep_their_own_values(client: TestClient[Any], filled: Engine) -> None:
    both = ask(client, "E1C3", START, START + timedelta(hours=2), parameters="co2,air_temperature")["series"]
    for code in ("co2", "air_temperature"):
        alone = ask(client, "E1C3", START, START + timedelta(hours=2), parameters=code)["series"][code]
        assert [value for value in both[code]["mean"] if value is not None] == [
            value for value in alone["mean"] if value is not None
        ]
