"""A sender that is far ahead is held up, and let go as soon as there is room or the process ends."""

from collections.abc import Callable
from threading import Thread

import pytest

from ingestor import inbox as module
from ingestor.inbox import Inbox
from tests.ingestor.making import make_arrival, make_reading
from tests.services.process import wait_for

LIMIT = 4


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Inbox:
    monkeypatch.setattr(module, "_HELD", 60.0)
    return Inbox(live=LIMIT, backlog=LIMIT)


def send(inbox: Inbox, count: int) -> Thread:
    def put_all() -> None:
        for _ in range(count):
            inbox.put(inbox.live, make_arrival(make_reading()))

    sender = Thread(target=put_all, daemon=True)
    sender.start()
    return sender


def test_a_full_lane_holds_its_sender_until_half_is_taken(inbox: Inbox) -> None:
    sender = send(inbox, LIMIT + 5)
    wait_for(lambda: len(inbox.live) == LIMIT + 1, "the sender fills the lane")
    sender.join(0.1)
    assert sender.is_alive(), "held"
    assert len(inbox.live) == LIMIT + 1
    taken = 0
    while sender.is_alive() or len(inbox.live):
        taken += inbox.take() is not None
    assert taken == LIMIT + 5


@pytest.mark.parametrize("end", [Inbox.close, lambda inbox: [inbox.take() for _ in range(LIMIT)]])
def test_a_held_sender_is_let_go(inbox: Inbox, end: Callable[[Inbox], object]) -> None:
    sender = send(inbox, LIMIT + 1)
    wait_for(lambda: len(inbox.live) == LIMIT + 1, "the sender fills the lane")
    end(inbox)
    sender.join(10)
    assert not sender.is_alive()


def test_a_long_backlog_holds_no_live_reading(inbox: Inbox) -> None:
    backlog = [make_arrival(make_reading()) for _ in range(LIMIT)]
    for arrival in backlog:
        inbox.put(inbox.backlog, arrival)
    live = make_arrival(make_reading())
    inbox.put(inbox.live, live)
    assert inbox.take() is live
    assert inbox.wait(1) is backlog[0]
