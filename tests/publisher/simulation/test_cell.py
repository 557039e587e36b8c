"""Simulated cells against the statistics published for real chambers, and the faults that they play."""

import math
import statistics
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from publisher.simulation.cell import SimulatedCell, Values
from publisher.simulation.faults import FaultSettings, faults_of
from schemas.site import Site

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, STEP = 7, 30

Week = dict[str, list[Values]]


@pytest.fixture(scope="module")
def week(site: Site) -> Week:
    """A week of three cells, every 30 s, as the published logs have it."""
    cells = {code: SimulatedCell(site, code, 0) for code in ("E1C1", "E2C1", "E5C3")}
    instants = [START.timestamp() + STEP * i for i in range(DAYS * 86400 // STEP)]
    return {code: [cell.read(instant) for instant in instants] for code, cell in cells.items()}


def errors(readings: list[Values], parameter: str) -> list[float]:
    return [number(r, parameter) - number(r, f"{parameter}_setpoint") for r in readings]


def number(reading: Values, parameter: str) -> float:
    value = reading[parameter]
    assert value is not None
    return value


def autocorrelation(values: list[float], lag: int) -> float:
    mean, variance = statistics.fmean(values), statistics.pvariance(values)
    return statistics.fmean((a - mean) * (b - mean) for a, b in zip(values, values[lag:], strict=False)) / variance


def core(values: list[float], limit: float) -> list[float]:
    return [value for value in values if abs(value) < limit]


def test_temperature_follows_its_setpoint_with_the_published_noise(week: Week) -> None:
    for readings in week.values():
        error = errors(readings, "air_temperature")
        assert statistics.pstdev(core(error, 0.6)) == pytest.approx(0.12, abs=0.04)
        assert abs(statistics.fmean(error)) < 0.1
        assert sum(abs(e) <= 0.5 for e in error) / len(error) > 0.95
        assert 0.75 < autocorrelation(core(error, 0.6), 1) < 0.97
        assert autocorrelation(core(error, 0.6), 10) < 0.55


def test_humidity_has_noise_and_the_slow_humidifier_cycle(week: Week) -> None:
    for readings in week.values():
        error = errors(readings, "relative_humidity")
        assert statistics.pstdev(core(error, 4)) == pytest.approx(0.9, abs=0.25)
        assert autocorrelation(core(error, 4), 1) > 0.9
        assert abs(autocorrelation(core(error, 4), 10)) < 0.55
        assert 0.85 < sum(abs(e) <= 2 for e in error) / len(error) < 0.995
        assert sum(abs(e) <= 5 for e in error) / len(error) > 0.94


def test_co2_moves_in_small_steps_around_its_setpoint(week: Week) -> None:
    for readings in week.values():
        steps = [abs(b - a) for a, b in zip(errors(readings, "co2"), errors(readings, "co2")[1:], strict=False)]
        assert 0.5 < statistics.fmean(steps) < 2.5
        assert abs(statistics.median(errors(readings, "co2"))) < 5


def test_setpoints_are_smooth(week: Week) -> None:
    half_hour = 1800 // STEP
    for readings in week.values():
        for parameter, limit in (("air_temperature_setpoint", 1.8), ("relative_humidity_setpoint", 4.1)):
            course = [number(r, parameter) for r in readings]
            assert max(abs(b - a) for a, b in zip(course, course[half_hour:], strict=False)) <= limit


def test_light_is_zero_at_night_and_a_percentage_by_day(week: Week) -> None:
    for readings in week.values():
        par, command = ([number(r, p) for r in readings] for p in ("par", "light_command"))
        assert 0.2 < sum(p == 0 for p in par) / len(par) < 0.7
        assert max(par) > 200
        assert max(command) <= 100
        assert all(p == 0 for p, c in zip(par, command, strict=True) if c == 0)


def test_doors_are_opened_now_and_then_and_are_felt(week: Week) -> None:
    openings = felt = 0
    for readings in week.values():
        door = [number(r, "door") for r in readings]
        starts = [i for i in range(1, len(door)) if door[i] > door[i - 1]]
        openings += len(starts)
        humidity = errors(readings, "relative_humidity")
        felt += sum(min(humidity[i : i + 6], default=0) < -8 for i in starts)
    assert 15 <= openings <= 100
    assert felt > openings * 0.6


def test_rain_counter_rises_and_resets_and_the_block_weighs_the_rain(site: Site) -> None:
    cell = SimulatedCell(site, "E3C2", 0)
    readings = [cell.read(START.timestamp() + 600 * i) for i in range(14 * 144)]
    rain = [number(r, "rainfall") for r in readings]
    drops = [i for i in range(1, len(rain)) if rain[i] < rain[i - 1]]
    assert len(drops) == 1
    assert rain[drops[0]] == 0
    mass = [number(r, "lysimeter_mass") for r in readings]
    assert 2 < max(mass) - min(mass) < 60
    assert max(abs(b - a) for a, b in pairwise(mass)) < 6


def test_everything_is_plausible_and_rounded_and_ozone_only_where_it_is(site: Site, week: Week) -> None:
    for code, readings in week.items():
        parameters = site.parameters_of(code)
        assert set(readings[0]) == {p.code for p in parameters}
        assert ("o3" in readings[0]) == (code == "E5C3")
        for parameter in parameters:
            values = [number(r, parameter.code) for r in readings]
            inside = sum(parameter.plausible(value) for value in values) / len(values)
            assert inside > 0.99, f"{code} {parameter.code}"
            assert all(value == round(value, parameter.decimals) for value in values[:500])


def test_cells_and_seeds_differ_and_the_same_instant_is_the_same_reading(site: Site) -> None:
    at = START.timestamp() + 40_000
    one = SimulatedCell(site, "E1C1", 0)
    for instant in range(0, 40_000, 3000):
        one.read(START.timestamp() + instant)
    assert one.read(at) == SimulatedCell(site, "E1C1", 0).read(at)
    assert one.read(at) != SimulatedCell(site, "E1C2", 0).read(at)
    assert one.read(at) != SimulatedCell(site, "E1C1", 1).read(at)


def played(site: Site, minutes: float, **fault: object) -> tuple[Values, Values]:
    """The same instant, so long after a fault began, with and without it."""
    faults = faults_of([FaultSettings.model_validate(fault | {"cell": "E1C1", "from": START})], "E1C1", START)
    at = (START + timedelta(hours=12, minutes=minutes)).timestamp()
    return SimulatedCell(site, "E1C1", 0, faults).read(at), SimulatedCell(site, "E1C1", 0).read(at)


def test_faults_of_the_plant_and_the_sensors(site: Site) -> None:
    broken, sound = played(site, 0, kind="lamp_failure")
    assert broken["par"] == 0 < number(sound, "par")
    assert broken["light_command"] == sound["light_command"] != 0
    broken, _ = played(site, 0, kind="humidifier_saturation")
    assert number(broken, "relative_humidity") > 95
    broken, sound = played(site, 0, kind="co2_empty")
    assert number(broken, "co2") == pytest.approx(425, abs=30)
    broken, sound = played(site, 0, kind="scenario_ended")
    assert broken["air_temperature_setpoint"] is None
    assert number(broken, "air_temperature") == pytest.approx(20.5, abs=1)
    broken, sound = played(site, 0, kind="no_value", parameter="co2")
    assert broken == sound | {"co2": None}
    broken, _ = played(site, 0, kind="frozen", parameter="air_temperature")
    later, _ = played(site, 55, kind="frozen", parameter="air_temperature")
    assert broken["air_temperature"] == later["air_temperature"]
    assert broken["air_temperature"] == SimulatedCell(site, "E1C1", 0).read(START.timestamp())["air_temperature"]
    broken, sound = played(site, 0, kind="spike", parameter="co2")
    assert number(broken, "co2") > 10 * number(sound, "co2")
    broken, sound = played(site, 0, kind="door")
    assert (broken["door"], sound["door"]) == (1, 0)
    assert number(broken, "relative_humidity") < number(sound, "relative_humidity") - 10
    assert not math.isclose(number(broken, "air_temperature"), number(sound, "air_temperature"), abs_tol=1.5)


def test_fault_is_over_when_it_ends_and_spares_other_cells(site: Site) -> None:
    settings = FaultSettings.model_validate({"kind": "lamp_failure", "cell": "E1C1", "from": "-1h", "until": "90 min"})
    [fault] = faults_of([settings], "E1C1", START)
    assert [fault.on(START.timestamp() + minute * 60) for minute in (-61, -59, 89, 91)] == [False, True, True, False]
    assert faults_of([settings], "E1C2", START) == []
