"""One value that is no JSON costs that value alone; whatever the bytes, a document or a ValueError comes out."""

import json
import time
from contextlib import suppress
from math import inf, isnan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.tolerant_json import read_json

AROUND = b'{"name": "E2C1", "odd": %b, "co2": 412}'
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=20
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (b"Infinity", inf),
        (b"-inf", -inf),
        (b"INF", inf),
        (b"1.#QNAN", "1.#QNAN"),
        (b"-1.#IND", "-1.#IND"),
        (b"", ""),
        (b"\0", ""),
        (b"N/A", "N/A"),
        (b"undefined", "undefined"),
        (b"18.2 \xc2\xb0C", "18.2 °C"),
        (b"18,02", "18,02"),
        (b"+18.2", "+18.2"),
        (b".5", ".5"),
        (b"007", "007"),
        (b"9" * 5000, inf),
        (b"-" + b"9" * 5000, -inf),
        (b"9" * 400, int("9" * 400)),
        (b'"18\xb0"', "18\udcb0"),
        (b'"a\0b"', "a\0b"),
        (b'"a\nb"', "a\nb"),
        (rb'"C:\data\x"', "C:\\data\\x"),
        (rb'"C:\\data\\x"', "C:\\data\\x"),
        (rb'"\u00e9\ud8"', "é\\ud8"),
        (b"[1, nan,]", [1, pytest.approx(float("nan"), nan_ok=True)]),
        (b'{"a": nan, "b": [1,2],}', {"a": pytest.approx(float("nan"), nan_ok=True), "b": [1, 2]}),
    ],
)
def test_a_value_that_is_no_json_costs_itself(written: bytes, meant: Any) -> None:
    found = read_json(AROUND % written)
    assert found == {"name": "E2C1", "odd": meant, "co2": 412}
    # Twice, so that the slow way is taken also for what `json` itself accepts.
    assert read_json(b'{"x": nan, "odd": %b, "co2": 412}' % written)["odd"] == meant


@pytest.mark.parametrize("written", [b"nan", b"NaN", b"NAN", b"-nan", b"+NaN"])
def test_not_a_number_is_a_float(written: bytes) -> None:
    found = read_json(AROUND % written)
    assert isnan(found["odd"])
    assert found["co2"] == 412


@pytest.mark.parametrize("depth", [50, 101, 900, 50_000])
def test_a_member_of_too_many_levels_costs_itself(depth: int) -> None:
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
        assert read_json(AROUND % (opened * depth + b"1" + closed * depth))["co2"] == 412


@pytest.mark.parametrize(
    "before_and_after",
    [(b"\xef\xbb\xbf", b""), (b"", b"\0\0\0"), (b"\0", b"\r\n\0"), (b"\xef\xbb\xbf\xef\xbb\xbf", b"\xef\xbb\xbf\n")],
)
def test_marks_and_nuls_around_the_document(before_and_after: tuple[bytes, bytes]) -> None:
    before, after = before_and_after
    assert read_json(before + AROUND % b"1" + after)["co2"] == 412
    assert read_json(before + AROUND % b"nan" + after)["co2"] == 412


@pytest.mark.parametrize(
    ("encoding", "charset"),
    [
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-8", None),
        ("utf-8", "no-such-charset"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", "utf-8"),
        ("utf-32", None),
    ],
)
def test_encodings(encoding: str, charset: str | None) -> None:
    text = '{"T°C": 18.02, "état": "fermé"}'
    assert read_json(text.encode(encoding), charset) == json.loads(text)


def test_a_declared_charset_that_is_wrong_costs_the_wrong_byte_alone() -> None:
    assert read_json('{"état": "fermé", "co2": 412}'.encode("latin-1"), "utf-8")["co2"] == 412


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"hello", b"<html>", b"{", b'{"a', b'{"a": 1', b'{"a": [1}', b'{"a": 1]', b"[1, 2", b"[" * 60_000],
)
def test_what_has_no_end_is_no_document(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reason is Python's own
        read_json(body)


@pytest.mark.parametrize("piece", [b'"a":nan,', b'"a":1,2,', b'"a":[1,nan],', b'"a":"",'])
def test_a_flood_of_nonsense_is_given_up_soon(piece: bytes) -> None:
    body = b"{" + piece * (256 * 1024 // len(piece)) + b'"end":nan}'
    started = time.process_time()
    with suppress(ValueError):
        read_json(body)
    assert time.process_time() - started < 2, "a quarter of a second is usual"


@given(document=JSON)
def test_json_is_read_as_it_is(document: Any) -> None:
    body = json.dumps(document).encode()
    assert read_json(body) == document
    beside = read_json(b'{"x": nan, "document": %b}' % body)
    assert beside["document"] == document


@given(body=st.binary(max_size=200) | st.text('{}[]",:\\ \0n1.e-', max_size=60).map(str.encode))
def test_whatever_comes_is_a_document_or_a_value_error(body: bytes) -> None:
    with suppress(ValueError):
        read_json(body)
