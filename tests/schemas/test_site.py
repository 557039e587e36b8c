"""Site files: the Ecotron's, a different one, and faults that are told in a person's words."""

from pathlib import Path

import pytest

from schemas.site import Site, SiteError, read_site

MARAIS = Path(__file__).parent / "sites" / "marais.toml"


def test_the_ecotron_has_eighteen_cells_in_six_units() -> None:
    site = read_site()
    assert [unit.code for unit in site.units] == [*(f"ecolab-{n}" for n in range(1, 6)), "ecocube-1"]
    assert list(site.unit_of_cell) == [f"E{unit}C{cell}" for unit in range(1, 7) for cell in range(1, 4)]
    assert site.zone.key == "Europe/Paris"
    assert [p.code for p in site.parameters_of("E1C1")].count("o3") == 0
    assert site.setpoint_by_measured["air_temperature"].code == "air_temperature_setpoint"
    assert "par" not in site.setpoint_by_measured
    assert site.parameter_by_code["o2"].decimals == 2


def test_every_unit_and_building_lies_on_the_plan() -> None:
    site = read_site()
    assert site.plan is not None
    for place in [*site.plan.buildings, *(unit.place for unit in site.units)]:
        assert place is not None
        assert 0 <= place.x <= place.x + place.width <= site.plan.width
        assert 0 <= place.y <= place.y + place.height <= site.plan.height


def test_another_station_writes_its_own_file() -> None:
    site = read_site(MARAIS)
    assert site.unit_of_cell["N2"].code == "serre-nord"
    assert (site.period_of("N1"), site.period_of("S1")) == (300, 60)
    assert [p.code for p in site.parameters_of("S1")] == ["water_level", "water_level_target"]
    assert site.parameter_by_code["water_level"].plausible(250)
    assert not site.parameter_by_code["water_level"].plausible(250.5)
    assert site.parameter_by_code["pump"].states["1"].in_("fr") == "en marche"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('cells = ["S1"]', 'cells = ["N1"]', "cell named twice: N1"),
        ('code = "serre-sud"', 'code = "serre-nord"', "unit named twice: serre-nord"),
        ('code = "serre-sud"', 'code = "alarms"', "the topics need that word"),
        ('code = "serre-sud"', 'code = "serre/sud"', r"units\.1\.code"),
        ('setpoint_of = "water_level"', 'setpoint_of = "level"', "no parameter is called level"),
        ('unit = "cm"\nkind', 'unit = "m"\nkind', "use command_of"),
        ('cells = ["N1"]\nstates', 'cells = ["N9"]\nstates', "no such cell: N9"),
        ("America/Guyana", "America/Guyane", "no time zone is called"),
        ("resolution = 0.5", "resolution = 0", r"parameters\.0\.resolution"),
        ("main = true", "mian = true", r"parameters\.0\.mian: Extra inputs"),
        ("period = 60", "period = sixty", "not valid TOML"),
        ("period = 60", "period = inf", "finite number"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = MARAIS.read_text()
    assert old in text
    path = tmp_path / "site.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(SiteError, match=said) as raised:
        read_site(path)
    assert str(path) in str(raised.value)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(SiteError, match=r"nowhere\.toml: No such file"):
        read_site(Path("nowhere.toml"))


def test_a_site_without_units_is_refused() -> None:
    with pytest.raises(ValueError, match="units"):
        Site.model_validate({"name": "x", "units": [], "parameters": []})
