"""Live values reach the page's text, and come back by themselves after every outage."""

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Opener
from tests.pages.station import Station
from tests.services.process import wait_for

FIGURE = "[data-cell={cell}] [data-value-of={code}] [data-value]"


def figure(page: Page, cell: str, code: str = "air_temperature") -> str:
    return page.locator(FIGURE.format(cell=cell, code=code)).first.inner_text()


@pytest.mark.parametrize("path", ["/", "/plan", "/wall", "/cells/E1C1"])
def test_published_value_becomes_text_at_once(open_page: Opener, station: Station, path: str) -> None:
    page = open_page(path)
    first = page.locator(FIGURE.format(cell="E1C1", code="air_temperature")).first
    station.send("E1C1", air_temperature=18.7)
    expect(first).to_have_text("18,7", timeout=2000)
    station.send("E1C1", air_temperature=-0.04)
    expect(first).to_have_text("0,0", timeout=2000)


def test_server_renders_values_for_readers_without_scripts(open_page: Opener) -> None:
    page = open_page("/", java_script_enabled=False)
    assert figure(page, "E3C1") == "20,4"
    assert page.locator("[data-cell=E5C1] [data-state-word]").inner_text() == "Hors ligne"


def test_no_value_zero_stale_offline_and_never_heard_differ(open_page: Opener, station: Station) -> None:
    # Fresh again, however long ago the station was filled.
    station.send("E3C1", air_temperature=20.4)
    station.send("E3C2", air_temperature=0.0, air_temperature_setpoint=None, co2=None)
    page = open_page("/")
    expect(page.locator("[data-cell=E3C2]")).to_have_attribute("data-state", "incomplete")
    expect(page.locator("[data-cell=E3C1]")).to_have_attribute("data-state", "deviation")
    states = {
        c: page.locator(f"[data-cell={c}]").get_attribute("data-state")
        for c in ("E2C3", "E5C1", "E6C2", "E3C1", "E4C2")
    }
    assert states == {"E2C3": "stale", "E5C1": "offline", "E6C2": "no_data", "E3C1": "deviation", "E4C2": "alarm"}
    assert figure(page, "E3C2") == "0,0"
    assert "pas de valeur" in page.locator("[data-cell=E3C2] [data-value-of=co2]").inner_text()
    assert page.locator("[data-cell=E3C2] [data-value-of=air_temperature_setpoint]").inner_text() == "–"


def test_alarm_appears_is_read_out_and_goes(open_page: Opener, station: Station) -> None:
    page = open_page("/")
    station.raise_alarm(31, "E6C3", "critical", "Gel", "Frost")
    first = page.locator("[data-alarm-list] li").first
    expect(first).to_contain_text("Alarme critique")
    expect(page.locator("[data-alarm-news]")).to_contain_text("Gel")
    expect(page.locator("[data-cell=E6C3]")).to_have_attribute("data-state", "alarm")
    station.end_alarm(31, "E6C3")
    expect(page.locator("[data-cell=E6C3]")).not_to_have_attribute("data-state", "alarm")


def test_pause_holds_everything_still(open_page: Opener, station: Station) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Mettre le direct en pause").click()
    before = figure(page, "E2C2")
    station.send("E2C2", air_temperature=19.9)
    expect(page.locator("#connection")).to_have_text("Le direct est en pause.")
    assert figure(page, "E2C2") == before
    page.get_by_role("button", name="Reprendre le direct").click()
    expect(page.locator(FIGURE.format(cell="E2C2", code="air_temperature"))).to_have_text("19,9")


def test_heals_after_web_and_broker_restart(open_page: Opener, station: Station) -> None:
    page = open_page("/")
    wall = open_page("/wall", width=1920, height=1080)
    expect(wall.locator("[data-last]")).not_to_have_text("–")
    station.web.kill()
    expect(page.locator("#connection")).to_contain_text("Connexion perdue depuis", timeout=5000)
    expect(wall.locator("html")).to_have_attribute("data-lost", "", timeout=5000)
    station.start_web()
    expect(page.locator("#connection")).to_contain_text("Connexion rétablie", timeout=15000)
    expect(wall.locator("html")).not_to_have_attribute("data-lost", "", timeout=15000)
    station.broker.kill()
    station.broker.start()
    # Published in vain until the sender and the server are back: send until it arrives.
    arrived = page.locator(FIGURE.format(cell="E1C2", code="air_temperature"))

    def sent_and_shown() -> bool:
        station.send("E1C2", air_temperature=17.3)
        page.wait_for_timeout(300)
        return arrived.inner_text() == "17,3"

    wait_for(sent_and_shown, "the page shows values again after the broker's restart")


def test_a_server_that_hangs_and_a_broker_that_hangs_are_said_within_seconds(
    open_page: Opener, station: Station
) -> None:
    page = open_page("/")
    banner = page.locator("#connection")
    station.web.freeze()
    try:
        expect(banner).to_contain_text("Connexion perdue depuis", timeout=15000)
    finally:
        station.web.thaw()
    expect(page.locator("html")).not_to_have_attribute("data-lost", "", timeout=30000)
    expect(banner).to_have_text("", timeout=30000)
    station.broker.freeze()
    try:
        expect(banner).to_contain_text("Le serveur n’entend plus les unités", timeout=30000)
    finally:
        station.broker.thaw()
    expect(banner).to_have_text("", timeout=60000)
