"""Messages travel and come back unchanged; whatever does not fit the tables is refused."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas import times
from schemas.messages import Reading, Status, Stored

codes = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
instants = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - hypothesis adds the zone
values = st.dictionaries(codes, st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)
GOOD = {"observed_at": "2026-11-23T14:28:23.376Z", "values": {"co2": 400}}


@given(st.integers(1, 2**63 - 1), instants, values)
def test_a_reading_comes_back(sequence: int, observed_at: datetime, its: dict[str, float | None]) -> None:
    sent = Reading(publisher="0f3c", sequence=sequence, observed_at=observed_at, values=its)
    assert Reading.model_validate_json(sent.to_json()) == sent
    assert sent.observed_at.tzinfo is UTC
    assert sent.observed_at.microsecond % 1000 == 0


def test_the_wire_is_what_the_documents_promise() -> None:
    text = (
        b'{"publisher":"0f3c","sequence":48213,"observed_at":"2026-11-23T14:28:23.376Z",'
        b'"values":{"air_temperature":18.02,"co2":null}}'
    )
    assert Reading.model_validate_json(text).to_json() == text


@pytest.mark.parametrize(
    "changes",
    [
        {"observed_at": "2026-11-23T14:28:23"},
        {"observed_at": "1700000000"},
        {"observed_at": 1700000000},
        {"observed_at": "2026-02-30T00:00:00Z"},
        {"observed_at": "yesterday"},
        {"values": {"co2": "400"}},
        {"values": {"co2": True}},
        {"values": {"co2": [400]}},
        {"values": {}},
        {"values": {"bad/code": 1}},
        {"values": {"x" * 65: 1}},
        {"publisher": "0f3c"},
        {"sequence": 3},
        {"publisher": "0f3c", "sequence": 0},
        {"publisher": "0f3c", "sequence": 2**63},
        {"publisher": "0f3c", "sequence": 1.5},
        {"publisher": "a b", "sequence": 1},
    ],
)
def test_a_reading_that_does_not_fit(changes: dict[str, object]) -> None:
    Reading.model_validate_json(json.dumps(GOOD))
    with pytest.raises(ValidationError):
        Reading.model_validate_json(json.dumps(GOOD | changes))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none(number: str) -> None:
    with pytest.raises(ValidationError):
        Reading.model_validate_json(json.dumps(GOOD).replace("400", number))


def test_unknown_members_are_ignored() -> None:
    assert Reading.model_validate_json(json.dumps(GOOD | {"colour": "grey"})).values == {"co2": 400.0}


def test_other_messages_come_back() -> None:
    status = Status(state="online", since=times.now(), publisher="0f3c", sequence=3, waiting=0)
    assert Status.model_validate_json(status.to_json()) == status
    stored = Stored(publisher="0f3c", ranges=[(1, 3), (5, 5)])
    assert stored.to_json() == b'{"publisher":"0f3c","ranges":[[1,3],[5,5]]}'
    assert Stored.model_validate_json(stored.to_json()) == stored
