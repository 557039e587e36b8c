"""Numbers as texts, as 32 bits and scaled: compared and kept as the number that was meant."""

import struct
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.sources.mapping import scaled
from publisher.sources.numbers import Missing, from_float32, number

NOT_NUMBERS = (
    "1.#QNAN", "-1.#IND", "-1.#IND00", "1,#QNAN0", "-1,#IND", "1.#SNAN", "-nan(ind)", "nan(snan)", "Nan", "NaN", "-nan",
    "+NAN", "NaNQ",
)  # fmt: skip


def as_float32(value: float) -> float:
    found: float = struct.unpack("f", struct.pack("f", value))[0]
    return found


@pytest.mark.parametrize(
    ("raw", "factor", "offset", "stored"),
    [
        (273.05, 1, -273.15, -0.1),
        (183, 0.1, 0, 18.3),
        (0.1, 1, 0.2, 0.3),
        (1.1, 1.1, 0, 1.21),
        (20.15, 1, -273.15, -253),
        (68, 5 / 9, -160 / 9, 20),
        (32, 5 / 9, -160 / 9, 0),
        (1234567890123456789, 0.001, 0, 1234567890123456.8),
        (4.35, 100, 0, 435),
        (0, -1, 0, 0),
    ],
)
def test_scaling_is_done_in_decimal(raw: float, factor: float, offset: float, stored: float) -> None:
    assert repr(scaled(raw, factor, offset)) == repr(float(stored))


@given(st.integers(-(10**8), 10**8), st.integers(-5, 5), st.integers(-(10**6), 10**6))
def test_tenths_stay_tenths(tenths: int, power: int, offset: int) -> None:
    assert scaled(tenths / 10, 1, offset / 100) == (tenths * 10 + offset) / 100
    assert scaled(tenths, float(f"1e{power}"), 0) == float(f"{tenths}e{power}")


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), 1e308, int("9" * 4000)])
def test_what_cannot_be_stored_is_a_fault(raw: float) -> None:
    with pytest.raises(ValueError, match=r"stored|scaled"):
        scaled(raw, 10, 0)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_32_bits_keep_their_number(value: float) -> None:
    short = from_float32(value)
    assert as_float32(short) == value
    assert len(repr(short)) <= len(repr(value))


@pytest.mark.parametrize("meant", [18.2, -9999.9, 0.1, 412.55, 1e-7, 16777216, 3.4e38])
def test_32_bits_are_read_as_the_decimal_number_that_they_stand_for(meant: float) -> None:
    assert from_float32(as_float32(meant)) == (meant if meant < 1e30 else as_float32(meant))


@pytest.mark.parametrize(
    ("text", "settings", "meant"),
    [
        ("1\u202f018,6", {"decimal": ","}, 1018.6),
        ("1\u00a0018,6", {"decimal": ",", "thousands": " "}, 1018.6),
        ("1 018,6", {"decimal": ",", "thousands": "\u202f"}, None),
        ("1 018 600,5", {"decimal": ",", "thousands": " "}, 1018600.5),
        ("\u22125,5", {"decimal": ","}, -5.5),
        ("\u00a018.2\u00a0", {}, 18.2),
        ("18,2 °C", {"decimal": ",", "unit": "°C"}, 18.2),
        ("18,2\u202f°C", {"decimal": ",", "unit": "°C"}, 18.2),
        ("60%", {"unit": "%"}, 60),
        ("1.018,6", {"decimal": ",", "thousands": "."}, 1018.6),
        ("-12'345.6", {"thousands": "'"}, -12345.6),
        ("1,5", {"thousands": ","}, None),
        ("1 2", {"thousands": " "}, None),
        ("1 018", {}, None),
        ("1_018", {}, None),
        ("18,2 °F", {"decimal": ",", "unit": "°C"}, None),
        ("", {}, None),
    ],
)
def test_texts(text: str, settings: dict[str, str], meant: float | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match="is no number"):
            number(text, **settings)
    else:
        assert number(text, **settings) == meant


@pytest.mark.parametrize("text", NOT_NUMBERS)
def test_what_programs_print_for_not_a_number_is_no_value(text: str) -> None:
    assert isnan(number(text))
    assert Missing(()).has(text)


@pytest.mark.parametrize(
    ("listed", "raw", "missing"),
    [
        ("-9999", "-9999,00", True),
        ("-9999", "-9999.0", True),
        ("-9999", "\u22129999", True),
        ("-9999", "-9\u202f999,0", True),
        ("-9999", "-9,999e3", True),
        ("-9999", -9999.0, True),
        (-9999, "-9999.00", True),
        ("-9999.9", as_float32(-9999.9), True),
        ("-9999,9", "-9999.900391", True),
        (-9999.9, "-9999.900390625", True),
        ("-1e20", as_float32(-1e20), True),
        ("6999", "+6999.", True),
        ("n/a", "N/A", True),
        ("-9999", "", True),
        ("-9999", "-9.999", False),
        ("-9999", "-999", False),
        ("-9999.9", "-9999.9001", False),
        ("2147483647", 2147483648, False),
        ("-9999", "9999", False),
        ("NA", "12", False),
        ("-9999", "inf", False),
    ],
)
def test_missing_is_compared_as_the_number_meant(listed: str | float, raw: str | float, *, missing: bool) -> None:
    assert Missing([listed]).has(raw) is missing


@given(st.integers(-99999, 99999), st.integers(0, 3), st.sampled_from(".,"))
def test_a_listed_number_is_found_however_it_is_written(value: int, places: int, decimal: str) -> None:
    text = f"{value / 10:.{places + 1}f}".replace(".", decimal)
    assert Missing([value / 10]).has(text)
    assert Missing([text]).has(value / 10)
    assert Missing([text]).has(as_float32(value / 10))
    assert not Missing([text]).has(value / 10 + 1)
