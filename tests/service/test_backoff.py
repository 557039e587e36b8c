"""Waits grow to their longest and start anew after a success; a fault is news once."""

from service.backoff import BackOff


def test_waits_double_up_to_the_longest_and_start_anew() -> None:
    tries = BackOff(1.0, 5.0)
    assert [tries.next() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    tries.succeed()
    assert tries.next() == 1.0


def test_a_fault_is_news_once_for_each_change() -> None:
    tries = BackOff()
    assert [tries.is_new(fault) for fault in ("a", "a", "b", "b", "a")] == [True, False, True, False, True]
    assert tries.succeed()
    assert not tries.succeed()
    assert tries.is_new("a")
