"""Two publishers of one unit, and accounts that do not add up, are said once, with names, and taken back."""

from typing import Any

import pytest
from sqlalchemy import Engine

from ingestor.presence import Presence, Watch
from ingestor.reading_store import ReadingStore
from ingestor.troubles import Troubles
from schemas.messages import Status
from storage.database import write_sessions
from tests.ingestor.making import NOW, decoded, make_arrival, make_reading, text_of


class Watched:
    def __init__(self, engine: Engine) -> None:
        self.presence = Presence()
        self.said: list[str | None] = []
        self.engine = engine
        self.troubles = Troubles(self.said.append)

    def take(self, publisher: str, state: str = "online", **more: Any) -> None:
        status = {"state": state, "since": text_of(NOW), "publisher": publisher} | more
        self.presence.take("ecolab-1", Status.model_validate(status))

    def look(self, watch: Watch) -> None:
        watch._next_check = 0.0  # noqa: SLF001 - half a minute later
        watch.check()


def test_two_publishers_of_a_unit_are_named_until_one_is_gone(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(engine)
    watch = Watch(watched.presence, engine, watched.troubles)
    watched.take("first", host="pc-a (10.0.0.1)")
    watched.look(watch)
    assert watched.said == []
    watched.take("second", host="pc-a (10.0.0.2)")
    for _ in range(3):
        watched.look(watch)
    assert len(watched.said) == 1
    assert "first on pc-a (10.0.0.1) and second on pc-a (10.0.0.2)" in str(watched.said[0])
    assert caplog.text.count("at once") == 1
    watched.take("first", "offline")
    watched.look(watch)
    assert watched.said[-1] is None


def test_an_open_ledger_is_said_with_what_to_do(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(engine)
    watch = Watch(watched.presence, engine, watched.troubles)
    for number in (8, 9, 10):
        reading = make_reading(text_of(NOW - 100 + number), publisher="p", sequence=number)
        ReadingStore(write_sessions(engine)).write(decoded(engine, make_arrival(reading)))
    watched.take("p", sequence=10, waiting=7)
    watched.look(watch)
    assert watched.said == []
    for waiting in (2, 1):
        watched.take("p", sequence=10, waiting=waiting)
        watched.look(watch)
    assert "5 readings of publisher p were confirmed, but this database does not have them" in str(watched.said[0])
    assert "6 readings" in str(watched.said[1])
    assert caplog.text.count("this database does not have them") == 1, "in the log once, however it grows"
    watched.take("p", "offline")
    watched.look(watch)
    assert watched.said[-1] is None
