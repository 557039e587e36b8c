"""The plan: a picture whose cells are links, for mouse, keyboard, thumbs and stations without a plan."""

from pathlib import Path

from playwright.sync_api import expect

from schemas.site import read_site
from tests.pages.conftest import Opener
from web.plan import scenery

MARAIS = Path(__file__).parent.parent / "schemas" / "sites" / "marais.toml"


def test_arrows_move_as_the_cells_stand_and_enter_opens(open_page: Opener) -> None:
    page = open_page("/plan")
    page.locator(".wide [data-cell=E1C3]").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".wide [data-cell=E2C1]")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".wide [data-cell=E5C1]")).to_be_focused()
    expect(page.locator("[data-cell-card]")).to_contain_text("Température reprise")
    page.keyboard.press("Escape")
    expect(page.locator("[data-cell-card]")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cells/E5C1")


def test_phone_gets_the_stacked_picture(open_page: Opener) -> None:
    page = open_page("/plan", width=390, height=844, has_touch=True)
    expect(page.locator(".wide")).to_be_hidden()
    chamber = page.locator(".tall [data-cell=E6C3]")
    box = chamber.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    chamber.tap()
    page.wait_for_url("**/cells/E6C3")


def test_tablet_held_upright_reads_every_word(open_page: Opener) -> None:
    page = open_page("/plan", width=820, height=1180)
    expect(page.locator(".wide")).to_be_hidden()
    expect(page.locator(".tall")).to_be_hidden()
    written = page.locator(".upright .chamber text").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert len(written) >= 18
    assert min(written) >= 9
    lowest = page.locator(".upright > svg").bounding_box()
    assert lowest is not None
    assert lowest["y"] + lowest["height"] <= 1180


def test_every_cell_has_a_place_inside_the_picture() -> None:
    for site in (read_site(), read_site(MARAIS)):
        for scene in (scenery.planned(site), scenery.stacked(site, columns=3), scenery.stacked(site)):
            chambers = [chamber for machine in scene.machines for chamber in machine.chambers]
            assert [c.cell for c in chambers] == list(site.unit_of_cell)
            for c in chambers:
                assert c.x >= 0
                assert c.x + c.width <= scene.width
                assert c.y + c.height <= scene.height
            for a, b in ((a, b) for a in chambers for b in chambers if a.cell < b.cell):
                assert a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
