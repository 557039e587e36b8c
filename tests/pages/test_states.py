"""Python and JavaScript apply the same rules and write the same text."""

import itertools
from typing import Any

from playwright.sync_api import Browser

from tests.pages.conftest import Opener
from tests.pages.station import Station
from web.rendering import formatting
from web.rendering.cell_view import cell_state, value_state

CELLS: list[dict[str, Any]] = [
    {"age": age, "period": 10.0, "status": status, "severities": list(severities), "abnormal": abnormal}
    for age, status, severities, abnormal in itertools.product(
        (None, 0.0, 30.0, 30.1), (None, "online", "offline"), ((), ("warning",), ("critical", "warning")), (False, True)
    )
]
VALUES: list[dict[str, Any]] = [
    {
        "reported": reported,
        "value": value,
        "deviation": deviation,
        "tolerance": tolerance,
        "minimum": -13.0,
        "maximum": None,
        "quality": quality,
        "low": low,
        "high": high,
    }
    for reported, value, deviation, tolerance, quality, (low, high) in itertools.product(
        (True, False),
        (None, 0.0, -14.0, 20.0),
        (None, 1.0, 1.5, -2.0),
        (None, 1.0),
        (0, 1, 2, 3),
        ((None, None), (0.0, 20.0), (0.1, None), (None, 19.9)),
    )
]
NUMBERS = [0.0, -0.04, 0.05, 0.25, 2.675, 18.25, -1.5, 999.95, 1234.5, 1234567.0]


def test_states_agree(open_page: Opener) -> None:
    page = open_page("/")
    address = page.evaluate(
        "document.querySelector('script[src$=\"rendering/page.js\"]').src.replace('page.js', 'states.js')"
    )
    shown = page.evaluate(
        """async ([address, cells, values]) => { const rules = await import(address);
        const shown = cells.map((c) => rules.cellState({...c, stalePeriods: 3}));
        return [shown, values.map((v) => rules.valueState(v))]; }""",
        [address, CELLS, VALUES],
    )
    assert shown[0] == [cell_state(**case) for case in CELLS]
    assert shown[1] == [value_state(**case) for case in VALUES]


def test_numbers_and_ages_are_written_alike(open_page: Opener) -> None:
    for language in ("fr", "en"):
        page = open_page("/", language=language)
        address = page.evaluate(
            "document.querySelector('script[src$=\"rendering/page.js\"]').src.replace('page.js', 'formats.js')"
        )
        cases = [[value, decimals, signed] for value in NUMBERS for decimals in (0, 1, 2) for signed in (False, True)]
        ages = [None, 0, 59.9, 60, 3599, 3600, 172799, 172800, 9e6]
        shown = page.evaluate(
            "async ([address, cases, ages]) => { const f = await import(address);"
            " return [cases.map((c) => f.number(...c)), ages.map((a) => f.ageText(a))]; }",
            [address, cases, ages],
        )
        assert shown[0] == [formatting.number(v, d, language, signed=s) for v, d, s in cases]
        assert shown[1] == [formatting.age_text(age, language) for age in ages]


def test_nothing_changes_when_the_page_comes_alive(browser: Browser, station: Station, open_page: Opener) -> None:
    still = open_page("/", java_script_enabled=False)
    alive = open_page("/")
    alive.wait_for_selector("[data-filters]:not([hidden])")
    read = (
        "[...document.querySelectorAll('[data-value], [data-value-word], [data-state-word]')].map(n => n.textContent)"
    )
    assert still.evaluate(read) == alive.evaluate(read)
