"""The cell page's chart: what it draws is what was stored, gaps included, however one moves in it."""

import urllib.parse

from playwright.sync_api import Page, expect

from tests.pages.conftest import Opener
from tests.pages.station import Station
from tests.services.process import wait_for


def chart(page: Page) -> None:
    page.wait_for_selector("[data-plot] canvas")


# Without the resolution behind the dot, which changes later, when the history has come.
PERIOD = "document.querySelector('[data-shown-period]').textContent.split(' · ')[0]"


def period(page: Page) -> str:
    return str(page.evaluate(PERIOD))


def test_gap_is_drawn_as_a_gap_and_said(open_page: Opener) -> None:
    page = open_page("/cells/E2C1")
    chart(page)
    expect(page.locator("[data-chart]")).to_have_attribute("data-gaps", "1")
    expect(page.locator("[data-summary]")).to_contain_text("Une interruption des données est laissée vide.")
    label = page.locator("[data-plot]").get_attribute("aria-label") or ""
    assert label.startswith("Température reprise, du ")
    assert "minimum" in label


def test_buttons_typed_dates_drag_and_wheel_change_the_period(open_page: Opener) -> None:
    page = open_page("/cells/E2C1")
    chart(page)
    seen = {period(page)}

    def changed(what: str) -> None:
        page.wait_for_function(f"old => !old.includes({PERIOD})", arg=list(seen))
        assert period(page) not in seen, what
        seen.add(period(page))

    page.get_by_role("button", name="6 h", exact=True).press("Enter")
    changed("range button")
    page.get_by_role("button", name="Zoom avant").press("Enter")
    changed("zoom button")
    expect(page.get_by_role("button", name="6 h", exact=True)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Plus tôt").press("Space")
    changed("move button")
    page.locator("[data-plot]").scroll_into_view_if_needed()
    box = page.locator("[data-plot] .u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 90, steps=4)
    page.mouse.up()
    changed("drag")
    page.keyboard.down("Control")
    page.mouse.wheel(0, 300)
    page.keyboard.up("Control")
    changed("wheel")
    page.get_by_text("Dates", exact=True).click()
    page.get_by_label("Du", exact=True).fill("2026-03-29T01:00")
    page.get_by_label("Au", exact=True).fill("2026-03-29T00:00")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator("[data-dates-error]")).to_have_text("La fin doit venir après le début.")
    page.get_by_label("Au", exact=True).fill("2026-03-29T04:00")
    page.get_by_role("button", name="Afficher").click()
    changed("typed dates")
    link = urllib.parse.urlsplit(page.locator("[data-csv]").get_attribute("href") or "")
    query = urllib.parse.parse_qs(link.query)
    # The night of the change to summer time: three hours on the clock, two of them real.
    assert query["from"] == ["2026-03-29T00:00:00.000Z"]
    assert query["to"] == ["2026-03-29T02:00:00.000Z"]
    assert query["parameters"] == ["air_temperature,air_temperature_setpoint"]


def test_live_reading_lengthens_the_line(open_page: Opener, station: Station) -> None:
    page = open_page("/cells/E2C1")
    chart(page)
    page.get_by_role("button", name="1 h", exact=True).click()
    expect(page.locator("[data-chart]")).to_have_attribute("data-source", "raw")

    def lengthened() -> bool:
        # Nothing stores here: a load of the history that was under way leaves out what came meanwhile.
        station.send("E2C1", air_temperature=33.3)
        page.wait_for_timeout(200)
        return "maximum 33,3" in page.locator("[data-summary]").inner_text()

    wait_for(lengthened, "the live reading is drawn")
    station.send("E2C1")


def test_new_data_come_into_the_chart_that_stands(open_page: Opener) -> None:
    """Built anew, it would lose the pointer that somebody holds on it."""
    page = open_page("/cells/E2C1")
    chart(page)
    expect(page.locator("[data-layer='door']")).to_be_visible()
    page.evaluate("() => { window.surface = document.querySelector('[data-plot] .u-over'); }")
    page.get_by_role("button", name="7 j", exact=True).click()
    page.wait_for_selector("[data-plot]:not([data-busy])")
    expect(page.locator("[data-layer='door']")).to_be_visible()
    assert page.evaluate("() => window.surface === document.querySelector('[data-plot] .u-over')")


def test_table_has_the_same_extremes_and_other_parameters_can_be_shown(open_page: Opener) -> None:
    page = open_page("/cells/E2C1", language="en")
    chart(page)
    page.get_by_text("Values as a table", exact=True).click()
    rows = page.locator("[data-numbers] tbody tr")
    expect(rows.nth(20)).to_be_visible()
    assert rows.count() <= 121
    page.get_by_role("button", name="Relative humidity").click()
    expect(page.locator("[data-plot]")).to_have_attribute("aria-label", _starts("Relative humidity"))
    expect(page.locator("[data-summary]")).to_contain_text("No value in this period.")


def _starts(text: str) -> object:
    import re

    return re.compile(f"^{text}")


def test_theme_of_the_system_repaints_the_chart(open_page: Opener) -> None:
    page = open_page("/cells/E2C1", color_scheme="light")
    chart(page)
    picture = "document.querySelector('[data-plot] canvas').toDataURL()"
    light = page.evaluate(picture)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"old => {picture} !== old", arg=light)


def test_visitor_without_account_sees_values_and_chart_but_no_history_of_experiments(open_page: Opener) -> None:
    page = open_page("/cells/E2C1", logged_in=False)
    expect(page.locator("[data-summary]")).to_contain_text("Température reprise")
    expect(page.locator("#experiments")).to_have_count(0)
    expect(page.locator("table.values-table")).to_contain_text("Température reprise")
