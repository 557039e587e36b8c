"""The simulated source: the present on time, the past behind it, and faults between sensor and outbox."""

import threading
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from publisher.sources import simulated
from publisher.sources.source import Position, Sample, SampleBatch
from schemas import times
from schemas.site import Site, read_site
from service.settings import SettingsError

OTHER_SITE = Path(__file__).parents[2] / "schemas" / "sites"


def take(site: Site, count: int, position: Position | None = None, **settings: object) -> list[SampleBatch]:
    stop = threading.Event()
    parsed = simulated.Settings.model_validate({"kind": "simulated", "period": 0.1, **settings})
    source = simulated.open_source(parsed, site, site.unit_by_code["ecolab-2"])
    batches = list(islice(source.batches(position, stop), count))
    stop.set()
    return batches


def all_samples(batches: list[SampleBatch]) -> list[Sample]:
    return [sample for batch in batches for sample in batch.samples]


def test_present_comes_first_then_the_past_oldest_first(site: Site) -> None:
    first, *rest = take(site, 20, history="2h", history_period=30)
    assert [sample.cell for sample in first.samples] == ["E2C1", "E2C2", "E2C3"]
    assert abs(first.samples[0].observed_at - times.now()) < timedelta(seconds=30)
    past = [s for s in all_samples(rest) if s.observed_at < first.samples[0].observed_at]
    assert len(past) in {3 * 240, 3 * 241}
    assert [s.observed_at for s in past] == sorted(s.observed_at for s in past)


def test_restart_goes_on_where_it_was_and_fills_only_what_is_missing(site: Site) -> None:
    some = take(site, 2, history="12h", history_period=30)
    position = some[-1].position
    again = take(site, 12, position, history="12h", history_period=30)
    seen = {(s.cell, s.observed_at) for s in all_samples(some)}
    assert not seen & {(s.cell, s.observed_at) for s in all_samples(again)}
    past = seen | {(s.cell, s.observed_at) for s in all_samples(again)}
    assert len([1 for cell, _ in past if cell == "E2C1"]) >= 1440


def test_without_history_there_is_no_past(site: Site) -> None:
    batches = take(site, 3)
    assert len(all_samples(batches)) == 9


def test_offline_pc_delivers_late_what_it_kept(site: Site) -> None:
    batches = take(site, 8, faults=[{"kind": "offline", "cell": "E2C1", "until": 0.35}])
    mine = [s.observed_at for s in all_samples(batches) if s.cell == "E2C1"]
    others = [s.observed_at for s in all_samples(batches) if s.cell == "E2C2"]
    assert mine == others
    assert all(sample.cell != "E2C1" for sample in batches[0].samples)


def test_duplicates_and_wrong_clock(site: Site) -> None:
    [batch] = take(site, 1, faults=[{"kind": "duplicate", "cell": "E2C1"}, {"kind": "clock_wrong", "shift": "2h"}])
    assert [sample.cell for sample in batch.samples] == ["E2C1", "E2C1", "E2C2", "E2C3"]
    assert batch.samples[0] == batch.samples[1]
    assert batch.samples[0].observed_at > times.now() + timedelta(minutes=110)


def test_settings_that_do_not_fit_are_named(site: Site) -> None:
    for settings, line in (
        ({"period": 0}, "source.period"),
        ({"faults": [{"kind": "door", "cell": "E9C9"}]}, "E9C9"),
        ({"faults": [{"kind": "frozen", "parameter": "moon_phase"}]}, "moon_phase"),
    ):
        with pytest.raises(SettingsError, match=line):
            take(site, 1, **settings)


def test_any_site_can_be_simulated() -> None:
    for file in OTHER_SITE.glob("*.toml"):
        other = read_site(file)
        for unit in other.units:
            source = simulated.open_source(simulated.Settings(kind="simulated"), other, unit)
            batch = next(source.batches(None, threading.Event()))
            for sample in batch.samples:
                parameters = {p.code: p for p in other.parameters_of(sample.cell)}
                assert set(sample.values) == set(parameters)
                for code, value in sample.values.items():
                    assert value is not None
                    assert parameters[code].plausible(value)
    assert list(OTHER_SITE.glob("*.toml"))
