"""The cards: finding, choosing language and appearance, by keyboard and without an account."""

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import Opener


def test_filters_hide_and_never_move(open_page: Opener) -> None:
    # Fresh again, however long ago the station was filled: nothing of it is abnormal.
    open_page.station.send("E4C1")
    page = open_page("/")
    order = page.locator("[data-cell]").evaluate_all("cells => cells.map(c => c.dataset.cell)")
    page.keyboard.press("/")
    page.keyboard.type("e3c")
    expect(page.locator("[data-cell]:visible")).to_have_count(3)
    page.get_by_role("searchbox").fill("nichts")
    expect(page.get_by_text("Aucune cellule ne correspond.")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("radio", name="ECOLAB 5").check()
    expect(page.locator("[data-cell]:visible")).to_have_count(3)
    page.get_by_role("radio", name="Tout").check()
    page.get_by_label("Anormales seulement").check()
    expect(page.locator("[data-cell=E4C2]")).to_be_visible()
    expect(page.locator("[data-cell=E4C1]")).to_be_hidden()
    assert page.locator("[data-cell]").evaluate_all("cells => cells.map(c => c.dataset.cell)") == order


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_word_stays_on_its_card(open_page: Opener, language: str) -> None:
    page = open_page("/", language=language)
    for width in (1920, 1440, 1366, 1320, 820, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        beyond = page.locator(".cell-card").evaluate_all(
            "cells => cells.map(cell => { const right = one => one.getBoundingClientRect().right;"
            " return Math.max(...[...cell.querySelectorAll('dt, dd, dd *')].map(right)) - right(cell); })"
        )
        assert max(beyond) <= 0, f"{max(beyond)} pixels beyond the card at {width}"


def test_a_round_on_its_way_is_no_backlog(open_page: Opener) -> None:
    page = open_page("/")
    status = page.locator("[data-unit=ecolab-4] [data-unit-status]")
    try:
        open_page.station.say_unit("ecolab-4", "online", waiting=40)
        expect(status).to_have_text("en ligne · 40 mesures en attente")
        open_page.station.say_unit("ecolab-4", "online", waiting=3)
        expect(status).to_have_text("en ligne")
    finally:
        open_page.station.say_unit("ecolab-4", "online")


def test_language_and_theme_are_remembered(open_page: Opener) -> None:
    page = open_page("/plan", logged_in=False)
    page.get_by_role("link", name="EN – English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", name="Site plan")).to_be_visible()
    assert page.url.endswith("/plan")
    page.locator("[data-theme-switch]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.locator("[data-theme-switch]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(page.url.replace("/plan", "/"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_preferences_lead_to_own_pages_only(open_page: Opener) -> None:
    for target in ("//elsewhere.example/", "https://elsewhere.example/", "/%5Celsewhere.example"):
        page = open_page(f"/preferences?language=fr&next={target}")
        assert page.url == open_page.station.address + "/"


def test_first_tab_skips_to_the_content_then_cells_open_by_enter(open_page: Opener) -> None:
    page = open_page("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.get_by_role("link", name="E2C1").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cells/E2C1")
