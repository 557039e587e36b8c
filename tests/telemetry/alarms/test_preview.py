"""A preview says what the watchdog would have raised, from raw values or from means."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select

from schemas.site import Site
from schemas.tables import Cell, Parameter, Reading, Reading5min, Series
from storage.database import read_sessions
from telemetry.alarms.definitions import Definition
from telemetry.alarms.preview import FIVE_MINUTES, Preview, preview
from tests.services.databases import prepare_database

END = datetime(2026, 11, 26, tzinfo=UTC)
START = END - timedelta(days=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def engine(tmp_path: Path, site: Site) -> Iterator[Engine]:
    engine = prepare_database(f"sqlite:///{tmp_path}/octopus.sqlite", site)
    yield engine
    engine.dispose()


def store(engine: Engine, cell: str, parameter: str, values: dict[datetime, float]) -> None:
    """Store raw values and the means of their five minutes."""
    with engine.begin() as connection:
        series = connection.scalar(
            select(Series.id).join(Cell, Cell.id == Series.cell_id).join(Parameter, Parameter.id == Series.parameter_id)
            .where(Cell.code == cell, Parameter.code == parameter)
        )  # fmt: skip
        connection.execute(
            insert(Reading),
            [{"series_id": series, "observed_at": at, "value": one, "quality": 0} for at, one in values.items()],
        )
        buckets: dict[datetime, list[float]] = {}
        for at, one in values.items():
            buckets.setdefault(at - (at - START) % FIVE_MINUTES, []).append(one)
        connection.execute(
            insert(Reading5min),
            [
                {
                    "series_id": series, "started_at": at, "n": len(all_), "min": min(all_), "max": max(all_),
                    "mean": sum(all_) / len(all_),
                }
                for at, all_ in buckets.items()
            ],
        )  # fmt: skip


def asked(engine: Engine, site: Site, *levels: Definition, span: timedelta = END - START) -> Preview:
    with read_sessions(engine)() as session:
        return preview(session, site, "E1C1", levels, end=END, span=span)


def test_excursions_beyond_their_delay_are_counted_in_means_and_in_raw_values(engine: Engine, site: Site) -> None:
    instants = [START + number * MINUTE for number in range(2 * 24 * 60)]
    off = {*range(100, 130), *range(500, 508), *range(2000, 2100)}
    store(engine, "E1C1", "air_temperature", {at: 23.0 if n in off else 20.0 for n, at in enumerate(instants)})
    store(engine, "E1C1", "air_temperature_setpoint", dict.fromkeys(instants, 20.0))
    slow = asked(engine, site, Definition("deviation", "warning", 1, 15 * MINUTE, "air_temperature"))
    assert (slow.source, slow.values) == ("5min", 2 * 24 * 12)
    assert [one.started_at - START for one in slow.firings] == [120 * MINUTE, 2020 * MINUTE]
    quick = asked(engine, site, Definition("deviation", "warning", 1, 5 * MINUTE, "air_temperature"))
    assert quick.source == "raw"
    assert [(one.started_at - START, (one.ended_at or END) - START) for one in quick.firings] == [
        (105 * MINUTE, 130 * MINUTE),
        (505 * MINUTE, 508 * MINUTE),
        (2005 * MINUTE, 2100 * MINUTE),
    ]
    none = asked(engine, site, Definition("deviation", "warning", 4, 5 * MINUTE, "air_temperature"))
    assert none.firings == ()


def test_an_alarm_that_still_stands_has_no_end_and_severities_rise(engine: Engine, site: Site) -> None:
    instants = [START + number * MINUTE for number in range(2 * 24 * 60)]
    store(engine, "E1C1", "co2", {at: 900.0 if n > 2000 else 400.0 for n, at in enumerate(instants)})
    found = asked(
        engine, site, Definition("high", "warning", 600, MINUTE, "co2"),
        Definition("high", "major", 800, 5 * MINUTE, "co2"),
    )  # fmt: skip
    assert [(one.ended_at, one.severity) for one in found.firings] == [(None, "major")]


def test_a_silence_is_found_where_nothing_was_stored(engine: Engine, site: Site) -> None:
    instants = [START + n * MINUTE for n in range(2 * 24 * 60) if not 600 <= n < 720]
    store(engine, "E1C1", "co2", dict.fromkeys(instants, 400.0))
    found = asked(engine, site, Definition("no_data", "major", 600, timedelta(0)))
    assert len(found.firings) == 1
    assert found.firings[0].ended_at == START + 720 * MINUTE


def test_nothing_stored_is_told_apart_from_nothing_wrong(engine: Engine, site: Site) -> None:
    assert asked(engine, site, Definition("high", "warning", 600, MINUTE, "co2")).values == 0
