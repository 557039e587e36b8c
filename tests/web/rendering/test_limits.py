"""Whose limits hold, and how limits and numbers are written and read by people of either language."""

from typing import Any

import pytest

from facility.acting.refusals import Invalid
from facility.experiments.drafts import Tolerance
from facility.experiments.views import ExperimentView
from schemas import times
from schemas.site import Site
from web.experiments.form_values import ExperimentFormValues, comparable, from_view, values
from web.rendering.audit_text import AuditText
from web.rendering.limits import limits_of, limits_text, tolerance_text


def make(*tolerances: dict[str, Any]) -> ExperimentView:
    now = times.now()
    return ExperimentView(
        id=1, code="A", title="A", team="", state="running", planned_start=None, planned_end=None, cells=(),
        cells_now=(), updated_at=now, version=1, scientific_contact="", technical_contact="", description="",
        objective="", parameters=tuple(Tolerance.model_validate(one) for one in tolerances), started_at=now,
        created_at=now,
    )  # fmt: skip


def test_own_limits_come_before_the_station_s(site: Site) -> None:
    own = {"parameter": "air_temperature", "deviation": 0.25}
    found = limits_of(site, make({"parameter": "relative_humidity"}, own, {"parameter": "o2", "low": 19}))
    assert list(found) == ["air_temperature", "relative_humidity", "o2"], "in the order of the site"
    assert [one.limits.own for one in found.values()] == [True, False, True]
    assert found["air_temperature"].for_script() == {"deviation": 0.25, "low": None, "high": None}
    station = site.parameter_by_code["relative_humidity"].tolerances
    assert found["relative_humidity"].limits.deviation == min(one.deviation for one in station)
    assert found["o2"].for_script() == {"deviation": None, "low": 19, "high": None}


def test_without_parameters_the_main_ones_are_shown(site: Site) -> None:
    found = limits_of(site, make())
    assert set(found) == {p.code for p in site.parameters if p.main and p.setpoint_of is None}
    assert not any(one.limits.own for one in found.values())


def test_a_parameter_that_the_site_no_longer_has_is_left_out(site: Site) -> None:
    assert list(limits_of(site, make({"parameter": "phlogiston", "low": 1}, {"parameter": "co2"}))) == ["co2"]


@pytest.mark.parametrize(
    ("limits", "french", "english"),
    [
        ({"deviation": 0.5}, "±\u00a00,5\u00a0°C", "±\u00a00.5\u00a0°C"),
        ({"low": 1000, "high": 1200.25}, "1\u202f000…1\u202f200,25\u00a0°C", "1,000…1,200.25\u00a0°C"),
        ({"low": -5}, "≥\u00a0-5\u00a0°C", "≥\u00a0-5\u00a0°C"),
        ({"high": 0}, "≤\u00a00\u00a0°C", "≤\u00a00\u00a0°C"),
        ({}, "", ""),
    ],
)
def test_limits_are_written_as_people_write_them(limits: dict[str, Any], french: str, english: str) -> None:
    one = Tolerance.model_validate({"parameter": "air_temperature"} | limits)
    assert limits_text(one, "°C", "fr") == french
    assert limits_text(one, "°C", "en") == english


def test_a_tolerance_is_a_line(site: Site) -> None:
    one = Tolerance(parameter="air_temperature", deviation=0.5, delay=90, severity="major")
    assert tolerance_text(site, one, "en", str) == "Return-air temperature: ±\u00a00.5\u00a0°C for 1.5 min, major alarm"
    gone = Tolerance(parameter="phlogiston", low=1)
    assert tolerance_text(site, gone, "en", str) == "phlogiston: ≥\u00a01 for 10 min, warning"


def test_changes_that_an_older_version_kept_are_shown_as_they_stand(site: Site) -> None:
    text = AuditText(site, "en", str)
    kept = [{"parameter": "co2", "low": 1}, {"parameter": "co2", "spread": "<b>"}]
    lines = text.value("parameters", kept).splitlines()
    assert lines == ["CO₂: ≥\u00a01\u00a0ppm for 10 min, warning", '{"parameter": "co2", "spread": "<b>"}']
    assert text.value("state", "mothballed") == "mothballed"
    assert text.value("planned_start", None) == "–"
    assert text.value("planned_end", "in March") == "in March"
    assert text.value("title", "2026-11-23T14:28:23Z") == "2026-11-23T14:28:23Z"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("number", [0.1, 1e-7, 123456.789, -0.5, 5.0, 1e8, 0.30000000000000004])
def test_what_is_kept_is_typed_back_without_a_change(number: float, language: str) -> None:
    view = make({"parameter": "co2", "low": number, "delay": 45}, {"parameter": "o2", "high": number, "delay": 0})
    again = values(from_view(view, language))
    assert comparable("parameters", again["parameters"]) == comparable("parameters", view.parameters)


@pytest.mark.parametrize("typed", ["1 000,5", "1\u202f000,5", "1000.5", " 1000,50 "])
def test_decimal_commas_and_grouping_are_understood(typed: str) -> None:
    form = ExperimentFormValues({"low-co2": typed, "delay-co2": "1,5"}, parameters=("co2",))
    one = Tolerance.model_validate(values(form)["parameters"][0])
    assert (one.low, one.delay) == (1000.5, 90)


@pytest.mark.parametrize("delay", ["-1", "1e9", "Infinity", "NaN", "soon", "1,2,3"])
def test_a_delay_that_is_none_is_refused(delay: str) -> None:
    with pytest.raises(Invalid) as refused:
        values(ExperimentFormValues({"delay-co2": delay}, parameters=("co2",)))
    assert "delay-co2" in refused.value.faults
