"""What is sent when, with the clock in the test's hand and a real outbox beneath."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import delivery
from publisher.delivery import Delivery
from publisher.encoding import BACKLOG_BYTES, digest_of
from publisher.outbox import Outbox
from publisher.sources.source import Sample, SampleBatch

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
CELLS = ("E2C1", "E2C2", "E2C3")


class Wire:
    """Keeps what was published; `take` hands out the numbers of what came since."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []

    def __call__(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> None:
        kind = topic.rpartition("/")[2]
        assert (qos, retain) == {"readings": (1, True), "backlog": (1, False)}.get(kind, (0, True))
        self.sent.append((topic, payload))

    def take(self, kind: str) -> list[list[int]]:
        found = [payload for topic, payload in self.sent if topic.endswith(f"/{kind}")]
        self.sent = [(topic, payload) for topic, payload in self.sent if not topic.endswith(f"/{kind}")]
        parsed = [orjson.loads(payload) for payload in found]
        return [[reading["sequence"] for reading in message.get("readings", [message])] for message in parsed]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    one = Outbox(tmp_path / "o.sqlite")
    yield one
    one.close()


def fill(count: int, first: int = 0) -> SampleBatch:
    samples = [
        Sample(cell, START + timedelta(seconds=first + i), {f"parameter_{n}": 1.5 for n in range(16)})
        for i in range(count)
        for cell in CELLS
    ]
    return SampleBatch(samples)


def stored(outbox: Outbox, numbers: list[int]) -> bytes:
    return orjson.dumps({"publisher": outbox.publisher, "ranges": [[number, number] for number in numbers]})


def test_everything_goes_once_in_order_in_small_messages_while_it_is_confirmed(outbox: Outbox) -> None:
    outbox.append("t", fill(1000))
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    one.work(0)
    live = wire.take("readings")
    assert sorted(live) == [[2998], [2999], [3000]]
    got: list[int] = [number for message in live for number in message]
    now = 0.0
    for message in live:
        one.confirmed(stored(outbox, message), now)
    backlog: list[int] = []
    while outbox.waiting:
        now += 0.1
        one.work(now)
        assert sum(topic.endswith("backlog") for topic, _ in wire.sent) <= delivery.WINDOW + len(CELLS) - 1
        assert all(len(payload) < BACKLOG_BYTES + 1000 for _, payload in wire.sent)
        messages = wire.take("backlog")
        assert messages, "stuck"
        for numbers in messages:
            backlog += numbers
            one.confirmed(stored(outbox, numbers), now)
    assert sorted(got + backlog) == list(range(1, 3001))
    for cell in range(3):
        of_cell = [number for number in backlog if number % 3 == cell]
        assert of_cell == sorted(of_cell), "oldest first"


def test_silent_ingestor_is_asked_seldom_and_with_little(outbox: Outbox) -> None:
    outbox.append("t", fill(2000))
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    sizes = []
    for second in range(3600):
        one.work(float(second))
        sizes += [len(message) for message in wire.take("backlog")]
    assert sizes[0] > 1
    assert len(sizes) < 40
    assert set(sizes[4:]) == {1}
    assert outbox.waiting == 6000
    # One word from the ingestor opens the way again.
    one.confirmed(stored(outbox, [1]), 3600)
    one.work(3600)
    assert sum(len(message) for message in wire.take("backlog")) > 50


def test_readings_superseded_before_they_were_shown_follow_as_backlog(outbox: Outbox) -> None:
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    for i in range(10):
        one.appended(outbox.append("t", fill(1, i)))
        one.work(i / 10)
    one.work(2)
    live = {number for message in wire.take("readings") for number in message}
    assert {1, 2, 3, 28, 29, 30} == live
    now, backlog = 2.0, set()
    one.confirmed(stored(outbox, sorted(live)), now)
    while messages := wire.take("backlog"):
        for message in messages:
            backlog |= set(message)
            one.confirmed(stored(outbox, message), now)
        one.work(now := now + 0.1)
    assert backlog == set(range(4, 28))
    assert outbox.waiting == 0


def test_a_source_that_reads_every_second_is_never_behind(outbox: Outbox) -> None:
    wire, first = Wire(), Delivery(outbox, "ecolab-2")
    told = outbox.append("test", fill(1))
    first.connected(wire, 0.9)
    first.work(0.9)
    assert wire.take("readings") == [[1], [2], [3]]
    first.appended(told)
    first.work(0.91)
    assert wire.take("readings") == [], "the outbox had it already when the connection came up"
    for second in range(1, 6):
        first.appended(outbox.append("test", fill(1, second)))
        first.work(float(second))
        assert wire.take("readings") == [[3 * second + n] for n in (1, 2, 3)]


def test_a_replayed_file_is_shown_once_a_second(outbox: Outbox) -> None:
    wire, replay = Wire(), Delivery(outbox, "ecolab-2")
    replay.connected(wire, 0.0)
    for tick in range(100):
        replay.appended(outbox.append("test", fill(1, tick)))
        replay.work(tick / 10)
    assert len(wire.take("readings")) <= (100 / 10 + 1) * len(CELLS)


def test_old_reading_never_replaces_a_newer_retained_one(outbox: Outbox) -> None:
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    one.appended(outbox.append("t", SampleBatch([Sample("E2C1", START, {"co2": 400.0})])))
    one.work(0)
    assert wire.take("readings") == [[1]]
    one.appended(outbox.append("t", SampleBatch([Sample("E2C1", START - timedelta(days=1), {"co2": 300.0})])))
    one.work(10)
    assert (wire.take("readings"), wire.take("backlog")) == ([], [[2]])
    # After a broken link the broker may have forgotten: the newest goes again, stored or not.
    one.confirmed(stored(outbox, [1]), 11)
    one.disconnected()
    one.connected(wire, 12)
    one.work(12)
    assert wire.take("readings") == [[1]]


@pytest.mark.parametrize(
    "payload",
    [b"", b"nonsense", b"[]", b'{"publisher":"x","ranges":[[1]]}', b'{"publisher":"x","ranges":[[0,5]]}', b"\xff\xfe"],
)
def test_nonsense_confirmations_delete_nothing(outbox: Outbox, payload: bytes) -> None:
    outbox.append("t", fill(2))
    one = Delivery(outbox, "ecolab-2")
    one.confirmed(payload.replace(b"x", outbox.publisher.encode()), 0)
    one.work(0)
    assert outbox.waiting == 6


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_is_lost_or_confirmed_twice_everything_arrives(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    outbox = Outbox(tmp_path_factory.mktemp("outbox") / "o.sqlite")
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    database: set[int] = set()
    now, appended = 0.0, 0
    one.connected(wire, now)
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.sampled_from([0.1, 1.0, 31.0, 400.0]))
        if data.draw(st.booleans()):
            one.appended(outbox.append("t", fill(data.draw(st.integers(1, 60)), appended)))
            appended += 60
        if data.draw(st.integers(0, 5)) == 0:
            one.disconnected()
            one.connected(wire, now)
        one.work(now)
        for message in wire.take("readings") + wire.take("backlog"):
            kept = [number for number in message if data.draw(st.integers(0, 3))]
            database |= set(kept)
            for _ in range(data.draw(st.integers(0, 2))):
                one.confirmed(stored(outbox, kept), now)
    for _ in range(200):
        now += 35
        one.work(now)
        for message in wire.take("readings") + wire.take("backlog"):
            database |= set(message)
            one.confirmed(stored(outbox, message), now)
    assert database == set(range(1, outbox.sequence + 1))
    assert outbox.waiting == 0
    outbox.close()


def exactly(outbox: Outbox, readings: list[tuple[int, str | None]], **more: object) -> bytes:
    """A confirmation that names contents."""
    return orjson.dumps(
        {
            "publisher": outbox.publisher,
            "ranges": [[number, number] for number, _ in readings],
            "digests": [digest for _, digest in readings],
        }
        | more
    )


def test_a_confirmation_of_another_reading_under_the_same_number_deletes_nothing(outbox: Outbox) -> None:
    outbox.append("t", fill(2))
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    one.work(0)
    one.confirmed(exactly(outbox, [(number, "another") for number in range(1, 7)]), 1)
    assert outbox.waiting == 6
    own = [(number, digest_of(payload)) for number, _, payload in outbox.after(0, 10)]
    one.confirmed(exactly(outbox, own), 2)
    assert outbox.waiting == 0


def test_numbers_that_another_has_used_are_given_up_and_everything_is_sent_under_a_new_name(outbox: Outbox) -> None:
    outbox.append("t", fill(3))
    name = outbox.publisher
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    late = outbox.append("t", fill(1, 3))
    digests = {number: digest_of(payload) for number, _, payload in outbox.after(0, 20)}
    one.confirmed(exactly(outbox, [(1, digests[1])], reused=[(2, "not-ours")]), 1)
    assert (outbox.publisher, outbox.waiting) == (name, 11)
    one.confirmed(exactly(outbox, [], reused=[(2, digests[2])]), 2)
    assert outbox.publisher != name
    one.appended(late)
    wire.sent.clear()
    one.work(2)
    assert wire.sent == [], "nothing is sent before the broker knows the new name"
    one.connected(wire, 3)
    sent: set[int] = set()
    for now in range(4, 400, 35):
        one.work(now)
        for message in wire.take("readings") + wire.take("backlog"):
            sent |= set(message)
            one.confirmed(stored(outbox, message), now)
    assert sent == set(range(1, 12))
    assert outbox.waiting == 0


def test_an_outbox_behind_its_own_account_knows_that_it_is_a_copy(outbox: Outbox) -> None:
    outbox.append("t", fill(1))
    name = outbox.publisher
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    one.confirmed(exactly(outbox, [(7, "sent-by-the-other")]), 1)
    assert outbox.publisher != name
    assert outbox.waiting == 3


def test_silence_is_said_when_something_waits_in_vain_never_for_a_slow_logger(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0)
    for now in range(600, 6000, 600):
        one.appended(outbox.append("t", fill(1, now)))
        one.work(now)
        for message in wire.take("readings"):
            one.confirmed(stored(outbox, message), now + 0.05)
        one.work(now + 0.05)
    assert outbox.waiting == 0
    assert "nothing has been confirmed" not in caplog.text
    one.appended(outbox.append("t", fill(1, 6000)))
    for now in range(6000, 6121, 10):
        assert "nothing has been confirmed" not in caplog.text
        one.work(now)
    assert caplog.text.count("nothing has been confirmed as stored for 120 s") == 1
    one.confirmed(stored(outbox, [28, 29, 30]), 6130)
    assert "being stored again" in caplog.text


@pytest.mark.parametrize("largest", [2000, 9000, 40_000])
def test_messages_fit_the_brokers_largest_packet_and_that_is_said(
    outbox: Outbox, caplog: pytest.LogCaptureFixture, largest: int
) -> None:
    outbox.append("t", fill(200))
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0, largest)
    assert caplog.text.count(f"packets of up to {largest} bytes only") == 1
    seen: set[int] = set()
    for now in range(10_000):
        one.work(now)
        assert all(len(payload) + len(topic) + 10 < largest for topic, payload in wire.sent)
        for message in wire.take("readings") + wire.take("backlog"):
            seen |= set(message)
            one.confirmed(stored(outbox, message), now)
        if not outbox.waiting:
            break
    assert seen == set(range(1, 601))


def test_a_reading_that_no_packet_holds_stays_is_said_and_holds_nothing_up(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    huge = Sample("E2C1", START, {f"parameter_{n}": 1.5 for n in range(300)})
    outbox.append("t", SampleBatch([huge, *fill(5).samples, huge]))
    one, wire = Delivery(outbox, "ecolab-2"), Wire()
    one.connected(wire, 0, 2000)
    for now in range(0, 500, 10):
        one.work(now)
        for message in wire.take("readings") + wire.take("backlog"):
            one.confirmed(stored(outbox, message), now)
    assert [sequence for sequence, _, _ in outbox.after(0, 20)] == [1, 17]
    assert caplog.text.count("more than the broker takes") == 1
