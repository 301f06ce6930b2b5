"""Estimates of how long something still takes, by hand; its end may move while it runs."""

from datetime import timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.adapters.estimate import Estimate, Progress


def estimated(*looks: tuple[float, int, int]) -> Progress:
    """The progress at the last of some looks: seconds, done, total."""
    estimate = Estimate()
    for look in looks:
        progress = estimate.at(*look)
    return progress


def seconds(progress: Progress) -> float | None:
    return None if progress.remaining is None else progress.remaining.total_seconds()


def test_nothing_is_said_before_there_is_a_second_to_look_back_on() -> None:
    assert estimated((5.0, 10, 100)) == Progress(10, 100, None, None)
    assert estimated((5.0, 10, 100), (5.9, 60, 100)) == Progress(60, 100, None, None)
    assert estimated((5.0, 10, 100), (6.0, 60, 100)).rate == 50.0


def test_where_the_end_stands_still_it_takes_what_is_left_at_the_rate_of_late() -> None:
    # 50 of 100 in 10 s are 5 a second; the other 50 take 10 s.
    assert estimated((3.0, 0, 100), (13.0, 50, 100)) == Progress(50, 100, 5.0, timedelta(seconds=10))


def test_where_others_append_the_end_is_caught_up_with_slower() -> None:
    # 5 a second are done and 3 a second come in addition: of the 80 left, 2 a second are gained.
    assert estimated((0.0, 0, 100), (10.0, 50, 130)) == Progress(50, 130, 5.0, timedelta(seconds=40))


def test_nothing_is_promised_while_the_end_runs_away() -> None:
    assert estimated((0.0, 0, 100), (10.0, 50, 150)) == Progress(50, 150, 5.0, None)
    assert estimated((0.0, 0, 100), (10.0, 50, 170)) == Progress(50, 170, 5.0, None)
    assert estimated((0.0, 40, 100), (10.0, 40, 100)) == Progress(40, 100, 0.0, None)


def test_only_the_last_twenty_seconds_count() -> None:
    # A slow beginning, 1 a second, and then 10 a second from second 100 on: at second 121 only the fast part is seen.
    slow = [(float(at), at, 1_000) for at in range(0, 101, 10)]
    fast = [(100.0 + at, 100 + 10 * at, 1_000) for at in range(1, 22)]
    progress = estimated(*slow, *fast)
    assert (progress.done, progress.rate, seconds(progress)) == (310, 10.0, 69.0)


def test_a_page_that_takes_longer_than_that_is_looked_back_on_alone() -> None:
    # 100 in 50 s are 2 a second, and 100 are left.
    assert estimated((0.0, 0, 300), (50.0, 100, 300), (100.0, 200, 300)) == Progress(
        200, 300, 2.0, timedelta(seconds=50)
    )


def test_at_the_end_nothing_is_left_however_it_went() -> None:
    assert estimated((0.0, 100, 100)) == Progress(100, 100, None, timedelta(0))
    assert estimated((0.0, 0, 100), (10.0, 100, 100)) == Progress(100, 100, 10.0, timedelta(0))


@given(st.integers(2, 50), st.integers(0, 49), st.lists(st.integers(1, 30), min_size=1, max_size=20))
def test_where_all_goes_on_alike_the_promise_is_kept(rate: int, growth: int, steps: list[int]) -> None:
    looks = [(float(at), rate * at, 10_000 + growth * at) for at in accumulate([0, *steps])]
    progress = estimated(*looks)
    left = progress.total - progress.done
    if left <= 0:
        assert seconds(progress) == 0
    elif growth >= rate:
        assert progress.remaining is None
    else:
        assert seconds(progress) == pytest.approx(left / (rate - growth), abs=1e-5)
    assert progress.rate == pytest.approx(rate)
