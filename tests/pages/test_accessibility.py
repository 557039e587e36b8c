"""Every page, in both languages and themes, wide and narrow: no axe violation, nothing wider than the screen."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import Opener

AXE = Path(__file__).parent.parent / "vendor" / "axe-core" / "axe.min.js"
PAGES: dict[str, int | None] = {
    "/": 200,
    "/plan": 200,
    "/cells/E2C1": 200,
    "/wall": 200,
    "/health": None,
    "/nowhere": 404,
}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """Run axe in the page's own world: the content security policy forbids a script tag."""
    assert AXE.is_file(), "run `python hatch_build.py --dev`, which fetches axe-core"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
    return [
        f"{one['id']}: {node['target']} {node['failureSummary'][:300]}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_no_violations_at_any_width(open_page: Opener, path: str, language: str, theme: str) -> None:
    # A wall whose feed has died is meant to look dead: news keep it alive, however long other tests took.
    open_page.station.send("E4C1")
    page = open_page(path, status=PAGES[path], language=language, theme=theme)
    if path.startswith("/cells"):
        page.wait_for_selector("[data-plot] canvas")
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide at {width}"
        # axe takes seconds a page: at 390 pixels the layout is that of 320.
        if width == 1440 or (width == 320 and (language, theme) in {("fr", "light"), ("en", "dark")}):
            assert violations(page) == [], f"{path} at {width}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_wall_whose_feed_died_is_still_legible(open_page: Opener, theme: str) -> None:
    page = open_page("/wall", theme=theme)
    # The page's own clock would take the grey away again.
    page.evaluate("for (let n = 0; n < 1000; n++) clearInterval(n)")
    page.evaluate("document.documentElement.toggleAttribute('data-dead', true)")
    assert violations(page) == []


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_nothing_scrolls_on_a_wall(open_page: Opener, width: int, height: int) -> None:
    """With two alarms above the cells and a value that is too high among them."""
    open_page.station.send("E3C1", air_temperature=20.4)
    page = open_page("/wall", width=width, height=height)
    assert page.locator("[data-alarm-list] li").count() >= 2
    assert page.evaluate("document.documentElement.scrollHeight") <= height
