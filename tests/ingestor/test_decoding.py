from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestor.decoding import decode
from ingestor.series_index import KnownCell, KnownSeries, SeriesIndex
from schemas.messages import MAX_PAYLOAD
from tests.ingestor.making import NOW, make_arrival, make_reading, text_of

STATION = SeriesIndex(
    units={"ecolab-1": 1, "ecolab-2": 2},
    cells={
        "E1C1": KnownCell("ecolab-1", 1, {"air_temperature": KnownSeries(1, -13, 50), "co2": KnownSeries(2, 0, 5000)}),
        "E2C1": KnownCell("ecolab-2", 2, {"air_temperature": KnownSeries(3, -13, 50)}),
    },
    parameters=frozenset({"air_temperature", "co2", "o3"}),
)
TEXT = "2026-11-23 14:28:23.376"


def test_a_reading_becomes_rows() -> None:
    (reading,) = decode(make_arrival(make_reading(publisher="a", sequence=3)), STATION)
    assert reading.rows == [(1, TEXT, 18.02, 0), (2, TEXT, None, 0)]
    assert (reading.publisher, reading.sequence, reading.unit_id, reading.reason) == ("a", 3, 1, None)


@pytest.mark.parametrize(
    ("values", "rows", "words"),
    [
        ({"air_temperature": 51.0}, [(1, TEXT, 51.0, 1)], None),
        ({"air_temperature": 51}, [(1, TEXT, 51.0, 1)], None),
        ({"air_temperature": "18"}, [], "'air_temperature': '18' is not a number"),
        ({"air_temperature": True, "co2": 400}, [(2, TEXT, 400.0, 0)], "True is not a number"),
        ({"air_temperature": [], "co2": 400}, [(2, TEXT, 400.0, 0)], "[] is not a number"),
        ({"air_temperature": 1e101, "co2": 400}, [(2, TEXT, 400.0, 0)], "more than any sensor measures"),
        ({"o3": 1, "co2": 400}, [(2, TEXT, 400.0, 0)], "cell E1C1 has no o3"),
        ({"humidity": 1, "co2": 400}, [(2, TEXT, 400.0, 0)], "no parameter is called humidity"),
        ({"a/b": 1, "co2": 400}, [(2, TEXT, 400.0, 0)], "'a/b'"),
        ({f"p{i}": i for i in range(1001)}, [], "1001 values: at most 1000"),
        ({}, [], "values are missing"),
        ([1], [], "values are missing"),
        (None, [], "values are missing"),
    ],
)
def test_a_bad_value_costs_that_value_alone(values: Any, rows: list[Any], words: str | None) -> None:
    (reading,) = decode(make_arrival(make_reading(values=values)), STATION)
    assert reading.rows == rows
    assert (reading.reason is None) if words is None else (words in (reading.reason or ""))


@pytest.mark.parametrize(
    ("suspect", "qualities", "words"),
    [
        (["air_temperature"], [1, 0], None),
        (["air_temperature", "co2", "o3"], [1, 0], None),
        ([], [0, 0], None),
        (None, [0, 0], None),
        ("air_temperature", [0, 0], "suspect 'air_temperature': a list of parameters"),
        ([7], [0, 0], "suspect [7]: a list of parameters"),
    ],
)
def test_values_that_their_source_doubts_are_suspect(suspect: Any, qualities: list[int], words: str | None) -> None:
    reading = make_reading(suspect=suspect)
    for topic, content in (("readings", reading), ("backlog", {"readings": [reading]})):
        (decoded,) = decode(make_arrival(content, f"octopus/v1/ecolab-1/E1C1/{topic}"), STATION)
        assert [(row[0], row[3]) for row in decoded.rows] == list(zip((1, 2), qualities, strict=True))
        assert decoded.reason == words


@pytest.mark.parametrize(
    ("payload", "rows", "words"),
    [
        (b"", 0, "not valid JSON"),
        (b"{", 0, "not valid JSON"),
        (b"\xff\xfe\xfa", 0, "not valid JSON"),
        (b"[" * 100_000, 0, "not valid JSON"),
        (b"9" * 10_000, 0, "a reading is a JSON object"),
        (b"18.02", 0, "a reading is a JSON object"),
        (b'{"observed_at":"2026-11-23T14:28:23.376Z","values":{"co2":NaN,"air_temperature":1}}', 1, "'co2': nan"),
        (b'{"observed_at":"2026-11-23T14:28:23.376Z","values":{"co2":-Infinity,"air_temperature":1}}', 1, "-inf"),
        (b'{"observed_at":"2026-11-23T14:28:23.376Z","values":{"co2":1e999,"air_temperature":1}}', 1, "inf"),
        (
            b'{"observed_at":"2026-11-23T14:28:23.376Z","values":{"air_temperature":1,"co2":1' + b"0" * 400 + b"}}",
            1,
            "is not a number",
        ),
        (
            b'{"observed_at":"2026-11-23T14:28:23.376Z","values":{"\\ud800":1,"air_temperature":1}}',
            1,
            "is not a number",
        ),
    ],
)
def test_json_of_no_use_is_refused_in_words(payload: bytes, rows: int, words: str) -> None:
    (reading,) = decode(make_arrival(payload), STATION)
    assert len(reading.rows) == rows
    assert reading.reason is not None
    assert words in reading.reason
    assert reading.payload == payload


WHOLE = b'{"observed_at":"2026-11-23T14:28:23.376Z","note":"-","values":{"co2":400}}'


@pytest.mark.parametrize(
    "payload",
    [
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE + b"\0\0",
        b"\0" + WHOLE,
        WHOLE.replace(b'"-"', b"nan"),
        WHOLE.replace(b'"-"', b"1.#QNAN"),
        WHOLE.replace(b'"-"', b"9" * 5000),
        WHOLE.replace(b'"-"', b'"21 \xb0C"'),
        WHOLE.replace(b'"-"', b'"a\0b\n"'),
        WHOLE.replace(b'"-"', b"[" * 2000 + b"]" * 2000),
        WHOLE.replace(b'"-"', b""),
    ],
    ids=["mark", "nuls", "nul before", "nan", "c-nan", "digits", "byte", "control", "levels", "nothing"],
)
@pytest.mark.parametrize("kind", ["readings", "backlog"])
def test_what_nobody_reads_costs_nothing(payload: bytes, kind: str) -> None:
    if kind == "backlog":
        payload = b'{"readings":[' + payload + b"]}"
    (reading,) = decode(make_arrival(payload, f"octopus/v1/ecolab-1/E1C1/{kind}"), STATION)
    assert (reading.rows, reading.reason) == ([(2, TEXT, 400.0, 0)], None)


def test_other_encodings_are_read() -> None:
    (reading,) = decode(make_arrival(WHOLE.decode().encode("utf-16")), STATION)
    assert (reading.rows, reading.reason) == ([(2, TEXT, 400.0, 0)], None)


@pytest.mark.parametrize("written", [b"nan", b"-nan(ind)", b"1.#IND", b"9" * 5000, b'"4\xb0"', b"4,5", b"", b'"a\0"'])
def test_a_value_that_is_no_json_costs_that_value_alone(written: bytes) -> None:
    payload = WHOLE.replace(b'"co2":400', b'"co2":%b,"air_temperature":18.02' % written)
    (reading,) = decode(make_arrival(payload), STATION)
    assert reading.rows == [(1, TEXT, 18.02, 0)]
    assert "'co2': " in (reading.reason or "")
    assert "is not a number" in (reading.reason or "")


@pytest.mark.parametrize(
    ("at", "quality", "words"),
    [
        (text_of(NOW + 119), 0, None),
        (text_of(NOW + 121), 1, None),
        (text_of(NOW + 86_399), 1, None),
        (text_of(NOW + 86_401), None, "more than a day in the future"),
        ("1999-12-31T23:59:59Z", None, "before 2000"),
        ("1970-01-01T00:00:00Z", None, "before 2000"),
        ("2000-01-01T00:00:00Z", 0, None),
        ("2026-11-23T14:28:23", None, "with an offset"),
        ("2026-11-23T15:28:23+01:00", 0, None),
        (1763908103, None, "RFC 3339 text"),
        ("yesterday", None, "RFC 3339 text"),
        ("0001-01-01T00:00:00+14:00", None, "RFC 3339 text"),
        (None, None, "observed_at is missing"),
    ],
)
def test_times(at: Any, quality: int | None, words: str | None) -> None:
    (reading,) = decode(make_arrival(make_reading(at, publisher="a", sequence=1)), STATION)
    assert [row[3] for row in reading.rows] == ([] if quality is None else [quality] * 2)
    assert (reading.reason is None) if words is None else (words in (reading.reason or ""))
    assert reading.sequence == 1, "a reading that is refused has a number all the same"


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("octopus/v1/ecolab-9/E1C1/readings", "no unit is called ecolab-9"),
        ("octopus/v1/ecolab-1/E9C9/readings", "no cell is called E9C9"),
        ("octopus/v1/ecolab-2/E1C1/readings", "cell E1C1 belongs to unit ecolab-1, not to ecolab-2"),
        ("octopus/v1/services/E1C1/readings", "the topic does not fit"),
        ("octopus/v1/ecolab-1/E1'C1/readings", "the topic does not fit"),
        ("", "the topic does not fit"),
    ],
)
def test_places(topic: str, words: str) -> None:
    (reading,) = decode(make_arrival(make_reading(), topic), STATION)
    assert reading.rows == []
    assert words in (reading.reason or "")


@pytest.mark.parametrize(
    ("numbering", "words"),
    [
        ({"publisher": "a"}, "belong together"),
        ({"sequence": 1}, "belong together"),
        ({"publisher": "a", "sequence": 0}, "not a number of an outbox"),
        ({"publisher": "a", "sequence": 1.5}, "not a number of an outbox"),
        ({"publisher": "a", "sequence": 2**63}, "not a number of an outbox"),
        ({"publisher": "a b", "sequence": 1}, "not a number of an outbox"),
    ],
)
def test_a_bad_number_costs_the_number_not_the_values(numbering: dict[str, Any], words: str) -> None:
    (reading,) = decode(make_arrival(make_reading(**numbering)), STATION)
    assert len(reading.rows) == 2
    assert (reading.publisher, reading.sequence) == (None, None)
    assert words in (reading.reason or "")


def test_one_bad_reading_of_a_backlog_does_not_cost_the_others() -> None:
    backlog = {
        "readings": [
            make_reading(publisher="a", sequence=1),
            make_reading("nonsense", publisher="a", sequence=2),
            7,
            make_reading(publisher="a", sequence=3),
        ]
    }
    readings = decode(make_arrival(backlog, "octopus/v1/ecolab-1/E1C1/backlog"), STATION)
    assert [(reading.sequence, len(reading.rows)) for reading in readings] == [(1, 2), (2, 0), (None, 0), (3, 2)]
    assert [reading.reason is None for reading in readings] == [True, False, False, True]
    assert readings[2].payload == b"7"


def test_a_flood_of_nonsense_in_one_backlog_is_told_in_short() -> None:
    readings = decode(make_arrival({"readings": [1] * 5000}, "octopus/v1/ecolab-1/E1C1/backlog"), STATION)
    assert len(readings) == 101
    assert readings[-1].reason == "4900 more readings of this message are like those before"


@pytest.mark.parametrize("kind", ["readings", "backlog"])
def test_a_huge_payload_is_refused_unread(kind: str) -> None:
    payload = orjson.dumps(make_reading()) + b" " * MAX_PAYLOAD
    (reading,) = decode(make_arrival(payload, f"octopus/v1/ecolab-1/E1C1/{kind}"), STATION)
    assert "at most 262144" in (reading.reason or "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
LIKE_A_READING = st.fixed_dictionaries(
    {},
    optional={
        "publisher": JSON | st.just("a"),
        "sequence": JSON | st.integers(1, 9),
        "observed_at": JSON | st.just("2026-11-23T14:28:23.376Z"),
        "values": JSON | st.dictionaries(st.sampled_from(["air_temperature", "co2", "x"]), JSON | st.floats()),
        "readings": st.lists(JSON, max_size=4),
    },
)


@given(content=JSON | LIKE_A_READING | st.builds(lambda r: {"readings": r}, st.lists(LIKE_A_READING, max_size=4)))
def test_whatever_comes_is_rows_or_a_reason(content: Any) -> None:
    import json

    payload = json.dumps(content).encode()
    for kind in ("readings", "backlog"):
        for reading in decode(make_arrival(payload, f"octopus/v1/ecolab-1/E1C1/{kind}"), STATION):
            assert reading.rows or reading.reason
            assert len(reading.reason or "") <= 1024
            assert all(value is None or abs(value) <= 1e100 for _, _, value, _ in reading.rows)


@given(payload=st.binary(max_size=200))
def test_bytes_never_raise(payload: bytes) -> None:
    for kind in ("readings", "backlog"):
        assert decode(make_arrival(payload, f"octopus/v1/ecolab-1/E1C1/{kind}"), STATION)
