"""Normal, out of tolerance, stale, offline, absent and unknown are told apart."""

from datetime import timedelta

import pytest

from bot.cells.verdicts import stand
from bot.live import Live, Value
from bot.station import Own, Stored
from schemas import times, topics
from schemas.messages import Reading, Status
from schemas.site import Site

NOW = times.now()
OLD = NOW - timedelta(minutes=10)


def live(site: Site, **values: float | None) -> Live:
    known = Live(site)
    known.connected = True
    known.cells["E1C1"] = {code: Value(NOW, value) for code, value in values.items()}
    return known


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"air_temperature": 18.0, "air_temperature_setpoint": 18.5}, "normal"),
        ({"air_temperature": 18.0, "air_temperature_setpoint": None}, "normal"),
        ({"air_temperature": 18.0, "air_temperature_setpoint": 20.0}, "warning"),
        ({"air_temperature": 18.0, "air_temperature_setpoint": 22.0}, "major"),
        ({"air_temperature": 80.0}, "implausible"),
        ({"air_temperature": None}, "null"),
        ({"co2": 400.0}, "never"),
    ],
)
async def test_states(site: Site, values: dict[str, float | None], state: str) -> None:
    standing = stand(site, live(site, **values), "E1C1", site.parameter_by_code["air_temperature"], NOW)
    assert standing.state == state


async def test_age_presence_and_what_is_not_known(site: Site) -> None:
    parameter = site.parameter_by_code["air_temperature"]
    known = live(site, air_temperature=18.0)
    known.cells["E1C1"]["air_temperature"] = Value(OLD, 18.0)
    assert stand(site, known, "E1C1", parameter, NOW).state == "stale"
    known.units["ecolab-1"] = Status.model_validate({"state": "offline", "since": times.to_text(NOW)})
    assert stand(site, known, "E1C1", parameter, NOW).state == "offline"
    away = Live(site)
    assert stand(site, away, "E1C1", parameter, NOW, database=False).state == "unknown"
    stored = stand(site, away, "E1C1", parameter, NOW, stored=Stored(NOW, 18.0, 0))
    assert (stored.state, stored.stored) == ("normal", True)


async def test_a_setpoint_of_another_time_is_not_compared(site: Site) -> None:
    known = live(site, air_temperature=18.0)
    known.cells["E1C1"]["air_temperature_setpoint"] = Value(OLD, 30.0)
    standing = stand(site, known, "E1C1", site.parameter_by_code["air_temperature"], NOW)
    assert (standing.state, standing.deviation) == ("normal", None)


async def test_the_experiment_s_own_tolerance_comes_first(site: Site) -> None:
    known = live(site, air_temperature=18.0, air_temperature_setpoint=18.5)
    own = Own("EXP-1", 0.2, None, None, "warning")
    standing = stand(site, known, "E1C1", site.parameter_by_code["air_temperature"], NOW, own=own)
    assert (standing.state, standing.limit) == ("warning", 0.2)


async def test_nonsense_and_late_readings_change_nothing(site: Site) -> None:
    known = Live(site)
    topic = topics.readings("ecolab-1", "E1C1")
    known.take(topic, Reading(observed_at=NOW, values={"co2": 400.0}).to_json())
    for payload in (b"", b"{", b"[]", b"null", b'{"observed_at": "x", "values": {}}', b"\xff\xfe"):
        known.take(topic, payload)
        known.take(topics.alarm("E1C1", "x"), payload or b"0")
        known.take(topics.service_status("bot"), payload)
    known.take(topic, Reading(observed_at=OLD, values={"co2": 1.0}).to_json())
    assert known.cells["E1C1"]["co2"] == Value(NOW, 400.0)
    # A value from the future gives way to the next right one.
    known.take(topic, Reading(observed_at=NOW + timedelta(days=1), values={"co2": 9.0}).to_json())
    known.take(topic, Reading(observed_at=NOW + timedelta(seconds=1), values={"co2": 401.0}).to_json())
    assert known.cells["E1C1"]["co2"].value == 401.0
    assert not known.alarms
