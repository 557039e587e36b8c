"""An experiment's life in a browser: described, put into cells, watched day by day, edited by two at once."""

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from facility.acting.acts import command
from facility.experiments.changing import change_experiment
from facility.experiments.drafts import ExperimentChange
from facility.experiments.views import get_experiment
from tests.pages.conftest import Opener
from tests.pages.station import Station
from tests.pages.test_accessibility import violations
from tests.services.process import wait_for

TEMPERATURES = ("air_temperature", "air_temperature_setpoint")
WIDTHS = (1440, 390, 320)


@pytest.fixture(scope="module")
def watched(station: Station) -> int:
    """An experiment in two cells since yesterday, one of which another experiment had before."""
    for cell in ("E6C1", "E6C3"):
        station.store_day(cell, TEMPERATURES)
    number = station.plan(
        "DRY-2026",
        title="Sécheresse",
        cells=["E6C1", "E6C3"],
        parameters=[{"parameter": "air_temperature", "deviation": 0.3}, {"parameter": "co2", "low": 400, "high": 420}],
    )
    station.hold(number, "E6C1", since=20)
    station.hold(number, "E6C3", since=4)
    return number


def save(page: Page) -> None:
    page.locator("form[data-unsaved] button[type=submit]").first.click()


def test_described_put_into_two_cells_and_seen_everywhere(open_page: Opener, station: Station, technician: str) -> None:
    page = open_page("/experiments", secret=technician)
    page.get_by_role("link", name="Nouvelle expérience").first.click()
    page.get_by_label("Titre").fill("Ozone et blé")
    page.get_by_label("Code").fill("OZONE-27")
    page.get_by_label("Premier jour prévu").fill("2026-11-01")
    page.get_by_label("Dernier jour prévu").fill("2027-02-28")
    page.get_by_label("État").select_option("planned")
    page.locator("label", has_text="E3C3").click()
    expect(page.get_by_label("Écart à la consigne ±").first).not_to_be_visible()
    page.get_by_label("Température reprise").first.check()
    page.get_by_label("Écart à la consigne ±").first.fill("0,5")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ozone et blé")
    expect(page.get_by_text("Température reprise : ± 0,5 °C pendant 10 min, attention")).to_be_visible()

    # In no cell yet: the form is open, and what was planned and is free is ticked.
    expect(page.locator("input[name=cell][value=E3C3]")).to_be_checked()
    page.locator("input[name=cell][value=E3C1]").check()
    page.get_by_role("button", name="Mettre dans les cellules choisies").click()
    expect(page.get_by_role("status").filter(has_text="maintenant dans les cellules")).to_be_visible()
    rows = page.locator("tr[data-live-row]")
    expect(rows).to_have_count(2)
    number = page.locator("[data-experiment-page]").get_attribute("data-experiment-page")
    listed = open_page("/experiments")
    expect(listed.locator("tr", has_text="OZONE-27").locator(".cell-code")).to_have_text(["E3C1", "E3C3"])
    cards = open_page("/")
    expect(cards.locator("[data-cell=E3C1] [data-experiment]")).to_have_text("OZONE-27")

    # Ended in one of them, which asks first; the page of somebody who looks at it says so.
    looking = open_page(f"/experiments/{number}")
    page.goto(f"{station.address}/experiments/{number}")
    page.locator(".choose-column input[value=E3C1]").check()
    page.get_by_text("Libérer les cellules choisies…").click()
    page.get_by_role("button", name="Libérer les cellules choisies").click()
    expect(rows).to_have_count(1)
    expect(looking.locator("[data-cells-changed]")).to_be_visible(timeout=15_000)
    page.get_by_text("Terminer l’expérience…").click()
    expect(page.get_by_text("Elle se termine dans E3C3.")).to_be_visible()
    page.get_by_role("button", name="Terminer l’expérience").click()
    expect(page.locator(".experiment-summary")).to_contain_text("terminée")
    expect(rows).to_have_count(0)


def test_values_are_judged_by_the_experiment_s_own_limits(open_page: Opener, station: Station, watched: int) -> None:
    for cell in ("E6C1", "E6C3"):
        station.send(cell)
    page = open_page(f"/experiments/{watched}")
    verdict = page.locator("[data-verdict-box]")
    expect(verdict).to_contain_text("Toutes les valeurs sont dans les limites.")
    # Within the station's one degree, outside the experiment's 0.3.
    station.send("E6C3", air_temperature=18.5)
    value = page.locator("tr[data-cell=E6C3] [data-value-of=air_temperature]")
    # The fixture went past the web process, which looks for such changes every 20 s.
    expect(value).to_have_attribute("data-value-state", "high", timeout=40_000)
    expect(page.locator("tr[data-cell=E6C3]")).to_have_attribute("data-state", "deviation")
    for elsewhere in ("/", "/plan", "/wall", "/cells/E6C3"):
        shown = open_page(elsewhere).locator("[data-cell=E6C3]").first
        expect(shown).to_have_attribute("data-state", "deviation")
    expect(verdict).to_have_text(re.compile("Une valeur est hors limites."))
    still = open_page(f"/experiments/{watched}", java_script_enabled=False)
    expect(still.locator("[data-verdict-box]")).to_contain_text("Une valeur est hors limites.")
    station.send("E6C3", co2=431.0)
    expect(page.locator("tr[data-cell=E6C3] [data-value-of=co2]")).to_contain_text("trop haut")
    station.send("E6C3")
    expect(verdict).to_contain_text("Toutes les valeurs sont dans les limites.")


def lines(page: Page) -> dict[str, int]:
    told = page.locator("[data-days]").get_attribute("data-lines") or ""
    return {cell: int(count) for cell, count in (one.split(":") for one in told.split())}


def wait_for_lines(page: Page, right: Callable[[dict[str, int]], bool]) -> None:
    page.wait_for_selector("[data-plot] canvas")
    page.wait_for_function("document.querySelector('[data-days]').dataset.lines !== undefined")
    wait_for(lambda: right(lines(page)), "the chart shows the cells")


def test_cells_are_compared_on_the_days_of_the_experiment(open_page: Opener, watched: int) -> None:
    page = open_page(f"/experiments/{watched}")
    # E6C3 came 16 hours later: what it sent before belongs to somebody else.
    wait_for_lines(page, lambda found: 0 < found.get("E6C3", 0) < found.get("E6C1", 0) / 2)
    label = page.locator("[data-plot]").get_attribute("aria-label") or ""
    assert label.startswith("Température reprise, du jour 0,0 au jour 0,8. E6C1")
    page.get_by_text("Valeurs en tableau", exact=True).click()
    table = page.locator("[data-numbers] table")
    expect(table.locator("thead th")).to_have_text(["Jour de l’expérience", "E6C1", "E6C3"])
    expect(table.locator("tbody tr").first).to_contain_text("jour 0, 0 h")
    assert "–" in table.locator("tbody tr").first.inner_text()
    assert "–" not in table.locator("tbody tr").last.inner_text()
    page.locator("label.line-chip", has_text="E6C3").click()
    # Alone, a cell is shown with its setpoint and the experiment's band around it.
    wait_for_lines(page, lambda found: list(found) == ["E6C1"])
    expect(page.locator("[data-setpoint-key]")).to_be_visible()
    expect(page.locator("[data-band-key]")).to_be_visible()
    before = page.locator("[data-shown-period]").inner_text()
    page.get_by_role("button", name="Zoom avant").press("Enter")
    expect(page.locator("[data-shown-period]")).not_to_have_text(before)
    expect(page.get_by_role("button", name="Tout", exact=True)).to_have_attribute("aria-pressed", "false")
    page.locator("[data-parameter]").select_option("co2")
    expect(page.locator("[data-summary]")).to_contain_text("Aucune valeur sur cette période.")
    expect(page.locator("[data-band-key]")).to_be_visible()


def test_interruption_stays_one_beside_other_lines(open_page: Opener, watched: int) -> None:
    page = open_page(f"/experiments/{watched}")
    wait_for_lines(page, lambda found: len(found) == 2)
    script = page.evaluate("document.querySelector('script[src$=\"experiments/days.js\"]').src")
    address = script.replace("experiments/days.js", "charts/history.js")
    # undefined stands for places on the axis where only another line has a point.
    kept = page.evaluate(
        """async (address) => { const { keepGaps } = await import(address); const u = undefined;
        return [[1, u, null, u, 2, u, 3], [u, 1, u, 2, u], [null, u, 1, u, null], []]
          .map((column) => keepGaps(column).map((value) => (value === undefined ? "on" : value))); }""",
        address,
    )
    assert kept == [
        [1, None, None, None, 2, "on", 3],
        ["on", 1, "on", 2, "on"],
        [None, None, 1, None, None],
        [],
    ]


def test_each_cell_may_have_a_day_0_of_its_own(open_page: Opener, watched: int) -> None:
    page = open_page(f"/experiments/{watched}")
    wait_for_lines(page, lambda found: len(found) == 2)
    page.get_by_text("Valeurs en tableau", exact=True).click()
    first = page.locator("[data-numbers] tbody tr").first
    expect(first).to_contain_text("–")
    page.get_by_role("button", name="Jour 0 de chaque cellule").click()
    expect(first).not_to_contain_text("–")
    expect(page.locator("[data-shown-period]")).to_have_text("du jour 0,0 au jour 0,8")
    page.get_by_role("button", name="Jour 0 de l’expérience").click()
    expect(first).to_contain_text("–")


def test_leaving_what_is_not_saved_asks(open_page: Opener, technician: str, watched: int) -> None:
    page = open_page(f"/experiments/{watched}/edit", secret=technician)
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.get_by_label("Équipe").fill("x")
    expect(page.get_by_text("Pas encore enregistré.")).to_be_visible()
    page.get_by_role("link", name="Annuler").click()
    page.wait_for_function("document.readyState === 'complete'")
    assert asked == ["beforeunload"]
    assert page.url.endswith("/edit")
    expect(page.get_by_label("Équipe")).to_have_value("x")
    page.get_by_label("Équipe").fill("")
    page.get_by_role("link", name="Annuler").click()
    page.wait_for_url(f"**/experiments/{watched}")
    assert asked == ["beforeunload"]


def test_second_of_two_takes_over_field_by_field(open_page: Opener, station: Station, technician: str) -> None:
    number = station.plan("TWO", title="Ancien titre", team="Ancienne équipe")
    page = open_page(f"/experiments/{number}/edit", secret=technician)
    page.get_by_label("Titre").fill("Mon titre")
    page.get_by_label("Objectif").fill("Mon objectif")
    with station.writing() as sessions:
        other = ExperimentChange(version=1, title="Leur titre", team="Leur équipe")
        change_experiment(sessions, command("tests"), number, other)
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Quelqu’un d’autre a enregistré pendant votre saisie")
    title = page.get_by_role("group", name="Titre")
    expect(title).to_contain_text("Mon titre")
    expect(title).to_contain_text("Leur titre")
    assert violations(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Nothing is sent while a field that both changed is not chosen.
    page.get_by_role("button", name="Enregistrer ce choix").click()
    assert page.locator("input:invalid").count() == 2
    title.get_by_label("La vôtre").check()
    page.get_by_role("button", name="Enregistrer ce choix").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon titre")
    expect(page.locator(".experiment-summary")).to_contain_text("Leur équipe")
    expect(page.locator("#changes")).to_contain_text("command:tests")
    with station.writing() as sessions:
        assert get_experiment(sessions, command("tests"), number).objective == "Mon objectif"


def test_form_works_without_scripts(open_page: Opener, technician: str) -> None:
    page = open_page("/experiments/new", secret=technician, java_script_enabled=False)
    page.get_by_label("Titre").fill("Sans script")
    page.get_by_label("Code").fill("pas bon")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Code :")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Titre")).to_have_value("Sans script")
    page.get_by_label("Code").fill("PLAIN")
    save(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sans script")


@pytest.mark.parametrize(("language", "theme"), list(itertools.product(("fr", "en"), ("light", "dark"))))
@pytest.mark.parametrize("path", ["/experiments", "/experiments/{}", "/experiments/new", "/experiments/{}/edit"])
def test_pages_of_experiments_are_for_everybody(
    open_page: Opener, technician: str, watched: int, path: str, *, language: str, theme: str
) -> None:
    page = open_page(path.format(watched), language=language, theme=theme, secret=technician)
    if path == "/experiments/{}":
        page.wait_for_selector("[data-plot] canvas")
        for asking in page.locator("details").all():
            asking.evaluate("node => { node.open = true; }")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide at {width}"
        if width == 1440 or (width == 390 and (language, theme) in {("fr", "light"), ("en", "dark")}):
            assert violations(page) == [], f"{path} at {width}"
