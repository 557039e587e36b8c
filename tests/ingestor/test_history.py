"""One transaction after another on MariaDB and SQLite: nothing lost, nothing twice, sums that add up."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, event, func, select, text

from ingestor.inbox import Arrival
from ingestor.reading_store import ReadingStore, Receipt
from schemas.tables import (
    LatestReading,
    Publisher,
    PublisherRange,
    Reading,
    Reading1h,
    Reading5min,
    RejectedMessage,
)
from storage.database import write_sessions
from tests.ingestor.making import NOW, decoded, make_arrival, make_reading, text_of

ALL = (Reading, LatestReading, Reading5min, Reading1h, PublisherRange, Publisher, RejectedMessage)


def write(engine: Engine, *arrivals: Arrival) -> Receipt:
    return ReadingStore(write_sessions(engine)).write(decoded(engine, *arrivals))


def rows(engine: Engine, *columns: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns))]


def account(engine: Engine) -> tuple[Any, ...]:
    return rows(engine, Publisher.last_sequence, Publisher.stored, Publisher.rejected, Publisher.repeated)[0]


def numbered(sequence: int, at: str = "2026-11-23T14:28:23.376Z", **values: Any) -> Arrival:
    return make_arrival(
        make_reading(at, publisher="p", sequence=sequence, values=values or {"air_temperature": float(sequence)})
    )


def test_a_reading_is_everywhere_at_once(engine: Engine) -> None:
    receipt = write(engine, make_arrival(make_reading(publisher="p", sequence=7)))
    assert receipt.numbers == {("ecolab-1", "p"): [(7, 7)]}
    at = datetime(2026, 11, 23, 14, 28, 23, 376000, tzinfo=UTC)
    assert rows(engine, Reading.observed_at, Reading.value, Reading.quality) == [(at, 18.02, 0), (at, None, 0)]
    assert rows(engine, LatestReading.observed_at, LatestReading.value) == [(at, 18.02), (at, None)]
    five, hour = (
        rows(engine, Reading5min.started_at, Reading5min.n, Reading5min.min, Reading5min.mean, Reading5min.max),
        rows(engine, Reading1h.started_at, Reading1h.n, Reading1h.min, Reading1h.mean, Reading1h.max),
    )
    assert five == [(at.replace(minute=25, second=0, microsecond=0), 1, 18.02, 18.02, 18.02)]
    assert hour == [(at.replace(minute=0, second=0, microsecond=0), 1, 18.02, 18.02, 18.02)]
    assert rows(engine, PublisherRange.first, PublisherRange.last) == [(7, 7)]
    assert account(engine) == (7, 1, 0, 0)


def test_a_value_that_its_source_doubts_is_stored_as_suspect(engine: Engine) -> None:
    write(engine, make_arrival(make_reading(suspect=["air_temperature"])))
    for table in (Reading, LatestReading):
        assert sorted(rows(engine, table.value, table.quality), key=str) == [(18.02, 1), (None, 0)]


def test_a_repeat_changes_nothing_and_is_counted(engine: Engine) -> None:
    for _ in range(3):
        receipt = write(engine, make_arrival(make_reading(publisher="p", sequence=7)))
    assert receipt.numbers == {("ecolab-1", "p"): [(7, 7)]}, "a repeat is confirmed too"
    assert receipt.rows == 0
    assert len(rows(engine, Reading.value)) == 2
    assert rows(engine, Reading5min.n) == [(1,)]
    assert account(engine) == (7, 1, 0, 2)
    assert rows(engine, RejectedMessage.reason) == []


def test_the_same_reading_twice_in_one_batch(engine: Engine) -> None:
    receipt = write(engine, numbered(1), numbered(1), make_arrival(make_reading()), make_arrival(make_reading()))
    assert receipt.repeated == 1
    assert len(rows(engine, Reading.value)) == 2
    assert rows(engine, func.sum(Reading5min.n)) == [(1,)]
    assert account(engine) == (1, 1, 0, 1)


def test_the_first_value_stays_and_a_conflict_is_told(engine: Engine) -> None:
    write(engine, numbered(1, air_temperature=18.5, co2=400.0))
    receipt = write(engine, numbered(2, air_temperature=19.5, co2=400.0), numbered(3, air_temperature=20.5))
    assert receipt.numbers == {("ecolab-1", "p"): [(2, 3)]}
    assert rows(engine, Reading.value) == [(18.5,), (400.0,)]
    reasons = rows(engine, RejectedMessage.sequence, RejectedMessage.reason)
    assert [sequence for sequence, _ in reasons] == [2, 3]
    assert "18.5 is stored, 19.5 came later" in reasons[0][1]
    assert account(engine) == (3, 2, 1, 0), "what brought nothing at all counts as rejected"


def test_a_number_used_again_for_another_reading_is_stored_not_swallowed(engine: Engine) -> None:
    write(engine, numbered(1, "2026-11-23T14:00:00Z"))
    write(engine, numbered(1, "2026-11-23T14:00:10Z"))
    assert len(rows(engine, Reading.value)) == 2
    assert account(engine) == (1, 1, 0, 1)


def test_ranges_merge_in_any_order(engine: Engine) -> None:
    for sequence in (5, 1, 3, 2, 9, 4):
        write(engine, numbered(sequence, text_of(NOW - 100 + sequence)))
    assert sorted(rows(engine, PublisherRange.first, PublisherRange.last)) == [(1, 5), (9, 9)]
    assert account(engine) == (9, 6, 0, 0)


def test_a_publisher_of_another_unit_touches_no_account_and_is_told_once(engine: Engine) -> None:
    history = ReadingStore(write_sessions(engine))
    history.write(decoded(engine, numbered(1)))
    stranger = make_arrival(
        make_reading(publisher="p", sequence=2, values={"air_temperature": 1.0}), "octopus/v1/ecolab-2/E2C1/readings"
    )
    for _ in range(3):
        receipt = history.write(decoded(engine, stranger))
        assert receipt.numbers == {}
    assert account(engine) == (1, 1, 0, 0)
    ((reason, payload),) = rows(engine, RejectedMessage.reason, RejectedMessage.payload)
    assert "belongs to another unit" in reason
    assert payload == stranger.payload


def test_an_unknown_unit_is_told_once_and_not_confirmed(engine: Engine) -> None:
    history = ReadingStore(write_sessions(engine))
    lost = make_arrival(make_reading(publisher="q", sequence=2), "octopus/v1/ecolab-9/E1C1/readings")
    for _ in range(3):
        assert history.write(decoded(engine, lost)).numbers == {}
    assert len(rows(engine, RejectedMessage.reason)) == 1
    assert rows(engine, Publisher.id) == []


def test_a_rejected_number_is_confirmed_counted_and_kept(engine: Engine) -> None:
    receipt = write(engine, make_arrival(make_reading("1970-01-01T00:00:00Z", publisher="p", sequence=1)))
    assert receipt.numbers == {("ecolab-1", "p"): [(1, 1)]}
    assert account(engine) == (1, 0, 1, 0)
    assert rows(engine, RejectedMessage.publisher_id, RejectedMessage.sequence) == [("p", 1)]


def test_a_rejection_that_the_broker_delivers_again_is_told_once(engine: Engine) -> None:
    write(engine, make_arrival(b"nonsense"))
    write(engine, make_arrival(b"nonsense", repeat=True, received_at=NOW + 60))
    write(engine, make_arrival(b"other nonsense", repeat=True))
    assert len(rows(engine, RejectedMessage.id)) == 2


def test_a_huge_payload_is_cut_and_measured(engine: Engine) -> None:
    write(engine, make_arrival(b"x" * 1_000_000))
    assert rows(engine, func.length(RejectedMessage.payload), RejectedMessage.size) == [(65536, 1_000_000)]


def test_latest_never_goes_back(engine: Engine) -> None:
    write(engine, numbered(2, "2026-11-23T14:20:00Z"))
    write(engine, numbered(1, "2026-11-23T14:10:00Z"))
    assert rows(engine, LatestReading.value) == [(2.0,)]
    write(engine, numbered(4, "2026-11-23T14:24:00Z"), numbered(3, "2026-11-23T14:22:00Z"))
    assert rows(engine, LatestReading.value) == [(4.0,)]


def test_values_come_back_as_they_were(engine: Engine) -> None:
    values = [0.1 + 0.2, -0.0, 5e-324, 1e100, 123456789.123456789, 1 / 3, 1e22, -1e-7]
    arrivals = [numbered(n + 1, text_of(NOW - 100 + n), air_temperature=value) for n, value in enumerate(values)]
    write(engine, *arrivals)
    assert [value for (value,) in rows(engine, Reading.value)] == values
    write(engine, *arrivals)
    assert rows(engine, RejectedMessage.id) == [], "the same value is never taken for a conflict"


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_many_rows(engine: Engine, batch: int) -> None:
    arrivals = [numbered(n + 1, text_of(NOW - 3000 + n)) for n in range(300)]
    for start in range(0, len(arrivals), batch):
        write(engine, *arrivals[start : start + batch])
    assert rows(engine, func.count(Reading.value)) == [(300,)]
    assert account(engine) == (300, 300, 0, 0)


DELIVERIES = st.lists(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.sampled_from(["E1C1", "E1C2"]), st.floats(-1e6, 1e6) | st.none(), st.booleans()
        ),
        max_size=12,
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=DELIVERIES)
def test_any_order_and_any_repeats_leave_sums_that_add_up(engine: Engine, batches: list[Any]) -> None:
    with engine.begin() as connection:
        for table in ALL:
            connection.execute(delete(table))
    sent = 0
    for batch in batches:
        arrivals = []
        for step, cell, value, again in batch:
            sent += 1
            content = make_reading(
                text_of(NOW - 7200 + step * 97), publisher="p", sequence=sent, values={"air_temperature": value}
            )
            arrival = make_arrival(content, f"octopus/v1/ecolab-1/{cell}/readings")
            arrivals += [arrival] * (2 if again else 1)
        write(engine, *arrivals)
        write(engine, *arrivals[::2])
    history = rows(engine, Reading.series_id, Reading.observed_at, Reading.value)
    for table, width in ((Reading5min, timedelta(minutes=5)), (Reading1h, timedelta(hours=1))):
        expected: dict[Any, list[float]] = {}
        for series, at, value in history:
            if value is not None:
                epoch = datetime(1970, 1, 1, tzinfo=UTC)
                expected.setdefault((series, at - (at - epoch) % width), []).append(value)
        kept = {
            (s, at): rest
            for s, at, *rest in rows(
                engine, table.series_id, table.started_at, table.n, table.min, table.mean, table.max
            )
        }
        assert kept.keys() == expected.keys()
        for key, (n, low, mean, high) in kept.items():
            assert (n, low, high) == (len(expected[key]), min(expected[key]), max(expected[key]))
            assert mean == pytest.approx(sum(expected[key]) / n, rel=1e-9, abs=1e-6)
    for series, at in rows(engine, LatestReading.series_id, LatestReading.observed_at):
        assert at == max(t for s, t, _ in history if s == series)
    if sent:
        last, stored, rejected, _ = account(engine)
        assert last == stored + rejected == sent
        assert rows(engine, PublisherRange.first, PublisherRange.last) == [(1, sent)]
        assert rejected <= len(rows(engine, RejectedMessage.id))


def test_poison_does_not_stand_in_the_way(engine: Engine) -> None:
    from ingestor.inbox import Inbox
    from ingestor.retrying import Retrying
    from ingestor.writer import Writer
    from tests.ingestor.making import station_of

    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text(
                "CREATE TRIGGER poison BEFORE INSERT ON reading WHEN NEW.value = 13.13"
                " BEGIN SELECT RAISE(ABORT, 'poison'); END"
            ))  # fmt: skip
        else:
            connection.execute(text("ALTER TABLE reading ADD CONSTRAINT poison CHECK (value <> 13.13)"))
    acknowledged: list[int] = []
    confirmed: list[Any] = []
    inbox = Inbox(live=1000, backlog=8)
    for n in range(1, 41):
        arrival = numbered(n, text_of(NOW - 100 + n), air_temperature=13.13 if n in {5, 30} else float(n))
        arrival.acknowledge = lambda n=n: acknowledged.append(n)  # type: ignore[misc]
        inbox.put(inbox.live, arrival)
    writer = Writer(
        inbox,
        ReadingStore(write_sessions(engine)),
        lambda: station_of(engine),
        Retrying(inbox.pause),
        batch=1000,
        linger=0,
    )

    def look() -> None:
        inbox.close()

    writer.run(lambda *told: confirmed.append(told), look)
    assert acknowledged == list(range(1, 41))
    assert account(engine) == (40, 38, 2, 0)
    assert rows(engine, func.count(Reading.value)) == [(38,)]
    assert [s for (s,) in rows(engine, RejectedMessage.sequence)] == [5, 30]
    assert "the database refuses it" in rows(engine, RejectedMessage.reason)[0][0]
    assert sum(last - first + 1 for _, told in confirmed for first, last in told.ranges) == 40


def test_values_that_no_sum_could_hold_do_not_stop_what_comes_after(engine: Engine) -> None:
    """Rain has no largest value of its own: two of these in five minutes would be infinite."""
    seconds = ("23.376", "24.376")
    receipt = write(engine, *(numbered(n, f"2026-11-23T14:28:{s}Z", rainfall=1e308) for n, s in enumerate(seconds, 1)))
    assert (receipt.rows, receipt.rejected) == (0, 2)
    assert write(engine, numbered(3, "2026-11-23T14:28:25.376Z", rainfall=1.0)).rows == 1


@pytest.mark.parametrize("number", [2**63 - 1, 2**62, 10**12])
def test_a_jump_that_no_outbox_can_make_is_a_rejection(engine: Engine, number: int) -> None:
    history = ReadingStore(write_sessions(engine))
    history.write(decoded(engine, numbered(5)))
    far = make_arrival(make_reading("2026-11-23T14:00:00Z", publisher="p", sequence=number))
    for _ in range(2):
        receipt = history.write(decoded(engine, far, numbered(6, "2026-11-23T14:00:10Z")))
        assert receipt.numbers == {("ecolab-1", "p"): [(6, 6)]}, "not confirmed: it stays in its outbox"
    assert account(engine)[0] == 6
    ((reason, payload),) = rows(engine, RejectedMessage.reason, RejectedMessage.payload)
    assert "no outbox jumps so far" in reason
    assert payload == far.payload
    assert sorted(rows(engine, PublisherRange.first, PublisherRange.last)) == [(5, 6)]
    newcomer = make_arrival(make_reading("2026-11-23T14:00:20Z", publisher="q", sequence=number))
    assert write(engine, newcomer).numbers == {}


def test_another_reading_under_a_used_number_is_left_to_its_publisher(engine: Engine) -> None:
    write(engine, numbered_and_named(1, "2026-11-23T14:00:00Z", "a"))
    receipt = write(engine, numbered_and_named(1, "2026-11-23T14:00:10Z", "b"))
    assert receipt.numbers == {}
    assert receipt.reused == {("ecolab-1", "p"): {1: "b"}}
    assert [message.to_json() for _, message in receipt.messages()] == [
        b'{"publisher":"p","ranges":[],"reused":[[1,"b"]]}'
    ]
    again = write(engine, numbered_and_named(1, "2026-11-23T14:00:00Z", "a"))
    assert [message.to_json() for _, message in again.messages()] == [
        b'{"publisher":"p","ranges":[[1,1]],"digests":["a"]}'
    ]
    assert account(engine) == (1, 1, 0, 1)
    assert len(rows(engine, Reading.value)) == 1


def test_a_refused_reading_under_a_used_number_does_not_vanish(engine: Engine) -> None:
    """Also of a publisher of an older version, which cannot be told that its numbers are used."""
    write(engine, numbered(1, "2026-11-23T14:00:00Z"))
    refused = make_arrival(make_reading("1970-01-01T00:00:00Z", publisher="p", sequence=1))
    for _ in range(2):
        assert write(engine, refused).numbers == {("ecolab-1", "p"): [(1, 1)]}
    assert [(s, "before 2000" in r) for s, r in rows(engine, RejectedMessage.sequence, RejectedMessage.reason)] == [
        (1, True)
    ]
    named = make_arrival(make_reading("1970-01-01T00:00:00Z", publisher="p", sequence=1, digest="b"))
    assert write(engine, named).reused == {("ecolab-1", "p"): {1: "b"}}
    assert account(engine)[:3] == (1, 1, 0)


def test_a_rejected_reading_that_comes_again_is_confirmed_however_it_is_sent(engine: Engine) -> None:
    reading = make_reading("1970-01-01T00:00:00Z", publisher="p", sequence=1, digest="a")
    write(engine, make_arrival(reading))
    backlog = make_arrival({"readings": [reading]}, "octopus/v1/ecolab-1/E1C1/backlog")
    for arrival in (make_arrival(reading), backlog):
        receipt = write(engine, arrival)
        assert (receipt.confirmed, receipt.reused) == ({("ecolab-1", "p"): {1: "a"}}, {})
    assert account(engine) == (1, 0, 1, 2)
    assert len(rows(engine, RejectedMessage.id)) == 1


def test_many_confirmations_go_in_messages_that_any_broker_takes(engine: Engine) -> None:
    arrivals = [
        numbered_and_named(n, text_of(NOW - 5000 + n), f"digest-of-number-{n}", air_temperature=float(n % 40))
        for n in range(1, 251)
    ]
    messages = [message for _, message in write(engine, *arrivals).messages()]
    assert [message.ranges for message in messages] == [[(1, 100)], [(101, 200)], [(201, 250)]]
    assert all(len(message.to_json()) < 4_000 for message in messages)


def numbered_and_named(sequence: int, at: str, digest: str, **values: Any) -> Arrival:
    content = make_reading(at, publisher="p", sequence=sequence, values=values or {"co2": 400.0}, digest=digest)
    return make_arrival(content)


def test_rejections_go_in_one_statement(engine: Engine) -> None:
    sent: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "rejected_message" in statement:
            sent.append(statement)

    event.listen(engine, "before_cursor_execute", count)
    write(engine, *(make_arrival(b"nonsense %d" % n, repeat=n % 2 == 0) for n in range(1000)))
    assert len(sent) <= 2, "one to look what stands already, one to insert"
    assert len(rows(engine, RejectedMessage.id)) == 1000


def test_a_reading_ahead_of_the_clock_does_not_freeze_the_latest_value(engine: Engine) -> None:
    def latest() -> Any:
        return rows(engine, LatestReading.observed_at, LatestReading.value, LatestReading.quality)

    right, ahead, near = (text_of(NOW + seconds) for seconds in (-20, 7200, 60))
    write(engine, numbered(1, ahead, air_temperature=30.0))
    assert [one[1:] for one in latest()] == [(30.0, 1)]
    write(engine, numbered(2, right, air_temperature=18.0))
    assert [one[1:] for one in latest()] == [(18.0, 0)], "it gives way to what comes"
    write(engine, numbered(3, near, air_temperature=19.0), numbered(4, text_of(NOW - 10), air_temperature=18.1))
    assert [one[1:] for one in latest()] == [(19.0, 0)], "clocks may differ a little"
