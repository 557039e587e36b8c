"""What the judge decides is what every page shows, before and after it comes alive."""

from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from schemas import times, topics
from tests.pages.conftest import Opener
from tests.pages.station import NORMAL, Station
from tests.services.process import wait_for

CELL = "E1C2"
HOUR = 3600.0
PAGES = ("/", "/plan", "/wall", f"/cells/{CELL}")


def send(station: Station, age: float, *without: str, **values: float | None) -> None:
    """Send a reading that lacks some parameters, of a cell that no other test looks at."""
    content = {code: value for code, value in (NORMAL | values).items() if code not in {*without, "o3"}}
    at = times.to_text(times.now() - timedelta(seconds=age))
    station.publish(topics.readings("ecolab-1", CELL), {"observed_at": at, "values": content})
    code = next(iter(content))
    address = f"{station.address}/api/cells/{CELL}/{code}"
    wait_for(lambda: httpx.get(address).json()["observed_at"] == at, "the web has taken the reading")


@pytest.fixture(autouse=True)
def from_far_ahead(station: Station) -> None:
    """Whatever the test before has sent gives way: first to a reading ahead of the clock, then to any other."""
    send(station, -48 * HOUR)


def on(page: Page, code: str = "") -> str:
    return f"[data-cell={CELL}]" + (f" .measured-value[data-value-of={code}]" if code else "")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("javascript", [True, False])
def test_one_probe_silent_while_the_others_send(
    open_page: Opener, station: Station, path: str, *, javascript: bool
) -> None:
    send(station, 3 * HOUR)
    send(station, 0, "air_temperature")
    still = open_page("/", java_script_enabled=False)
    expect(still.locator(on(still))).to_have_attribute("data-state", "incomplete")
    page = open_page(path, java_script_enabled=javascript)
    cell = page.locator(on(page)).first
    expect(cell).to_have_attribute("data-state", "incomplete")
    expect(page.locator(f"[data-cell={CELL}] [data-state-word]").first).to_have_text("Incomplet")
    if path != "/plan":
        value = page.locator(on(page, "air_temperature")).first
        expect(value).to_have_attribute("data-value-state", "stale")
        expect(value).to_contain_text("18,0 °C")
        expect(value).to_contain_text("périmée · 3 h")
        expect(page.locator(on(page, "relative_humidity")).first).to_have_attribute("data-value-state", "ok")


def test_a_main_value_that_is_missing_is_found_by_the_filter(open_page: Opener, station: Station) -> None:
    send(station, 0, co2=None)
    page = open_page("/")
    page.get_by_label("Anormales seulement").check()
    expect(page.locator(on(page))).to_be_visible()
    expect(page.locator(on(page, "co2"))).to_have_attribute("data-value-state", "no_value")
    send(station, 0)
    expect(page.locator(on(page))).to_be_hidden()


def test_a_setpoint_of_another_time_is_not_compared(open_page: Opener, station: Station) -> None:
    send(station, 48 * HOUR, air_temperature_setpoint=18.0)
    send(station, 0, "air_temperature_setpoint", air_temperature=25.0)
    for javascript in (True, False):
        page = open_page(f"/cells/{CELL}", java_script_enabled=javascript)
        expect(page.locator(on(page, "air_temperature"))).to_have_attribute("data-value-state", "ok")
        row = page.locator(".values-table tr", has=page.locator("[data-value-of=air_temperature]"))
        expect(row.locator("[data-target]")).to_have_text("18,0périmée · 2 j")
        expect(row.locator("[data-deviation-of]")).to_have_text("")


def test_a_reading_ahead_of_the_clock_freezes_nothing(open_page: Opener, station: Station) -> None:
    page = open_page(f"/cells/{CELL}")
    value = page.locator(on(page, "air_temperature"))
    send(station, -2 * HOUR, air_temperature=30.0)
    expect(value).to_have_attribute("data-value-state", "suspect")
    row = page.locator(".values-table tr", has=page.locator("[data-value-of=air_temperature]"))
    expect(row.locator("[data-age-of]")).to_contain_text("en avance sur l’horloge")
    send(station, 0, air_temperature=18.2)
    expect(value).to_have_attribute("data-value-state", "ok")
    expect(value).to_contain_text("18,2")
