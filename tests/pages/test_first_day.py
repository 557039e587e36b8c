"""A first day: somebody asks for an account, is let in, and finds two experiments of theirs in a cell's history."""

from datetime import timedelta

from playwright.sync_api import Page, expect

from facility.acting.permissions import Role
from schemas import times
from tests.pages.conftest import Opener
from tests.pages.station import Station

PASSWORD = "trois hérons sur la digue"


def describe(page: Page, code: str, title: str) -> None:
    """Fill in a new experiment that is planned from today."""
    today = times.now().date()
    page.get_by_role("link", name="Expériences").first.click()
    page.get_by_role("link", name="Nouvelle expérience").first.click()
    page.get_by_label("Titre").fill(title)
    page.get_by_label("Code").fill(code)
    page.get_by_label("Premier jour prévu").fill(today.isoformat())
    page.get_by_label("Dernier jour prévu").fill((today + timedelta(days=60)).isoformat())
    page.get_by_label("État").select_option("planned")
    page.locator("form[data-unsaved] button[type=submit]").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_from_asking_for_an_account_to_two_intervals_in_a_cells_history(open_page: Opener, station: Station) -> None:
    admin = open_page("/people", secret=station.log_in("chef", "Chef", Role.ADMIN))
    page = open_page("/", logged_in=False)

    page.get_by_role("link", name="Se connecter").click()
    page.get_by_role("link", name="En demander un").click()
    page.get_by_label("Nom").fill("Noé Petit")
    page.get_by_label("Adresse électronique").fill("noe@example.org")
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_label("Mot de passe, encore une fois").fill(PASSWORD)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("status").filter(has_text="Merci")).to_be_visible()

    admin.reload()
    waiting = admin.locator("tr", has_text="noe@example.org")
    waiting.get_by_label("Rôle").select_option("technician")
    waiting.get_by_role("button", name="Accepter").click()
    expect(admin.locator("tr", has_text="noe@example.org")).to_contain_text("technicien")

    page.goto(f"{station.address}/login")
    page.get_by_label("Identifiant ou adresse").fill("noe@example.org")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("link", name="Noé Petit")).to_be_visible()

    describe(page, "HERON", "Hérons et zones humides")
    for cell in ("E5C1", "E5C3"):
        page.locator(f"input[name=cell][value={cell}]").check()
    page.get_by_role("button", name="Mettre dans les cellules choisies").click()
    page.get_by_role("link", name="Plan du site").click()
    for cell in ("E5C1", "E5C3"):
        expect(page.locator(f".wide [data-cell={cell}] [data-experiment]")).to_have_text("HERON")

    describe(page, "DIGUE", "Digue et roseaux")
    page.goto(f"{station.address}/cells/E5C3")
    page.get_by_text("Mettre une autre expérience…").click()
    page.locator("#experiment-choice").select_option(label="DIGUE · Digue et roseaux")
    page.get_by_role("button", name="Terminer HERON et démarrer l’expérience choisie").click()
    lines = page.locator("#experiments tbody tr")
    expect(lines).to_have_count(2)
    expect(lines.nth(0)).to_contain_text("Digue et roseaux")
    expect(lines.nth(0)).to_contain_text("toujours en place")
    expect(lines.nth(1)).to_contain_text("Hérons et zones humides")
    assert lines.nth(0).locator("time").first.get_attribute("datetime") == (
        lines.nth(1).locator("time").nth(1).get_attribute("datetime")
    )
    admin.goto(f"{station.address}/audit?who=noe")
    expect(admin.locator("tbody tr").first).to_contain_text("HERON → DIGUE")
