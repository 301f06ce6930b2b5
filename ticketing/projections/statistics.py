"""Statistics: the estimates and limits that the figures need, as pure functions of counts.

Everything a report prints is rounded here, to six decimals (half to even), so that the same counts give the same bytes
on every machine.
"""

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Union

from ticketing.domain.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Numbers = Union[Sequence[int], "NDArray[np.int64]"]
"""Whole numbers."""

CONFIDENCE = 0.95
DECIMALS = 6


def rounded(number: float) -> float:
    """The number as printed: six decimals, half to even, never minus zero."""
    return round(number, DECIMALS) + 0.0


def wilson(numerator: int, denominator: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The Wilson score limits of a share, each between 0 and 1.

    Args:
        numerator: How many of them had it.
        denominator: How many there were, at least 1.
        confidence: The coverage aimed at.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.

    Source: Wilson (1927), JASA 22:209-212, without continuity correction, as in `scipy.stats.binomtest`.
    """
    test = scipy_stats().binomtest(numerator, denominator)
    limits = test.proportion_ci(confidence_level=confidence, method="wilson")
    return float(limits.low), float(limits.high)


def poisson(count: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact limits of the expected number of events of which so many came.

    Args:
        count: How many came, at least 0.
        confidence: The coverage aimed at.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.

    Source: Garwood (1936), Biometrika 28:437-442, half of quantiles of chi².
    """
    quantile_of = scipy_stats().chi2.ppf
    tail = (1 - confidence) / 2
    low = float(quantile_of(tail, 2 * count)) / 2 if count else 0.0
    return low, float(quantile_of(1 - tail, 2 * count + 2)) / 2


def scipy_stats() -> ModuleType:
    """The statistics of scipy, which has numpy with it.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.
    """
    try:
        return import_module("scipy.stats")
    except ImportError:
        raise BadInput("percentiles and limits need scipy: install ticketing[figures]") from None


def nearest_rank(ordered: Numbers, percent: int) -> int:
    """The smallest value with at least so many percent of the values not above it; always one of the values.

    Args:
        ordered: The values in ascending order, at least one.
        percent: From 1 to 100.

    Source: definition 1 of Hyndman and Fan (1996), The American Statistician 50:361-365, the inverse of the empirical
    distribution: rank ⌈n·percent/100⌉, in integers.
    """
    return int(ordered[-(-len(ordered) * percent // 100) - 1])
