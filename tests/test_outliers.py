"""Rates that stand out, against vectors computed by hand, against the definitions, and against statsmodels."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ticketing.projections.outliers import Point, binomial_limits, funnel, laney, pooled

RATES = st.lists(
    st.integers(0, 120).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=12
)
COMPLAINTS = [(12, 400), (15, 420), (9, 380), (30, 410), (14, 405), (11, 390), (16, 415), (13, 400)]


def test_laneys_chart_of_the_vector() -> None:
    chart = laney(COMPLAINTS)
    assert chart.centre is not None
    assert chart.sigma_z is not None
    assert (round(chart.centre, 5), round(chart.sigma_z, 4)) == (0.03727, 1.7190)
    point = chart.points[3]
    assert point is not None
    assert point.limits is not None
    assert point.limits_prime is not None
    assert round(30 / 410, 5) == 0.07317
    assert (round(point.limits[1], 5), round(point.limits_prime[1], 5)) == (0.06533, 0.08551)
    signals = [(point.is_signal, point.is_signal_prime) for point in chart.points if point is not None]
    assert signals == [(number == 3, False) for number in range(8)]


def test_a_month_below_the_limits_is_a_signal_too() -> None:
    # p̄ = 150/330; the last month, 0 of 30, lies p̄/√(p̄(1 - p̄)/30) = √(30 · 150/180) = 5 deviations below it.
    chart = laney([(14, 30), (16, 30), (14, 30), (16, 30), (14, 30), (16, 30), (60, 120), (0, 30)])
    assert chart.centre == 150 / 330
    point = chart.points[-1]
    assert point is not None
    assert point.z is not None
    assert point.limits is not None
    assert round(point.z, 9) == -5
    assert point.is_signal
    assert point.limits[0] > 0


def test_a_month_without_cases_has_no_point_and_its_neighbours_are_neighbours() -> None:
    with_gap = laney([(3, 40), (0, 0), (9, 40)])
    assert with_gap.points[1] is None
    assert (with_gap.centre, with_gap.sigma_z) == (laney([(3, 40), (9, 40)]).centre, laney([(3, 40), (9, 40)]).sigma_z)


def test_where_months_differ_by_chance_alone_both_charts_are_the_same() -> None:
    # p̄ = ½, a deviation 0.5/√10⁶ = 0.0005: z = ∓0.000282/0.0005 = ∓0.564, their range 1.128, σ_z = 1.
    chart = laney([(499718, 10**6), (500282, 10**6)])
    assert chart.sigma_z == pytest.approx(1)
    for point in chart.points:
        assert point is not None
        assert point.limits_prime == pytest.approx(point.limits)


@pytest.mark.parametrize(
    ("rates", "centre", "points"),
    [
        ([], None, ()),
        ([(0, 0)], None, (None,)),
        ([(1, 4)], 0.25, (Point(0.0, (0.0, 0.25 + 3 * math.sqrt(0.25 * 0.75 / 4)), None, False, False),)),
        ([(0, 4), (0, 9)], 0, (Point(None, (0, 0), None, False, False),) * 2),
        ([(4, 4), (9, 9)], 1, (Point(None, (1, 1), None, False, False),) * 2),
        ([(2, 4), (2, 4)], 0.5, (Point(0, (0, 1), (0.5, 0.5), False, False),) * 2),
    ],
)
def test_a_chart_of_hardly_anything(
    rates: list[tuple[int, int]], centre: float | None, points: tuple[Point | None, ...]
) -> None:
    chart = laney(rates)
    assert (chart.centre, chart.points) == (centre, points)


@given(RATES)
def test_a_signal_is_a_rate_outside_the_limits(rates: list[tuple[int, int]]) -> None:
    for (numerator, n), point in zip(rates, laney(rates).points, strict=True):
        assert (point is None) == (n == 0)
        if point is None:
            continue
        for limits, is_signal in ((point.limits, point.is_signal), (point.limits_prime, point.is_signal_prime)):
            if limits is not None:
                assert 0 <= limits[0] <= limits[1] <= 1
                assert is_signal == (not limits[0] - 1e-9 <= numerator / n <= limits[1] + 1e-9)


def test_the_limits_of_a_funnel_are_interpolated_between_whole_cases() -> None:
    # Ten coins: F(1) = 11/1024 = 0.010742, F(2) = 56/1024 = 0.054688. α = (0.054688 - 0.025) / 0.043945 = 0.675556;
    # (2 - 0.675556) / 10 = 0.132444, and 1 - 0.132444 above.
    [limits] = binomial_limits(0.5, [10], 0.025)
    assert limits == pytest.approx((0.1324444, 0.8675556), abs=1e-7)
    # Of one in a hundred, four cases: F(0) = 0.99^4 = 0.960596 is past 0.025, so nothing is below; F(1) = 0.999408.
    # Not having it: F'(2) = 1 - F(1) = 0.000592, F'(3) = 1 - F(0) = 0.039404. α = (0.039404 - 0.025) / 0.038812
    # = 0.371123; (3 - 0.371123) / 4 = 0.657219, and above 1 - 0.657219 = 0.342781.
    assert binomial_limits(0.01, [4, 0], 0.025) == [pytest.approx((0, 0.342781), abs=1e-6), None]
    assert binomial_limits(0, [7], 0.001) == [(0, 0)]
    assert binomial_limits(1, [7], 0.001) == [(1, 1)]


@given(st.floats(0.001, 0.999), st.integers(1, 300), st.sampled_from([0.025, 0.001]))
def test_by_chance_no_more_lie_outside_the_limits_on_either_side_than_the_tail(
    rate: float, n: int, tail: float
) -> None:
    [limits] = binomial_limits(rate, [n], tail)
    assert limits is not None
    number = np.arange(n + 1)
    chance = stats.binom.pmf(number, n, rate)
    assert chance[number / n < limits[0] - 1e-12].sum() <= tail + 1e-9
    assert chance[number / n > limits[1] + 1e-12].sum() <= tail + 1e-9


def test_a_group_that_differs_from_the_others_by_more_than_chance_stands_out() -> None:
    # The lady tasting tea: of 8 cups 4 and 4, 4 right of 4 against 0 of 4. 2 of the 70 ways are as far apart: 2/70.
    north, south = funnel([(4, 4), (0, 4)], 4)
    for one in (north, south):
        assert one.p == pytest.approx(2 / 70)
        assert one.p_adjusted == pytest.approx(2 / 70)
    assert (north.stands_out, south.stands_out) == ("above", "below")
    # 3 of 4 against 1 of 4: (16 + 1 + 16 + 1) / 70.
    assert funnel([(3, 4), (1, 4)], 4)[0].p == pytest.approx(34 / 70)


def test_the_more_groups_are_asked_about_the_farther_one_must_stand_out() -> None:
    # 4 of 4 against 7 of 28: C(28, 7)/C(32, 11) = 0.009177, on two sides the same; of eight groups 8 · 0.009177 > 0.05.
    rates = [(4, 4), *[(1, 4)] * 7]
    first = funnel(rates, 4)[0]
    assert first.p == pytest.approx(math.comb(28, 7) / math.comb(32, 11))
    assert first.p_adjusted == pytest.approx(8 * math.comb(28, 7) / math.comb(32, 11))
    assert first.stands_out is None
    # As one of two groups that are large enough, the rest being one, it does.
    assert funnel([(4, 4), (7, 28)], 4)[0].stands_out == "above"


def test_a_group_of_too_few_is_one_of_the_others_and_no_more() -> None:
    large, small, none = funnel([(10, 20), (2, 2), (0, 0)], 20)
    assert large.p == pytest.approx(stats.fisher_exact([[10, 10], [2, 0]]).pvalue)
    assert large.p_adjusted == large.p
    assert large.rank == 1
    assert (small.p, small.p_adjusted, small.rank, small.stands_out, small.is_too_few) == (None, None, None, None, True)
    assert small.limits == binomial_limits(12 / 22, [2], 0.025)[0]
    assert small.wide_limits == binomial_limits(12 / 22, [2], 0.001)[0]
    assert (none.limits, none.is_too_few) == (None, True)


def test_the_highest_rate_is_first_and_equals_share_their_rank() -> None:
    rates = [(1, 20), (4, 40), (2, 20), (0, 30), (9, 9)]
    assert [standing.rank for standing in funnel(rates, 20)] == [3, 1, 1, 4, None]


def test_one_group_alone_differs_from_nobody() -> None:
    [alone] = funnel([(3, 30)], 20)
    assert (alone.p, alone.p_adjusted, alone.stands_out, alone.rank) == (None, None, None, 1)
    assert funnel([], 20) == []


@pytest.mark.parametrize("all_of_them", [0, 1])
def test_where_none_or_all_had_it_nobody_stands_out(all_of_them: int) -> None:
    for standing in funnel([(30 * all_of_them, 30), (50 * all_of_them, 50)], 20):
        assert standing.limits == pytest.approx((all_of_them, all_of_them))
        assert (standing.p, standing.p_adjusted, standing.stands_out) == (1, 1, None)


@given(RATES, st.integers(1, 60))
@settings(max_examples=50)
def test_the_adjusted_probabilities_agree_with_statsmodels(rates: list[tuple[int, int]], minimum_n: int) -> None:
    assume(sum(n > 0 for _, n in rates) > 1)
    standings = [standing for standing in funnel(rates, minimum_n) if not standing.is_too_few]
    assert len(standings) == sum(n >= minimum_n for _, n in rates)
    if standings:
        rejected, adjusted, _, _ = multipletests([one.p for one in standings], alpha=0.05, method="fdr_bh")
        assert [one.p_adjusted for one in standings] == pytest.approx(list(adjusted), rel=0, abs=1e-9)
        assert [one.stands_out is not None for one in standings] == list(rejected)


@given(RATES)
@settings(max_examples=50)
def test_who_stands_out_does_so_whichever_of_the_two_is_counted(rates: list[tuple[int, int]]) -> None:
    mirrored = funnel([(n - numerator, n) for numerator, n in rates], 10)
    other_side = {"above": "below", "below": "above", None: None}
    for rate, one, other in zip(rates, funnel(rates, 10), mirrored, strict=True):
        assert other.stands_out == other_side[one.stands_out]
        if one.limits is not None and other.limits is not None:
            assert other.limits == pytest.approx((1 - one.limits[1], 1 - one.limits[0]), abs=1e-9)
        if one.stands_out is not None:
            centre = pooled(rates)
            assert centre is not None
            assert (Fraction(*rate) > centre) == (one.stands_out == "above")
