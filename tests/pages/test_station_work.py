"""The station's work as people do it: into a cell, out of it, the past set right, who is where, who did what."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from facility.acting.acts import command
from facility.acting.permissions import Role
from facility.assignments.assigning import unassign
from schemas import times
from tests.pages.conftest import Opener
from tests.pages.station import Station
from tests.pages.test_accessibility import violations

DAY = timedelta(days=1)
TESTS = command("tests")


@pytest.fixture(scope="module")
def admin(station: Station) -> str:
    return station.log_in("ama", "Ama", Role.ADMIN)


@pytest.fixture(scope="module")
def people(occupied: dict[str, int], technician: str, admin: str) -> dict[str, str]:
    """Return the sessions by role; the member's is the one that pages are opened with anyway."""
    del occupied
    return {"technician": technician, "admin": admin, "member": "", "": ""}


def plan(station: Station, code: str, first: int = -5, last: int = 40, cells: tuple[str, ...] = ()) -> int:
    """Plan an experiment around today."""
    today = times.now().date()
    days = {"planned_start": (today + first * DAY).isoformat(), "planned_end": (today + last * DAY).isoformat()}
    return station.plan(code, title=f"Essai {code}", cells=cells, **days)


@pytest.fixture(scope="module")
def occupied(station: Station) -> Iterator[dict[str, int]]:
    """A past, a present and a planned experiment, and two that claim the same cell."""
    numbers = {
        "PASSE": plan(station, "PASSE", -90, -40),
        "PRESENT": plan(station, "PRESENT", -20, 30, ("E4C1", "E4C3")),
        "FUTUR": plan(station, "FUTUR", 10, 60, ("E4C1",)),
    }
    station.hold(numbers["PASSE"], "E4C1", since=14 * 24, until=10 * 24)
    station.hold(numbers["PRESENT"], "E4C1", since=8 * 24)
    yield numbers
    with station.writing() as sessions:
        unassign(sessions, TESTS, "E4C1")


def put(page: Page, code: str) -> None:
    """Choose an experiment on a cell's page and press the button."""
    page.locator("#experiment summary").first.click()
    chosen = page.locator("#experiment-choice option", has_text=f"{code} ·").get_attribute("value")
    page.locator("#experiment-choice").select_option(chosen)
    page.locator("#experiment form.confirmation-content").first.locator("button").click()


def history(page: Page) -> Locator:
    return page.locator("#experiments tbody tr")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_experiment_is_replaced_and_both_intervals_stand_in_the_history(
    open_page: Opener, station: Station, technician: str, *, scripts: bool
) -> None:
    cell, first, second = ("E1C2", "UN", "DEUX") if scripts else ("E2C3", "TROIS", "QUATRE")
    plan(station, first, cells=(cell,))
    plan(station, second)
    cards = open_page("/")
    page = open_page(f"/cells/{cell}", secret=technician, java_script_enabled=scripts)
    expect(page.locator("#experiment")).to_contain_text("Cette cellule est libre.")
    put(page, first)
    expect(page.locator("#experiment [role=status]").first).to_have_text("L’expérience est maintenant dans la cellule.")
    expect(page.locator("[data-held-title]")).to_have_text(f"Essai {first}")
    expect(page.locator("[data-held-day]")).to_have_text("jour 0 dans cette cellule")
    expect(cards.locator(f"[data-cell={cell}] [data-experiment]")).to_have_text(first)
    page.locator("#experiment summary").first.click()
    expect(page.locator("#experiment .warning-text").first).to_contain_text(f"{first} (Essai {first}), ici depuis le ")
    page.locator("#experiment summary").first.click()
    put(page, second)
    expect(page.locator("[data-held-code]")).to_have_text(second)
    expect(history(page)).to_have_count(2)
    expect(history(page).nth(0)).to_contain_text("toujours en place")
    starts, ends = history(page).nth(0).locator("time").first, history(page).nth(1).locator("time").nth(1)
    assert starts.get_attribute("datetime") == ends.get_attribute("datetime")
    expect(cards.locator(f"[data-cell={cell}] [data-experiment]")).to_have_text(second)
    page.get_by_text("Terminer sans remplaçante…").click()
    page.get_by_role("button", name=f"Terminer {second} dans {cell}").click()
    expect(page.locator("#experiment")).to_contain_text("La cellule est maintenant libre.")
    expect(cards.locator(f"[data-cell={cell}] [data-experiment]")).to_have_text("libre")


def test_who_looks_at_the_cell_sees_the_change_and_the_late_button_is_refused(
    open_page: Opener, station: Station, technician: str
) -> None:
    plan(station, "TOT")
    plan(station, "TARD")
    late = open_page("/cells/E2C2", secret=technician)
    lab = open_page("/cells/E2C2", logged_in=False)
    first = open_page("/cells/E2C2", secret=technician)
    put(first, "TOT")
    for page in (late, lab):
        expect(page.locator("[data-held-title]")).to_have_text("Essai TOT")
        expect(page.locator("[data-held-news]")).to_be_visible()
    put(late, "TARD")
    expect(late.locator("#experiment [role=alert]")).to_have_text("La cellule E2C2 accueille maintenant TOT.")
    expect(late.locator("[data-held-title]")).to_have_text("Essai TOT")
    # Asked again, with what stands there now: the choice was kept.
    expect(late.locator("#experiment-choice option:checked")).to_have_text("TARD · Essai TARD")
    late.get_by_role("button", name="Terminer TOT et démarrer l’expérience choisie").click()
    expect(late.locator("[data-held-title]")).to_have_text("Essai TARD")
    late.get_by_text("Terminer sans remplaçante…").click()
    late.get_by_role("button", name="Terminer TARD dans E2C2").click()


def test_the_night_with_two_equal_hours_is_asked_about(open_page: Opener, station: Station, technician: str) -> None:
    plan(station, "NUIT")
    page = open_page("/cells/E1C1", secret=technician)
    page.get_by_role("link", name="Noter une affectation passée…").click()
    page.locator("#experiment").select_option(label="NUIT · Essai NUIT")
    page.locator("#started_at").fill("2025-10-26T02:30:00")
    page.locator("#ended_at").fill("2025-10-26T05:00:00")
    page.locator("#reason").fill("retrouvé dans le cahier")
    page.get_by_role("button", name="Noter").click()
    expect(page.locator("#started_at-fault")).to_contain_text("deux fois cette heure")
    expect(page.locator("#reason")).to_have_value("retrouvé dans le cahier")
    assert violations(page) == []
    page.get_by_label("Laquelle des deux").select_option("second")
    page.get_by_role("button", name="Noter").click()
    expect(page.locator("#experiments tbody tr").last).to_contain_text("2 h")
    page.locator("#experiments").get_by_role("link", name="Corriger… NUIT").click()
    expect(page.get_by_label("Laquelle des deux")).to_have_value("second")
    page.get_by_text("Cela n’a jamais eu lieu…").click()
    page.locator("#withdrawal-reason").fill("c’était E1C2")
    page.get_by_role("button", name="Retirer NUIT de E1C1").click()
    expect(page.locator("#experiment")).to_contain_text("L’affectation est retirée")
    expect(page.locator("#experiments")).to_contain_text("Aucune expérience n’a encore été notée")


@pytest.mark.parametrize(("zoom", "word"), [("weeks", "Semaines"), ("months", "Mois"), ("year", "Année")])
def test_occupancy_shows_past_present_planned_and_conflicts_at_each_zoom(
    open_page: Opener, occupied: dict[str, int], zoom: str, word: str
) -> None:
    page = open_page("/")
    page.get_by_role("link", name="Occupation").click()
    page.get_by_role("link", name=word).click()
    expect(page.locator(".zoom-link[aria-current]")).to_have_text(word)
    page.wait_for_url(f"**/occupancy?zoom={zoom}")
    strip = page.locator("[data-row]", has=page.locator("a", has_text="E4C1"))
    told = [bar.get_attribute("aria-label") or "" for bar in strip.locator("[data-bar]").all()]
    assert [("passée" in one, "en cours" in one, "planifiée" in one) for one in told[:3]] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert all(one.startswith("E4C1: ") for one in told)
    boxes = [bar.locator(".bar-body").bounding_box() for bar in strip.locator("[data-bar]").all()]
    frame = page.locator("[data-occupancy]").bounding_box()
    assert frame is not None
    for box in boxes:
        assert box is not None
        assert box["x"] >= frame["x"]
        assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    expect(page.locator(".occupancy-conflicts")).to_contain_text("E4C1 est demandée par FUTUR et PRESENT")
    now = page.locator(".occupancy-scale .now-line").bounding_box()
    present = strip.locator("[data-bar].present .bar-body").bounding_box()
    assert now is not None
    assert present is not None
    assert abs(present["x"] + present["width"] - now["x"]) < 5
    strip.locator("[data-bar].present").click(position={"x": 2, "y": 12})
    page.wait_for_url(f"**/experiments/{occupied['PRESENT']}")


def test_occupancy_by_keyboard_typed_days_and_steps(open_page: Opener, occupied: dict[str, int]) -> None:
    page = open_page("/occupancy?zoom=months", width=390, height=844)
    first = page.locator("[data-row]", has=page.locator("a", has_text="E4C1")).locator("[data-bar]")
    first.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(first.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-row]", has=page.locator("a", has_text="E4C3")).locator("[data-bar]")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first.nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(first.nth(0)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/experiments/{occupied['PASSE']}")
    page.go_back()
    page.get_by_label("Du", exact=True).fill("2028-02-28")
    page.get_by_label("Au", exact=True).fill("2028-03-01")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator(".occupancy-summary")).to_contain_text("28 févr. 2028 – 1 mars 2028")
    page.get_by_role("link", name="Plus tard").click()
    expect(page.locator(".occupancy-summary")).to_contain_text("29 févr. 2028 – 2 mars 2028")
    page.get_by_role("link", name="Aujourd’hui").click()
    page.get_by_text("En liste").click()
    expect(page.locator("[data-list] tr", has_text="Essai PASSE")).to_contain_text("passée")


def test_occupancy_prints_on_one_page_in_light_colours(open_page: Opener, occupied: dict[str, int]) -> None:
    del occupied
    page = open_page("/occupancy?zoom=year", theme="dark")
    page.emulate_media(media="print")
    expect(page.locator(".occupancy-tools")).to_be_hidden()
    expect(page.locator(".occupancy-legend")).to_be_visible()
    # Links change their colour within a moment.
    expect(page.locator(".occupancy-cell").first).to_have_css("color", "rgb(27, 37, 40)")
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_the_audit_is_searched_and_exported(open_page: Opener, station: Station, admin: str) -> None:
    number = plan(station, "AUDITE")
    page = open_page("/audit", secret=admin)
    page.get_by_label("À propos de").select_option("experiment")
    page.get_by_label("Son code ou numéro").fill("audite")
    page.get_by_role("button", name="Rechercher").click()
    line = page.locator("tbody tr").first
    expect(line).to_contain_text("expérience créée")
    line.locator("summary").first.click()
    expect(line.locator("dl")).to_contain_text("Essai AUDITE")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "AUDITE" in download.value.path().read_text(encoding="utf-8")
    page.goto(f"{station.address}/audit")
    expect(page.locator("tbody tr").first).to_contain_text("audit exporté")
    expect(page.locator("tbody tr").first).to_contain_text(str(number))


PAGES = {
    "/occupancy?zoom=weeks": "member",
    "/occupancy?zoom=year": "member",
    "/audit": "admin",
    "/people": "admin",
    "/account": "member",
    "/register": "",
    "/login": "",
    "/cells/E4C1": "technician",
    "/cells/E4C1/assignments/new": "technician",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_no_violations_at_any_width(
    open_page: Opener, people: dict[str, str], path: str, language: str, theme: str
) -> None:
    secret = people[PAGES[path]]
    page = open_page(path, language=language, theme=theme, secret=secret, logged_in=bool(PAGES[path]))
    for ask in page.locator("details").all():
        ask.evaluate("one => { one.open = true; }")
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide at {width}"
        if width == 1440 or (width == 390 and (language, theme) in {("fr", "light"), ("en", "dark")}):
            assert violations(page) == [], f"{path} at {width}"
