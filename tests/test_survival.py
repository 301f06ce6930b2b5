"""Shares that end by a duration: by hand, against scipy, and against lifelines and statsmodels."""

import math
import sys
import time
from array import array
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from ticketing.domain.errors import BadInput
from ticketing.projections.statistics import nearest_rank
from ticketing.projections.survival import Quantile, incidence

Cases = tuple[list[int], list[int], list[int]]

Z = NormalDist().inv_cdf(0.975)
KINDS = st.sampled_from([0, 1, 2])


def _sorted_out(cases: Sequence[tuple[int, int]]) -> Cases:
    """The durations of those that ended, ended otherwise, and were last seen open."""
    ended, competing, censored = ([at for at, kind in cases if kind == of] for of in range(3))
    return ended, competing, censored


CASES = st.lists(st.tuples(st.integers(0, 12), KINDS), max_size=40).map(_sorted_out)
UNTIED = st.lists(
    # Endings of one kind at even durations and of the other at odd ones.
    st.tuples(st.integers(1, 12), KINDS).map(lambda case: (2 * case[0] + (case[1] == 1), case[1])),
    min_size=1,
    max_size=40,
).map(_sorted_out)


def _limits(share: float, error: float) -> tuple[float, float]:
    """The limits by log(-log(1 - share)), from the standard error of the share."""
    rest = 1 - share
    factor = math.exp(Z * error / (rest * -math.log(rest)))
    return 1 - rest ** (1 / factor), 1 - rest**factor


def _near(found: tuple[float, ...], expected: tuple[float, ...]) -> bool:
    return all(math.isclose(one, other, abs_tol=1e-9) for one, other in zip(found, expected, strict=True))


def test_without_competing_endings_the_incidence_is_kaplan_and_meiers() -> None:
    # Six tickets: ended after 1, 2, 2 and 4, last seen open at 3 and 5.
    # S(1) = 5/6; S(2) = 5/6 · 3/5 = 1/2; the one seen until 3 leaves, two remain; S(4) = 1/2 · 1/2 = 1/4.
    curve = incidence([4, 2, 1, 2], [], [5, 3])
    assert curve.at.tolist() == [1, 2, 4]
    assert _near(tuple(curve.share), (1 / 6, 0.5, 0.75))
    # Greenwood at 2: 1/(6·5) + 2/(5·3) = 1/6. ln S = ln 1/2. 1.959964 · √(1/6) / 0.693147 = 1.154375; its exponential
    # is 3.172041 and 0.315254; S lies between 0.5^3.172041 = 0.110948 and 0.5^0.315254 = 0.803709.
    assert tuple(round(number, 4) for number in curve.share_by(3)) == (0.5, 0.1963, 0.8891)
    assert curve.share_by(0) == (0, 0, 0)
    assert curve.quantile(50) == Quantile(2, 1, None)
    assert curve.quantile(90).at is None


def test_who_is_last_seen_when_another_ends_was_still_at_risk() -> None:
    # Two tickets at the same instant, one ended, one last seen: of two at risk one ended, 1/2 and not 1.
    assert incidence([7], [], [7]).share_by(7)[0] == 0.5
    # The same where a third ended otherwise before: 2/3 · 1/2.
    assert _near(incidence([7], [6], [7]).share_by(7)[:1], (1 / 3,))


def test_a_competing_ending_takes_its_share_for_good() -> None:
    # Five tickets: back after 1, 3 and 5, disposed of after 2, last seen at 4.
    # F(1) = 1/5, S = 4/5; disposed: S = 3/5; F(3) = 1/5 + 3/5 · 1/3 = 2/5, S = 2/5; one leaves; F(5) = 2/5 + 2/5 · 1/1.
    curve = incidence([1, 3, 5], [2], [4])
    assert curve.at.tolist() == [1, 3, 5]
    assert _near(tuple(curve.share), (0.2, 0.4, 0.8))
    # Nobody has left unseen by 3, so the variance is the binomial 0.4 · 0.6 / 5 = 0.048.
    # 1.959964 · √0.048 / (0.6 · -ln 0.6) = 0.429406 / 0.306495 = 1.401021, its exponential 4.059344:
    # 1 - 0.6^(1/4.059344) = 0.118244 and 1 - 0.6^4.059344 = 0.874270.
    assert tuple(round(limit, 4) for limit in curve.share_by(4)[1:]) == (0.1182, 0.8743)
    assert curve.quantile(80).at == 5
    assert curve.quantile(90) == Quantile(None, 5, None)


def test_once_all_have_ended_the_lower_limit_stays_what_it_was() -> None:
    # 1 of 2: -ln ½ = 0.693147, variance of ln S 1/(2·1), 1.959964 · √½ / 0.693147 = 1.999464, exponential 7.385094:
    # 1 - 0.5^(1/7.385094) = 0.0896 and 1 - 0.5^7.385094 = 0.9940.
    curve = incidence([1, 2], [], [])
    assert tuple(round(number, 4) for number in curve.share_by(1)) == (0.5, 0.0896, 0.9940)
    assert curve.share_by(2) == (1.0, curve.share_by(1)[1], 1.0)
    assert incidence([3], [], []).share_by(3) == (1, 0, 1)


def test_a_level_reached_to_the_last_ticket_is_reached() -> None:
    # Of ten the first five: 1/10 each, and something less than one half in binary.
    curve = incidence(range(1, 6), range(6, 11), [])
    assert curve.share_by(5)[0] < 0.5
    assert curve.quantile(50).at == 5
    # Of ten the first one, the last being open: 1 - 9/10 is something less than a tenth.
    curve = incidence(range(1, 10), [], [10])
    assert curve.share_by(1)[0] < 0.1
    assert curve.quantile(10).at == 1


@pytest.mark.parametrize("others", [[], [3]])
def test_where_nobody_ended_in_that_way_no_share_has(others: list[int]) -> None:
    curve = incidence([], others, [4])
    assert curve.quantile(1) == Quantile(None, None, None)
    assert curve.share_by(9) == (0, 0, 0)


def test_a_million_cases_take_less_than_a_second() -> None:
    random = np.random.default_rng(7)
    ended, competing, censored = (
        array("q", random.integers(0, 5_000_000, size).tolist()) for size in (900_000, 50_000, 50_000)
    )
    before = time.process_time()
    incidence(ended, competing, censored).quantile(90)
    incidence(ended, [], censored).quantile(90)
    assert time.process_time() - before < 2


@given(CASES)
def test_the_shares_of_all_endings_and_of_the_open_make_one(cases: Cases) -> None:
    ended, competing, censored = cases
    one_way = incidence(ended, competing, censored)
    other_way = incidence(competing, ended, censored)
    either = incidence(ended + competing, [], censored)
    for at in range(13):
        share, low, high = one_way.share_by(at)
        assert math.isclose(share + other_way.share_by(at)[0], either.share_by(at)[0], abs_tol=1e-12)
        assert 0 <= low <= share + 1e-12
        assert share <= high + 1e-12 <= 1 + 2e-12


@given(CASES)
def test_a_competing_ending_after_all_others_changes_nothing_before_it(cases: Cases) -> None:
    # So the two estimators are the same: one more case, at risk throughout, is last seen at 13, or ends otherwise then.
    ended, _, censored = cases
    kaplan_meier, aalen_johansen = incidence(ended, [], [*censored, 13]), incidence(ended, [13], censored)
    assert kaplan_meier.at.tolist() == aalen_johansen.at.tolist()
    for at in range(13):
        assert _near(kaplan_meier.share_by(at), aalen_johansen.share_by(at))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=60), st.integers(1, 99))
def test_where_all_have_ended_the_quantile_is_the_nearest_rank(durations: list[int], percent: int) -> None:
    assert incidence(durations, [], []).quantile(percent).at == nearest_rank(sorted(durations), percent)


@given(CASES)
@settings(max_examples=40)
def test_kaplan_and_meier_agrees_with_lifelines_and_statsmodels(cases: Cases) -> None:
    # lifelines has no upper limit of the share once all have ended, and statsmodels no standard error.
    ended, _, censored = cases
    curve = incidence(ended, [], censored)
    if not ended:
        return
    durations = np.array([*ended, *censored])
    observed = np.array([1] * len(ended) + [0] * len(censored))
    theirs = KaplanMeierFitter().fit(durations, observed)
    survival, limits = theirs.survival_function_.iloc[:, 0], theirs.confidence_interval_
    others = SurvfuncRight(durations, observed)
    error_at = dict(zip(others.surv_times, zip(others.surv_prob, others.surv_prob_se, strict=True), strict=True))
    for at in curve.at.tolist():
        share, low, high = curve.share_by(at)
        rest, error = error_at[at]
        assert _near((1 - share, 1 - share), (survival[at], rest))
        if share < 1:
            assert _near((1 - high, 1 - low), tuple(limits.loc[at]))
            assert _near((low, high), _limits(share, error))


@given(UNTIED)
@settings(max_examples=40)
def test_aalen_and_johansen_agrees_with_lifelines_where_no_two_kinds_end_at_once(cases: Cases) -> None:
    # Where two kinds end at the same duration lifelines shifts them apart at random, so there it defines another thing.
    # Its limits are those of log(-log(share)) instead of log(-log(1 - share)); its variance is ours. It has none once
    # nobody is left at risk.
    ended, competing, censored = cases
    if not ended or not competing:
        return
    curve = incidence(ended, competing, censored)
    kinds = [1] * len(ended) + [2] * len(competing) + [0] * len(censored)
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = AalenJohansenFitter().fit(np.array([*ended, *competing, *censored]), np.array(kinds), 1)
    shares, variances = theirs.cumulative_density_.iloc[:, 0], theirs.variance_
    for at in curve.at.tolist():
        share, low, high = curve.share_by(at)
        assert _near((share,), (shares[at],))
        if math.isfinite(variances[at]) and share < 1:
            assert _near((low, high), _limits(share, math.sqrt(variances[at])))


@given(CASES)
def test_aalen_and_johansen_agrees_with_statsmodels_also_where_two_kinds_end_at_once(cases: Cases) -> None:
    # statsmodels gives a standard error and no limits, and none once nobody is left at risk.
    ended, competing, censored = cases
    if not ended or not competing:
        return
    curve = incidence(ended, competing, censored)
    kinds = [1] * len(ended) + [2] * len(competing) + [0] * len(censored)
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = CumIncidenceRight(np.array([*ended, *competing, *censored]), np.array(kinds))
    for at, share, error in zip(theirs.times.tolist(), theirs.cinc[0], theirs.cinc_se[0], strict=True):
        ours, low, high = curve.share_by(at)
        assert _near((ours,), (share,))
        if at in curve.at and math.isfinite(error) and share < 1:
            assert _near((low, high), _limits(share, error))


def test_without_scipy_percentiles_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)  # the import fails, as where it is not installed
    with pytest.raises(BadInput, match=r"^percentiles and limits need scipy: install ticketing\[figures\]$"):
        incidence([1], [], [])
