"""A site file beside the tables: what would change is told, renamed rows keep their history, nothing is deleted."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, insert, select

from ingestor.decoding import decode
from ingestor.inbox import Arrival
from ingestor.series_index import load_series_index
from schemas import times
from schemas.site import Site
from schemas.tables import Cell, Parameter, Reading, Series, Unit
from service.settings import DatabaseSettings
from storage import migrating
from storage.database import connect, read_sessions, write_sessions
from storage.sites import MOST, SiteRefusedError, apply_site, compare_site

MARAIS = Path(__file__).parent.parent / "schemas" / "sites" / "marais.toml"
NOTHING: Any = lambda: None  # noqa: E731
AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def marais(*changes: tuple[str, str]) -> Site:
    text = MARAIS.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Site.model_validate(tomllib.loads(text))


@pytest.fixture
def marsh(database_url: str) -> Any:
    """A database with the made-up station in it."""
    engine = connect(DatabaseSettings.model_validate({"url": database_url}))
    migrating.upgrade(engine, times.now())
    apply(engine, marais())
    yield engine
    engine.dispose()


def apply(engine: Engine, site: Site) -> list[str]:
    with write_sessions(engine)() as session, session.begin():
        return [change.text for change in apply_site(session, site)]


def compare(engine: Engine, site: Site) -> list[str]:
    with read_sessions(engine)() as session:
        return [change.text for change in compare_site(session, site)]


RENAMED = (
    ('cells = ["N1", "N2"]', 'cells = [{ code = "North-1", formerly = "N1" }, "N2"]'),
    ('cells = ["N1"]\nstates', 'cells = ["North-1"]\nstates'),
    ('code = "serre-nord"', 'code = "north"\nformerly = ["serre-nord"]'),
    ('code = "water_level"\n', 'code = "level"\nformerly = "water_level"\n'),
    ('setpoint_of = "water_level"', 'setpoint_of = "level"'),
)


def test_a_renamed_cell_unit_and_parameter_keep_their_rows_and_series(marsh: Engine) -> None:
    with marsh.connect() as connection:
        before = connection.execute(select(Series.id, Series.cell_id, Series.parameter_id)).all()
    renamed = marais(*RENAMED)
    told = compare(marsh, renamed)
    assert "cell N1: renamed to North-1; its history stays with it" in told
    assert "unit serre-nord: renamed to north; its history stays with it" in told
    assert "parameter water_level: renamed to level; its history stays with it" in told
    assert not [line for line in told if "retired" in line or "added" in line]
    assert apply(marsh, renamed) == told
    assert compare(marsh, renamed) == []
    with marsh.connect() as connection:
        assert connection.execute(select(Series.id, Series.cell_id, Series.parameter_id)).all() == before
        codes = set(connection.scalars(select(Cell.code)))
    assert codes == {"North-1", "N2", "S1"}


def test_what_still_arrives_under_former_codes_is_stored_with_the_new_ones(marsh: Engine) -> None:
    apply(marsh, marais(*RENAMED))
    with marsh.connect() as connection:
        station = load_series_index(connection)
    content = b'{"observed_at": "2026-11-20T10:00:00Z", "values": {"%b": 120.5}}'
    old, new = (
        decode(Arrival(topic, content % code, AT.timestamp(), False, NOTHING), station)
        for topic, code in (
            ("octopus/v1/serre-nord/N1/readings", b"water_level"),
            ("octopus/v1/north/North-1/readings", b"level"),
        )
    )
    assert [reading.reason for reading in (*old, *new)] == [None, None]
    assert old[0].rows == new[0].rows
    assert old[0].rows
    assert (old[0].unit, new[0].unit) == ("serre-nord", "north")  # each hears of it on its own topic


def test_what_is_gone_is_retired_and_comes_back(marsh: Engine) -> None:
    fewer = marais(('cells = ["N1", "N2"]', 'cells = ["N1"]'))
    assert (
        compare(marsh, fewer)
        == apply(marsh, fewer)
        == [
            "cell S1: position changed",
            "cell N2: retired (its history stays)",
        ]
    )
    assert compare(marsh, marais()) == ["cell N2: in use again", "cell S1: position changed"]


def test_two_rows_do_not_become_one(marsh: Engine) -> None:
    merged = marais(
        ('cells = ["N1", "N2"]', 'cells = [{ code = "N2", formerly = "N1" }]'),
        ('cells = ["N1"]\nstates', 'cells = ["N2"]\nstates'),
    )
    with pytest.raises(SiteRefusedError, match="cell N2 cannot take over N1: the database has both"):
        compare(marsh, merged)


def test_more_series_than_a_smallint_counts(database_url: str) -> None:
    """33,000 of them, in few statements; one more cell than the tables can number is refused in words."""
    parameters = [{"code": f"p{number}", "label": {"fr": "x", "en": "x"}} for number in range(330)]
    unit = {"code": "big", "label": {"fr": "x", "en": "x"}, "cells": [f"C{number}" for number in range(100)]}
    site = Site.model_validate({"name": "big", "units": [unit], "parameters": parameters})
    engine = connect(DatabaseSettings.model_validate({"url": database_url}))
    migrating.upgrade(engine, times.now())
    apply(engine, site)
    with engine.begin() as connection:
        highest = connection.scalar(select(func.max(Series.id)))
        assert highest is not None
        assert highest >= 33_000
        row = {"series_id": highest, "observed_at": AT, "value": 1.5, "quality": 0}
        connection.execute(insert(Reading), row)
        more = [{"id": MOST - 1, "code": "last", "unit_id": 1, "position": 0, "retired_at": AT}]
        connection.execute(insert(Cell), more)
    larger = Site.model_validate(
        {"name": "big", "units": [unit | {"cells": [*unit["cells"], "D1", "D2"]}], "parameters": parameters}
    )
    with pytest.raises(SiteRefusedError, match="room for 32,767 cells, retired ones included"):
        compare(engine, larger)
    engine.dispose()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["N1", "N2"]', '[{ code = "N1", formerly = "N2" }, "N2"]', "formerly of a cell names N2"),
        ('["N1", "N2"]', '[{ code = "N1", formerly = "X" }, { code = "N2", formerly = "X" }]', "named twice"),
        ('["N1", "N2"]', '[{ code = "N1", former = "X" }, "N2"]', r"units\.0\.cells\.0"),
        ('"North greenhouse" }', '"North greenhouse" }\nformer_cells = { Z = "X" }', "names no cell of it: Z"),
        ('code = "water_level"\n', 'code = "water_level"\nformerly = "pump"\n', "formerly of a parameter names pump"),
    ],
)
def test_former_codes_that_contradict_the_file(old: str, new: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        marais((old, new))


def test_the_tables_are_described_by_kind(marsh: Engine) -> None:
    with marsh.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) for table in (Unit, Cell, Parameter)]
    assert counts[:2] == [2, 3]
