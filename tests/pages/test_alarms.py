"""Alarms and notes as people meet them: by keyboard, on a phone, in both themes, and on every page."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from facility.acting.acts import command
from facility.acting.permissions import Role
from facility.alarms import actions
from facility.alarms.channels import ChannelDraft, add_channel
from facility.notes.annotations import AnnotationDraft, annotate
from facility.notes.interventions import InterventionDraft, end_intervention, start_intervention
from facility.notes.rejecting import Rejection, reject
from schemas import times
from schemas.tables import ChannelState
from tests.pages.conftest import Opener
from tests.pages.station import Station
from tests.pages.test_accessibility import violations
from tests.web.alarms.raising import raise_alarm

PATHS = (
    "/alarms",
    "/alarms/history",
    "/alarms/statistics?days=7",
    "/alarms/rules",
    "/cells/E2C1/notes",
    "/cells/E2C1/intervene",
    "/cells/E2C1/rejections",
    "/door-codes",
)


@pytest.fixture(scope="module")
def alarms(station: Station) -> dict[str, int]:
    """Alarms of each kind, notes and work in the day that E2C1 has stored."""
    now = times.now()
    with station.writing() as sessions:
        made = {
            "old": raise_alarm(sessions, "E2C1", since=now - timedelta(hours=5), lasts=timedelta(minutes=40),
                               text="Air temperature 1.4 °C off for 15 min"),
            "open": raise_alarm(sessions, "E2C1", "co2-deviation", severity="major", parameter="co2",
                                since=now - timedelta(minutes=20), text="CO2 45 ppm off for 10 min"),
            "keyboard": raise_alarm(sessions, "E2C2", "door-open", parameter="door", text="Door open for 5 min"),
            "shelved": raise_alarm(sessions, "E2C3", "relative_humidity-deviation", parameter=None, text="Humidity"),
        }  # fmt: skip
        actions.shelve(sessions, command("tests"), made["shelved"], timedelta(hours=1), "calibrating")
        for hours, text in ((4, "Leaf samples taken"), (2, "Water bottle changed")):
            note = {"cell": "E2C1", "started_at": now - timedelta(hours=hours), "text": text, "tags": ("sampling",)}
            annotate(sessions, command("tests"), AnnotationDraft.model_validate(note))
        work = start_intervention(sessions, command("tests"), InterventionDraft(cell="E2C1", work="sampling"))
        end_intervention(sessions, command("tests"), work.id)
        wrong = Rejection(
            cell="E2C1", parameter="air_temperature", started_at=now - timedelta(hours=4),
            ended_at=now - timedelta(hours=3), reason="sensor taken out",
        )  # fmt: skip
        made["rejection"] = reject(sessions, command("tests"), wrong).rejection.id
    return made


@pytest.fixture(scope="module")
def admin(station: Station) -> str:
    """An admin, with a channel that works and one that does not."""
    with station.writing() as sessions:
        for name, kind in (("Workshop", "ntfy"), ("On call", "webhook")):
            address = f"http://127.0.0.1:9/{kind}"
            draft = {"name": name, "kind": kind, "address": address, "enabled": True, "places": ("*",)}
            add_channel(sessions, command("tests"), ChannelDraft.model_validate(draft))
        with sessions() as session, session.begin():
            first = session.scalars(select(ChannelState).order_by(ChannelState.key)).first()
            assert first is not None
            first.failing_since, first.fault = times.now() - timedelta(hours=1), "refused"
    return station.log_in("alarm-admin", "Ada", Role.ADMIN)


@pytest.mark.parametrize("look", [("fr", "light"), ("en", "dark")])
@pytest.mark.parametrize("path", ["/alarms/channels", "/account"])
def test_where_people_are_told_has_no_violations(
    open_page: Opener, admin: str, path: str, look: tuple[str, str]
) -> None:
    page = open_page(path, language=look[0], theme=look[1], secret=admin)
    if path == "/account":
        expect(page.locator("form[action='/account/notifications']")).to_be_visible()
    else:
        expect(page.locator("main")).to_contain_text("Workshop")
    for form in page.locator("details").all():
        form.evaluate("one => { one.open = true; }")
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide at {width}"
        if width != 320:
            assert violations(page) == [], f"{path} at {width}"


@pytest.mark.parametrize("look", [("fr", "light"), ("en", "dark")])
@pytest.mark.parametrize("path", [*PATHS, "alarm", "rejection"])
def test_no_violations_and_nothing_too_wide(
    open_page: Opener, technician: str, alarms: dict[str, int], path: str, look: tuple[str, str]
) -> None:
    path = {"alarm": f"/alarms/{alarms['open']}", "rejection": f"/rejections/{alarms['rejection']}"}.get(path, path)
    page = open_page(path, language=look[0], theme=look[1], secret=technician)
    for width in (1440, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is too wide at {width}"
        if width != 320:
            assert violations(page) == [], f"{path} at {width}"


def test_an_alarm_is_acknowledged_by_keyboard_with_a_comment(
    open_page: Opener, technician: str, alarms: dict[str, int]
) -> None:
    page = open_page("/alarms", language="en", secret=technician)
    row = page.locator(f"#alarm-{alarms['keyboard']}")
    row.locator("summary", has_text="Comment").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("closed it")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="The alarm is acknowledged.")).to_be_visible()
    expect(row).to_contain_text("closed it")
    expect(row).to_contain_text("Tom")


def test_the_list_lives_and_every_page_has_the_number(
    open_page: Opener, station: Station, technician: str, alarms: dict[str, int]
) -> None:
    del alarms
    page = open_page("/alarms", language="en", secret=technician)
    other = open_page("/experiments", language="en", secret=technician)
    badge = page.locator("[data-badge-number]")
    before = int(badge.inner_text())
    assert other.locator("[data-badge-number]").inner_text() == str(before)
    with station.writing() as sessions:
        raise_alarm(sessions, "E4C3", "co2-high", parameter="co2", text="CO2 too high by far")
    station.raise_alarm(77, "E4C3", "major", "CO2 trop haut", "CO2 too high by far")
    try:
        expect(page.locator("[data-alarm-table]")).to_contain_text("CO2 too high by far")
        expect(badge).to_have_text(str(before + 1))
        expect(other.locator("[data-badge-number]")).to_have_text(str(before + 1), timeout=15_000)
    finally:
        station.end_alarm(77, "E4C3")


def test_more_alarms_than_the_strip_holds_are_counted(open_page: Opener, station: Station) -> None:
    for number in range(100, 108):
        station.raise_alarm(number, "E1C1", "warning", f"Alarme {number}", f"Alarm {number}")
    try:
        page = open_page("/", language="en")
        expect(page.locator("[data-alarm-list] li")).to_have_count(5)
        expect(page.locator("[data-alarm-more]")).to_have_text(re.compile(r"and \d+ more"))
    finally:
        for number in range(100, 108):
            station.end_alarm(number, "E1C1")
    expect(page.locator("[data-alarm-rest]")).to_be_hidden()


def test_sound_is_off_until_somebody_wants_it_and_then_remembered(open_page: Opener, technician: str) -> None:
    page = open_page("/alarms", language="en", secret=technician)
    box = page.get_by_label("a sound")
    expect(box).not_to_be_checked()
    box.check()
    expect(page.locator("[data-call-said]")).to_have_text("On: this browser remembers it.")
    page.reload()
    expect(page.get_by_label("a sound")).to_be_checked()
    page.get_by_label("a notification").click()
    expect(page.locator("[data-call-said]")).to_have_text(re.compile("does not allow|On:"))


def test_work_is_announced_by_one_tap_on_a_phone(open_page: Opener, technician: str) -> None:
    page = open_page("/cells/E3C3/intervene", width=390, height=844, secret=technician)
    tap = page.get_by_role("button", name="20 min", exact=True)
    box = tap.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    tap.click()
    expect(page.get_by_text("L’intervention a commencé")).to_be_visible()
    page.get_by_role("button", name="J’ai fini").click()
    expect(page.get_by_text("L’intervention est terminée.")).to_be_visible()


def test_the_chart_shows_what_happened_and_each_layer_can_be_hidden(open_page: Opener, alarms: dict[str, int]) -> None:
    del alarms
    page = open_page("/cells/E2C1", language="en")
    page.wait_for_selector("[data-plot] canvas")
    shown = page.get_by_role("list", name="Shown in the chart")
    for name in ("door open", "alarm", "note", "intervention", "rejected values"):
        expect(shown.get_by_label(name, exact=True)).to_be_checked()
    page.locator("[data-happenings-frame] summary").click()
    expect(page.locator("[data-happenings]")).to_contain_text("Leaf samples taken")
    expect(page.locator("[data-happenings]")).to_contain_text("sensor taken out")
    before = page.locator("[data-plot] canvas").screenshot()
    shown.get_by_label("rejected values").uncheck()
    assert page.locator("[data-plot] canvas").screenshot() != before
    page.reload()
    expect(page.get_by_label("rejected values")).not_to_be_checked()
    assert violations(page) == []
