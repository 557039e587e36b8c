"""What leaves the outbox is what the receivers' models understand, value for value."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from publisher.encoding import Encoder, join_backlog, value_payloads
from publisher.sources.source import Sample
from schemas import times
from schemas.messages import MAX_SEQUENCE, Backlog, Reading

# Hypothesis wants naive bounds and adds the zone.
NAIVE = datetime(1970, 1, 2)  # noqa: DTZ001
Content = dict[str, float | None]

codes = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,20}", fullmatch=True)
values = st.dictionaries(codes, st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30)
instants = st.datetimes(NAIVE, NAIVE.replace(year=2100), timezones=st.just(UTC))
numbers = st.integers(1, MAX_SEQUENCE)


@given(numbers, instants, values)
def test_reading_survives(sequence: int, at: datetime, content: Content) -> None:
    reading = Reading.model_validate_json(Encoder("p1").encode(sequence, Sample("E2C1", at, content)))
    assert (reading.publisher, reading.sequence) == ("p1", sequence)
    assert reading.observed_at == times.to_milliseconds(at)
    assert reading.values == content


@given(values, st.data())
def test_suspect_parameters_travel_with_their_reading(content: Content, data: st.DataObject) -> None:
    suspect = frozenset(data.draw(st.sets(st.sampled_from(sorted(content)))))
    payload = Encoder("p1").encode(1, Sample("E2C1", datetime(2026, 1, 1, tzinfo=UTC), content, suspect))
    reading = Reading.model_validate_json(payload)
    assert reading.suspect == suspect
    assert (b"suspect" in payload) == bool(suspect), "older receivers get what they always got"
    assert Reading.model_validate_json(reading.to_json()) == reading


@given(st.lists(st.tuples(numbers, instants, values), min_size=1, max_size=10))
def test_joined_backlog_is_the_same_readings_in_the_same_order(rows: list[tuple[int, datetime, Content]]) -> None:
    payloads = [Encoder("p1").encode(sequence, Sample("c", at, content)) for sequence, at, content in rows]
    backlog = Backlog.model_validate_json(join_backlog(payloads))
    assert list(backlog.readings) == [Reading.model_validate_json(payload) for payload in payloads]


@given(values)
def test_bare_values_read_back_and_none_is_empty(content: Content) -> None:
    payloads = value_payloads(Encoder("p1").encode(1, Sample("c", datetime(2026, 1, 1, tzinfo=UTC), content)))
    assert {code: None if payload == b"" else float(payload) for code, payload in payloads.items()} == content
