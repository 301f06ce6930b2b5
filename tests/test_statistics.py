"""The limits of shares and counts, against vectors computed by hand and against statsmodels."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

from ticketing.domain.errors import BadInput
from ticketing.projections.statistics import nearest_rank, poisson, rounded, wilson


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


@pytest.mark.parametrize(("count", "limits"), [(0, (0, 3.6889)), (3, (0.6187, 8.7673)), (12, (6.2006, 20.9616))])
def test_the_limits_of_a_count_are_garwoods(count: int, limits: tuple[float, float]) -> None:
    assert tuple(round(limit, 4) for limit in poisson(count)) == limits


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_limits_of_a_share_agree_with_statsmodels(numerator: int, rest: int) -> None:
    denominator = max(1, numerator + rest)
    theirs = proportion_confint(numerator, denominator, method="wilson")
    assert np.allclose(wilson(numerator, denominator), theirs, rtol=0, atol=1e-9)


@given(st.integers(0, 100_000))
def test_the_limits_of_a_count_agree_with_statsmodels(count: int) -> None:
    assert np.allclose(poisson(count), confint_poisson(count, 1, method="exact-c"), rtol=1e-12, atol=1e-9)


def test_numbers_are_printed_with_six_decimals_and_never_as_minus_zero() -> None:
    assert rounded(2 / 3) == 0.666667
    assert rounded(0.0000005) == 0.0  # half to even
    assert str(rounded(-1e-9)) == "0.0"


def test_without_scipy_a_rate_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)  # the import fails, as where it is not installed
    with pytest.raises(BadInput, match=r"^percentiles and limits need scipy: install ticketing\[figures\]$"):
        wilson(1, 2)
