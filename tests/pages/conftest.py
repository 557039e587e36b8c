"""One station and one browser for all tests of the pages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from facility.acting.permissions import Role
from tests.pages.station import Station
from tests.services.process import program

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="package")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Eighteen cells, among them each state that a cell can be in."""
    station = Station(tmp_path_factory.mktemp("station"))
    try:
        station.start()
        station.store_day("E2C1", ("air_temperature", "air_temperature_setpoint", "door"))
        fill(station)
        yield station
    finally:
        station.stop()


def fill(station: Station) -> None:
    for unit in station.site.units:
        station.say_unit(unit.code, "offline" if unit.code == "ecolab-5" else "online")
    for cell in station.site.unit_of_cell:
        if cell.startswith("E5"):
            station.send(cell, age=4000)
        elif cell == "E2C3":
            station.send(cell, age=200)
        elif cell != "E6C2":
            station.send(cell)
    station.send("E3C1", air_temperature=20.4)
    station.send("E3C2", air_temperature=0.0, air_temperature_setpoint=None, co2=None)
    station.raise_alarm(7, "E4C2", "major", "Température trop haute", "Temperature too high")
    station.raise_alarm(8, "E1C3", "warning", "Porte ouverte", "Door open")


@pytest.fixture(scope="package")
def secret(station: Station) -> str:
    return station.log_in()


@pytest.fixture(scope="package")
def technician(station: Station) -> str:
    return station.log_in("tom", "Tom", Role.TECHNICIAN)


# Of this package, not of the session: while it lives, no test can run an event loop of its own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()


class Opener:
    """Opens pages and fails the test for whatever the browser complained about."""

    def __init__(self, browser: Browser, station: Station, secret: str) -> None:
        self._browser, self.station, self._secret = browser, station, secret
        self.complaints: list[str] = []
        self.pages: list[Page] = []

    def __call__(
        self, path: str, *, status: int | None = 200, language: str = "fr", theme: str = "auto", logged_in: bool = True,
        width: int = 1440, height: int = 900, secret: str = "", **options: object,
    ) -> Page:  # fmt: skip
        """Open a page as the member, as whoever has the session `secret`, or as nobody."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            locale="fr-FR",
            **options,  # type: ignore[arg-type]
        )
        cookies = {"language": language, "theme": theme} | (
            {"octopus_session": secret or self._secret} if logged_in else {}
        )
        context.add_cookies([{"name": k, "value": v, "url": self.station.address} for k, v in cookies.items()])
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{path}: {error}"))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(f"{path}: {message.text}")
                if message.type in {"error", "warning"} and "Failed to load resource" not in message.text
                else None
            ),
        )
        answer = page.goto(self.station.address + path)
        assert answer is not None
        # None: whether the small station is well enough for a 200 is not what is asked.
        expected = {200, 503} if status is None else {status}
        assert answer.status in expected, f"{path} answered {answer.status}"
        self.pages.append(page)
        return page


@pytest.fixture
def open_page(browser: Browser, station: Station, secret: str) -> Iterator[Opener]:
    opener = Opener(browser, station, secret)
    yield opener
    for page in opener.pages:
        page.context.close()
    assert not opener.complaints
