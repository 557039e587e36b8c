"""The canary's way: numbered by the watchdog, stored by the ingestor, read back; and what the database says."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from ingestor.decoding import decode
from ingestor.reading_store import ReadingStore
from schemas import topics
from schemas.messages import Canary, Status
from schemas.picture import Picture, Presence
from schemas.site import Site
from schemas.tables import Canary as CanaryRow
from schemas.tables import RejectedMessage
from storage.database import read_sessions, write_sessions
from tests.ingestor.making import make_arrival, make_reading, station_of, text_of
from watchdog.arrivals import Heard
from watchdog.canary import CanaryFlight
from watchdog.facts import read_facts

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


class Time:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time() -> Time:
    return Time()


def sent(number: int) -> Canary:
    return Canary(sender="watchdog", number=number, sent_at=NOW)


def store(engine: Engine, *payloads: bytes | Canary) -> None:
    known = station_of(engine)
    messages = [one.to_json() if isinstance(one, Canary) else one for one in payloads]
    arrivals = [make_arrival(one, topics.CANARY) for one in messages]
    ReadingStore(write_sessions(engine)).write([reading for one in arrivals for reading in decode(one, known)])


def stored(engine: Engine) -> list[tuple[str, int]]:
    with engine.connect() as connection:
        return [(row.sender, row.number) for row in connection.execute(select(CanaryRow.sender, CanaryRow.number))]


def test_the_newest_canary_is_kept_whatever_comes_again_or_makes_no_sense(engine: Engine) -> None:
    store(engine, sent(7), sent(9), sent(8))
    store(engine, sent(9), sent(3))
    assert stored(engine) == [("watchdog", 9)]
    store(engine, b"not json", b'{"sender": "watchdog", "number": -1}', b"", sent(10))
    assert stored(engine) == [("watchdog", 10)]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(RejectedMessage)) == 3


def test_silence_is_counted_from_the_newest_that_came_back(time: Time) -> None:
    flight = CanaryFlight(time)
    assert flight.next(NOW) is None
    flight.came_back(41)
    for number in range(42, 48):
        canary = flight.next(NOW)
        assert canary is not None
        assert canary.number == number, "above what another watchdog used"
        flight.sent(canary)
        time.at += 10
    assert flight.silence() == 60
    flight.came_back(46)
    assert flight.silence() == 20
    time.at += 100
    flight.came_back(46)
    assert flight.silence() == 120
    flight.stop()
    assert flight.silence() is None


def test_a_restored_database_does_not_bring_old_numbers_back(time: Time) -> None:
    flight = CanaryFlight(time)
    flight.came_back(0)
    first = flight.next(NOW)
    assert first is not None
    flight.sent(first)
    flight.came_back(first.number)
    flight.came_back(0)
    second = flight.next(NOW)
    assert second is not None
    assert second.number > first.number


def test_facts_tell_what_is_missing_rejected_and_unexplained(engine: Engine, site: Site) -> None:
    at = NOW - timedelta(minutes=2)
    known = station_of(engine)
    readings = [make_reading(text_of(at.timestamp() + 10 * n), publisher="p1", sequence=n + 1) for n in range(5)]
    decoded = [reading for one in readings for reading in decode(make_arrival(one, received_at=NOW.timestamp()), known)]
    ReadingStore(write_sessions(engine)).write(decoded)
    heard = {
        "E1C1": Heard("co2", frozenset(at + timedelta(seconds=10 * n) for n in range(8))),
        "E2C1": Heard("co2", frozenset([at])),
    }
    status = Status(state="online", since=NOW, publisher="p1", sequence=20, waiting=3)
    picture = Picture(units={"ecolab-1": Presence(status, NOW)})
    store(engine, sent(5), b"poison")
    facts = read_facts(read_sessions(engine), site, picture, heard, datetime.now(UTC))
    assert (facts.canary, facts.rejected) == (5, 0)
    assert facts.missing == pytest.approx({"ecolab-1": 3 / 8, "ecolab-2": 1.0})
    assert facts.open == {"ecolab-1": 20 - 3 - 5}
