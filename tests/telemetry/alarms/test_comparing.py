"""Odd one out: of cells that are asked the same, how far one is from the others."""

from hypothesis import given
from hypothesis import strategies as st

from telemetry.alarms.comparing import FEWEST, distances
from telemetry.judging import ValueVerdict

DEGREES = st.floats(-20, 20).map(lambda value: round(value, 2))


def verdict(value: float, target: float = 20.0) -> ValueVerdict:
    return ValueVerdict("ok", value, target=target, deviation=value - target)


def test_the_odd_cell_is_far_and_the_others_are_not() -> None:
    found = distances({"C1": verdict(20.5), "C2": verdict(20.25), "C3": verdict(20.5), "C4": verdict(17.5)})
    assert found == {"C1": 0.125, "C2": 0.125, "C3": 0.125, "C4": 2.875}


def test_cells_that_are_all_off_alike_are_not_odd() -> None:
    assert set(distances({cell: verdict(26.0) for cell in "ABCD"}).values()) == {0.0}


def test_cells_are_compared_with_those_that_are_asked_the_same() -> None:
    warm = {cell: verdict(25.0, 25.0) for cell in ("W1", "W2", "W3")}
    cold = {"K1": verdict(10.0, 10.0), "K2": verdict(10.0, 10.0), "K3": verdict(14.0, 10.0)}
    assert distances(warm | cold) == dict.fromkeys(("W1", "W2", "W3", "K1", "K2"), 0.0) | {"K3": 4.0}


def test_of_two_nobody_can_tell_which_one_is_odd() -> None:
    assert distances({"C1": verdict(20.0), "C2": verdict(30.0)}) == {}


def test_what_cannot_be_compared_neither_counts_nor_is_counted() -> None:
    cells = {"C1": verdict(20.0), "C2": verdict(20.0), "C3": verdict(23.0)}
    left_out = {
        "suspect": ValueVerdict("suspect", 90.0, target=20.0, deviation=70.0),
        "stale": ValueVerdict("stale", 20.0, target=20.0, deviation=0.0),
        "without setpoint": ValueVerdict("ok", 20.0),
        "without value": ValueVerdict("no_value", None, target=20.0),
    }
    assert distances(cells | left_out) == {"C1": 0.0, "C2": 0.0, "C3": 3.0}


@given(st.lists(DEGREES, min_size=FEWEST, max_size=18), DEGREES)
def test_what_moves_all_cells_makes_none_odd(deviations: list[float], moved: float) -> None:
    def found(by: float) -> list[float]:
        cells = {str(n): ValueVerdict("ok", 0.0, target=0.0, deviation=one + by) for n, one in enumerate(deviations)}
        return [round(one, 6) for one in distances(cells).values()]

    assert found(moved) == found(0.0)
    assert sum(one == 0 for one in found(0.0)) >= (len(deviations) % 2)
