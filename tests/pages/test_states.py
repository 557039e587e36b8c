"""Python and JavaScript write the same text."""

from tests.pages.conftest import Opener
from tests.services.process import wait_for
from web.rendering import formatting

NUMBERS = [0.0, -0.04, 0.05, 0.25, 2.675, 18.25, -1.5, 999.95, 1234.5, 1234567.0]


def test_numbers_and_ages_are_written_alike(open_page: Opener) -> None:
    for language in ("fr", "en"):
        page = open_page("/", language=language)
        address = page.evaluate(
            "document.querySelector('script[src$=\"rendering/page.js\"]').src.replace('page.js', 'formats.js')"
        )
        cases = [[value, decimals, signed] for value in NUMBERS for decimals in (0, 1, 2) for signed in (False, True)]
        ages = [None, -90, 0, 59.9, 60, 3599, 3600, 172799, 172800, 9e6]
        shown = page.evaluate(
            "async ([address, cases, ages]) => { const f = await import(address);"
            " return [cases.map((c) => f.number(...c)), ages.map((a) => f.ageText(a))]; }",
            [address, cases, ages],
        )
        assert shown[0] == [formatting.number(v, d, language, signed=s) for v, d, s in cases]
        assert shown[1] == [formatting.age_text(age, language) for age in ages]


READ = """[...document.querySelectorAll("[data-value], [data-value-word], [data-state-word]")]
    .map((node) => node.textContent.replace(/ · .*/, ""))"""


def test_nothing_changes_when_the_page_comes_alive(open_page: Opener) -> None:
    def same() -> bool:
        still = open_page("/", java_script_enabled=False)
        alive = open_page("/")
        alive.wait_for_selector("[data-filters]:not([hidden])")
        return bool(still.evaluate(READ) == alive.evaluate(READ))

    # Tried again, because a value may turn stale between the two.
    wait_for(same, "both say the same")
