"""Whose clock is wrong: a publisher's is blamed at once among others, this server's is waited for."""

from collections.abc import Iterable

from sqlalchemy import Engine

from ingestor.clocks import Clocks
from ingestor.decoding import decode
from ingestor.inbox import Arrival
from ingestor.waiting_room import WaitingRoom
from tests.ingestor.making import NOW, make_arrival, make_reading, station_of, text_of

DAY = 86_400.0
CELLS = {"ecolab-1": "E1C1", "ecolab-2": "E2C1", "ecolab-3": "E3C1", "ecolab-4": "E4C1", "ecolab-5": "E5C1"}


class Server:
    """An ingestor's clock and what waits in it; `at` is the true time, `error` is what its clock is wrong by."""

    def __init__(self, engine: Engine, error: float = 0.0) -> None:
        self.station = station_of(engine)
        self.at, self.error = NOW, error
        self.clocks = Clocks(lambda: self.at + self.error, lambda: self.at)
        self.room = WaitingRoom(self.clocks, lambda: self.at + self.error, lambda: self.at)
        self.taken: list[Arrival] = []

    def send(self, unit: str, ahead: float = 0.0, **number: object) -> None:
        """Let a reading arrive from a unit whose clock is wrong by `ahead`."""
        reading = make_reading(text_of(self.at + ahead), values={"air_temperature": 18.0}, **number)
        topic = f"octopus/v1/{unit}/{CELLS[unit]}/readings"
        self.take([make_arrival(reading, topic, received_at=self.at + self.error)])

    def take(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            if not self.room.takes(arrival, decode(arrival, self.station)):
                self.taken.append(arrival)

    def reasons(self) -> list[str | None]:
        """What becomes of what does not wait: None is stored, else it is rejected."""
        return [reading.reason for arrival in self.taken for reading in decode(arrival, self.station)]

    def pass_time(self, seconds: float) -> None:
        self.at += seconds
        self.taken += self.room.leaving()


def test_a_server_two_days_behind_rejects_nothing_says_so_and_stores_all_once_it_is_set(engine: Engine) -> None:
    server = Server(engine, error=-2 * DAY)
    for _ in range(5):
        for unit in CELLS:
            server.send(unit)
        server.pass_time(10)
    assert server.taken == [], "neither stored nor confirmed nor rejected"
    assert "this server's clock is wrong" in str(server.clocks.trouble())
    assert "2.0 days" in str(server.clocks.trouble())
    server.error = 0.0
    server.pass_time(1)
    assert len(server.taken) == 25
    assert server.reasons() == [None] * 25
    assert server.clocks.trouble() is None


def test_a_clock_that_jumps_while_everything_runs_is_noticed_at_the_next_reading(engine: Engine) -> None:
    server = Server(engine)
    for unit in CELLS:
        server.send(unit)
    assert server.reasons() == [None] * 5
    server.error = -3 * DAY
    server.pass_time(10)
    server.send("ecolab-1")
    assert len(server.taken) == 5
    assert server.clocks.trouble() is not None


def test_a_single_publisher_that_is_wrong_is_rejected_at_once_among_others(engine: Engine) -> None:
    server = Server(engine)
    for unit in list(CELLS)[1:]:
        server.send(unit)
    server.send("ecolab-1", ahead=2 * DAY)
    assert "more than a day in the future" in str(server.reasons()[-1])
    assert server.clocks.trouble() is None


def test_the_only_unit_is_never_blamed_and_what_waits_is_stored_once_the_server_is_set(engine: Engine) -> None:
    server = Server(engine, error=-2 * DAY)
    for _ in range(100):
        server.send("ecolab-1")
        server.pass_time(10)
    assert server.taken == [], "neither stored nor confirmed nor rejected"
    said = str(server.clocks.trouble())
    assert "ecolab-1, is ahead of this server by 2.0 days" in said
    server.error = 0.0
    server.pass_time(1)
    assert server.reasons() == [None] * 100
    assert server.clocks.trouble() is None


def test_the_only_unit_is_rejected_once_its_own_clock_is_set(engine: Engine) -> None:
    server = Server(engine)
    server.send("ecolab-1", ahead=2 * DAY)
    assert server.taken == []
    assert server.clocks.trouble() is None, "others may be about to send"
    server.pass_time(16)
    assert server.taken == []
    assert "one of the two clocks is wrong" in str(server.clocks.trouble())
    server.send("ecolab-1")
    server.pass_time(1)
    assert server.clocks.trouble() is None
    assert [reason is None for reason in server.reasons()] == [True, False]
    assert "more than a day in the future" in str(server.reasons()[1])


def test_a_wrong_publisher_that_is_heard_first_waits_for_others_and_is_then_rejected(engine: Engine) -> None:
    server = Server(engine)
    server.send("ecolab-1", ahead=2 * DAY)
    assert server.taken == []
    for unit in list(CELLS)[1:]:
        server.send(unit)
    server.pass_time(1)
    assert sum(reason is not None for reason in server.reasons()) == 1
    assert len(server.taken) == 5


def test_half_an_hour_is_said_and_stored(engine: Engine) -> None:
    server = Server(engine, error=-1800)
    for unit in CELLS:
        server.send(unit)
    assert server.reasons() == [None] * 5
    assert "30 minutes" in str(server.clocks.trouble())
    assert "marked suspect" in str(server.clocks.trouble())


def test_while_the_clock_is_wrong_memory_stays_small_and_only_outboxes_are_sent_back(engine: Engine) -> None:
    server = Server(engine, error=-2 * DAY)
    acknowledged: list[int] = []
    for number in range(1, 1600):
        unit = list(CELLS)[number % 5]
        reading = make_reading(text_of(server.at), publisher=f"p-{unit}", sequence=number, values={"co2": 400.0})
        server.take(
            [
                make_arrival(
                    reading,
                    f"octopus/v1/{unit}/{CELLS[unit]}/readings",
                    received_at=server.at + server.error,
                    acknowledge=lambda number=number: acknowledged.append(number),
                )
            ]
        )
    assert server.taken == []
    assert len(acknowledged) == 599, "their outboxes keep them"
    server.error = 0.0
    server.pass_time(1)
    assert server.reasons() == [None] * 1000
