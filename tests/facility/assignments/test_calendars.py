"""Calendar feeds as a calendar program reads them."""

from datetime import timedelta

from icalendar import Calendar

from facility.assignments.assigning import assign, unassign
from facility.assignments.calendars import cell_calendar, experiment_calendar
from schemas import times
from schemas.site import Site
from tests.facility.assignments.test_occupancy import plan
from tests.facility.conftest import Station

ORIGIN = "https://octopus.example.org"


def read(station: Station, site: Site, cell: str) -> Calendar:
    return Calendar.from_ical(cell_calendar(station.sessions, station.member, cell, site.zone, ORIGIN))


def test_one_stay_is_one_event_until_its_planned_end(station: Station, site: Site) -> None:
    number = plan(station, site, "HERON", days=30, cells=("E1C1",))
    assign(station.sessions, station.technician, number, ["E1C1"])
    (event,) = read(station, site, "E1C1").walk("VEVENT")
    assert event.decoded("dtend").date() > (times.now() + timedelta(days=29)).date()
    assert str(event["uid"]).endswith("@octopus.example.org")
    assert str(event["status"]) == "CONFIRMED"
    again = read(station, site, "E1C1").walk("VEVENT")[0]
    assert again["uid"] == event["uid"]


def test_an_assignment_that_was_ended_at_once_still_has_a_length(station: Station, site: Site) -> None:
    number = plan(station, site, "SHORT", days=1)
    assign(station.sessions, station.technician, number, ["E1C2"])
    unassign(station.sessions, station.technician, "E1C2")
    (event,) = read(station, site, "E1C2").walk("VEVENT")
    assert event.decoded("dtend") > event.decoded("dtstart")


def test_a_calendar_without_events_has_a_component(station: Station, site: Site) -> None:
    calendar = read(station, site, "E5C3")
    assert [one.name for one in calendar.subcomponents] == ["VTIMEZONE"]


def test_two_stays_of_one_experiment_are_two_events(station: Station, site: Site) -> None:
    number = plan(station, site, "TWO", days=3, cells=("E2C1", "E2C2"))
    assign(station.sessions, station.technician, number, ["E2C1"])
    content = experiment_calendar(station.sessions, station.member, number, site.zone, ORIGIN)
    events = Calendar.from_ical(content).walk("VEVENT")
    assert len({str(event["uid"]) for event in events}) == len(events) == 2
    assert {str(event["status"]) for event in events} == {"CONFIRMED", "TENTATIVE"}
