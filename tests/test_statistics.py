"""The estimates and limits, against vectors computed by hand and against scipy."""

import math
import sys
import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ticketing.domain.errors import BadInput
from ticketing.projections.statistics import (
    Quantile,
    cumulative_incidence,
    nearest_rank,
    quantile,
    rounded,
    wilson,
)

DURATIONS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["ended", "competing", "censored"])), max_size=40)


@pytest.mark.parametrize(
    ("numerator", "denominator", "limits"),
    [
        (0, 20, (0, 0.1611)),
        (3, 100, (0.0103, 0.0845)),
        (12, 400, (0.0172, 0.0517)),
        (1, 1, (0.2065, 1)),
    ],
)
def test_the_limits_of_a_share_are_wilsons(numerator: int, denominator: int, limits: tuple[float, float]) -> None:
    assert tuple(round(limit, 4) for limit in wilson(numerator, denominator)) == limits


@pytest.mark.parametrize(
    ("percent", "value"),
    # Five values: ranks ⌈0.2·5⌉ = 1, ⌈0.21·5⌉ = ⌈1.05⌉ = 2, ⌈0.5·5⌉ = 3, ⌈0.9·5⌉ = ⌈4.5⌉ = 5, 5.
    [(20, 15), (21, 20), (50, 35), (90, 50), (100, 50)],
)
def test_a_percentile_of_closed_tickets_is_the_nearest_rank(percent: int, value: int) -> None:
    assert nearest_rank([15, 20, 35, 40, 50], percent) == value


def test_without_competing_endings_the_incidence_is_kaplan_and_meiers() -> None:
    # Six tickets: ended after 1, 2, 2 and 4, last seen open at 3 and 5.
    # S(1) = 5/6; S(2) = 5/6 · 3/5 = 1/2; the one seen until 3 leaves, two remain; S(4) = 1/2 · 1/2 = 1/4.
    steps = cumulative_incidence({1: 1, 2: 2, 4: 1}, {}, {3: 1, 5: 1})
    assert [(step.at, round(step.share, 9)) for step in steps] == [(1, round(1 / 6, 9)), (2, 0.5), (4, 0.75)]
    # Greenwood at 2: 1/(6·5) + 2/(5·3) = 1/6. ln S = ln 1/2. 1.959964 · √(1/6) / 0.693147 = 1.154375; its exponential
    # is 3.172041 and 0.315254; S lies between 0.5^3.172041 = 0.110948 and 0.5^0.315254 = 0.803709.
    assert (round(steps[1].low, 4), round(steps[1].high, 4)) == (0.1963, 0.8891)
    assert quantile(steps, 50) == Quantile(2, 1, None)
    assert quantile(steps, 90).at is None


def test_who_is_last_seen_when_another_ends_was_still_at_risk() -> None:
    # Two tickets at the same instant, one ended, one last seen: of two at risk one ended, 1/2 and not 1.
    assert cumulative_incidence({7: 1}, {}, {7: 1})[0].share == 0.5


def test_a_competing_ending_takes_its_share_for_good() -> None:
    # Five tickets: back after 1, 3 and 5, disposed of after 2, last seen at 4.
    # F(1) = 1/5, S = 4/5; disposed: S = 3/5; F(3) = 1/5 + 3/5 · 1/3 = 2/5, S = 2/5; one leaves; F(5) = 2/5 + 2/5 · 1/1.
    steps = cumulative_incidence({1: 1, 3: 1, 5: 1}, {2: 1}, {4: 1})
    assert [(step.at, round(step.share, 9)) for step in steps] == [(1, 0.2), (2, 0.2), (3, 0.4), (5, 0.8)]
    # Nobody has left unseen by 3, so the variance is the binomial 0.4 · 0.6 / 5 = 0.048.
    # 1.959964 · √0.048 / (0.6 · -ln 0.6) = 0.429406 / 0.306495 = 1.401021, its exponential 4.059344:
    # 1 - 0.6^(1/4.059344) = 0.118244 and 1 - 0.6^4.059344 = 0.874270.
    assert (round(steps[2].low, 4), round(steps[2].high, 4)) == (0.1182, 0.8743)
    assert quantile(steps, 80).at == 5
    assert quantile(steps, 90) == Quantile(None, 5, None)


def test_a_level_reached_to_the_last_ticket_is_reached() -> None:
    # 1 - (9/10 · 8/9 · 7/8 · 6/7 · 5/6) is one half, and something less in binary.
    assert quantile(cumulative_incidence(Counter(range(1, 11)), {}, {}), 50).at == 5


def test_nobody_has_no_incidence() -> None:
    assert cumulative_incidence({}, {}, {}) == []
    assert quantile([], 50) == Quantile(None, None, None)


@given(DURATIONS)
def test_the_shares_of_all_endings_and_of_the_open_make_one(cases: list[tuple[int, str]]) -> None:
    ended, competing, censored = (Counter(at for at, how in cases if how == kind) for kind in KINDS)
    one_way = cumulative_incidence(ended, competing, censored)
    other_way = cumulative_incidence(competing, ended, censored)
    either = cumulative_incidence(ended + competing, {}, censored)
    for one, other, both in zip(one_way, other_way, either, strict=True):
        assert math.isclose(one.share + other.share, both.share, abs_tol=1e-12)
        assert 0 <= one.low <= one.share + 1e-12
        assert one.share <= one.high + 1e-12 <= 1 + 2e-12


@given(DURATIONS)
def test_kaplan_and_meier_agrees_with_scipy(cases: list[tuple[int, str]]) -> None:
    ended = Counter(at for at, how in cases if how != "censored")
    censored = Counter(at for at, how in cases if how == "censored")
    steps = cumulative_incidence(ended, {}, censored)
    if not ended:
        assert steps == []
        return
    data = stats.CensoredData(uncensored=list(ended.elements()), right=list(censored.elements()))
    curve = stats.ecdf(data).sf
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        limits = curve.confidence_interval(method="log-log")
    survival = dict(
        zip(
            curve.quantiles,
            zip(curve.probabilities, limits.low.probabilities, limits.high.probabilities, strict=True),
            strict=True,
        )
    )
    for step in steps:
        rest, low, high = survival[step.at]
        assert math.isclose(1 - step.share, rest, abs_tol=1e-9)
        if not math.isnan(low):  # scipy gives none once all have ended
            assert math.isclose(1 - step.high, low, abs_tol=1e-9)
            assert math.isclose(1 - step.low, high, abs_tol=1e-9)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(1, 99))
def test_where_all_have_ended_the_quantile_is_the_nearest_rank(durations: list[int], percent: int) -> None:
    steps = cumulative_incidence(Counter(durations), {}, {})
    assert quantile(steps, percent).at == nearest_rank(sorted(durations), percent)


def test_numbers_are_printed_with_six_decimals_and_never_as_minus_zero() -> None:
    assert rounded(2 / 3) == 0.666667
    assert rounded(0.0000005) == 0.0  # half to even
    assert str(rounded(-1e-9)) == "0.0"


def test_without_scipy_a_rate_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)  # the import fails, as where it is not installed
    with pytest.raises(BadInput, match=r"^limits of rates need scipy: install ticketing\[figures\]$"):
        wilson(1, 2)


KINDS = ("ended", "competing", "censored")
