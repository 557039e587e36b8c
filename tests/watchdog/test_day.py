"""A scripted day on the simulator's faults raises exactly these alarms, at these times, and no others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from schemas.messages import CellExperiment
from tests.services.databases import prepare_database
from tests.watchdog.simulated import MINUTE, SimulatedStation, small_site

SITE = small_site("ecolab-1", "ecolab-2", period=60)
# Both nights in which the clocks of Paris are set are within such a day.
STARTS = (datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC))
EXPERIMENT = CellExperiment.model_validate(
    {
        "id": 1, "code": "co2", "title": "CO2", "state": "running", "started_at": "2026-01-01T00:00:00Z",
        "limits": {"co2": {"deviation": 40, "delay": 600, "severity": "major"}},
    }
)  # fmt: skip
FAULTS: dict[str, list[dict[str, Any]]] = {
    "E1C1": [
        {"kind": "door", "from": "1h", "until": "63m"},
        {"kind": "door", "from": "6h", "until": "20h"},
        {"kind": "clock_wrong", "from": "22h", "until": "23h"},
    ],
    "E1C2": [
        {"kind": "lamp_failure", "from": "20m", "until": "100m"},
        {"kind": "scenario_ended", "from": "10h", "until": "21h"},
    ],
    "E1C3": [{"kind": "humidifier_saturation", "from": "3h", "until": "5h"}],
    "E2C1": [{"kind": "co2_empty", "from": "4h", "until": "7h"}, {"kind": "offline", "from": "8h", "until": "9h"}],
    "E2C2": [{"kind": "frozen", "parameter": "co2", "from": "2h", "until": "7h"}],
    "E2C3": [{"kind": "spike", "parameter": "air_temperature", "from": "1h", "until": "7h"}],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", SITE)
    yield engine
    engine.dispose()


# Time since the start, place/code, change, severity. A short door, a spike, an ended scenario, both nights: nothing.
EXPECTED = [
    ("00:30:00", "E1C2/light_command-no_effect", "raised", "warning"),
    ("01:40:00", "E1C2/light_command-no_effect", "returned", "warning"),
    ("03:13:00", "E1C3/relative_humidity-deviation", "raised", "warning"),
    ("03:20:00", "E1C3/relative_humidity-deviation", "worsened", "major"),
    ("04:23:00", "E2C1/co2-deviation", "raised", "major"),
    ("05:00:00", "E1C3/relative_humidity-deviation", "returned", "major"),
    ("05:01:00", "E2C2/co2-frozen", "raised", "warning"),
    ("06:05:00", "E1C1/door-open", "raised", "warning"),
    ("06:15:00", "E1C1/door-open", "worsened", "major"),
    ("07:00:00", "E2C1/co2-deviation", "returned", "major"),
    ("07:00:00", "E2C2/co2-frozen", "returned", "warning"),
    ("08:01:00", "ecolab-2/offline", "raised", "warning"),
    ("08:10:00", "ecolab-2/offline", "worsened", "major"),
    ("09:00:00", "ecolab-2/offline", "returned", "major"),
    ("20:00:00", "E1C1/door-open", "returned", "major"),
    ("22:02:00", "ecolab-1/clock", "raised", "major"),
    ("23:00:00", "ecolab-1/clock", "returned", "major"),
]
# What the unit that is away explains, and nobody is told of.
EXPLAINED = [
    (at, f"{cell}/no_data", change, severity)
    for at, change, severity in (
        ("08:03:00", "raised", "warning"),
        ("08:10:00", "worsened", "major"),
        ("09:00:00", "ended", "major"),
    )
    for cell in ("E2C1", "E2C2", "E2C3")
]


@pytest.mark.parametrize("start", STARTS, ids=["spring", "autumn"])
def test_a_day_of_faults_raises_exactly_its_alarms(start: datetime, engine: Engine) -> None:
    station = SimulatedStation(SITE, engine, start, FAULTS, {"E2C1": EXPERIMENT})
    station.run(timedelta(hours=24), MINUTE)
    assert station.told() == EXPECTED
    hidden = [one for one in station.told(hidden=True) if one not in EXPECTED]
    assert sorted(hidden) == sorted(EXPLAINED)
