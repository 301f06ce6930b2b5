"""Statistics: the estimates and limits that the figures need, as pure functions of counts.

Everything a report prints is rounded here, to six decimals (half to even), so that the same counts give the same bytes
on every machine; a level counts as reached within 1e-9, so that the last bit of a product decides nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from statistics import NormalDist
from types import ModuleType

from ticketing.domain.errors import BadInput

CONFIDENCE = 0.95
DECIMALS = 6
_TOLERANCE = 1e-9


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


def nearest_rank(ordered: Sequence[int], percent: int) -> int:
    """The smallest value with at least so many percent of the values not above it; always one of the values.

    Args:
        ordered: The values in ascending order, at least one.
        percent: From 1 to 100.

    Source: definition 1 of Hyndman and Fan (1996), The American Statistician 50:361-365, the inverse of the empirical
    distribution: rank ⌈n·percent/100⌉, in integers.
    """
    return ordered[-(-len(ordered) * percent // 100) - 1]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the cumulative incidence: the share that has ended this way by then, with its limits."""

    at: int
    share: float
    low: float
    high: float


@dataclass(slots=True)
class _Variance:
    """The sums from which the variance at every step follows without going back to the steps before.

    Source: delta method with multinomial increments, Marubini and Valsecchi (1995), Analysing Survival Data from
    Clinical Trials, eq. 10.12: with F the incidence, S the survival before tᵢ, n at risk, d ended, e of them this way,
    Σ (F(t)-F(tᵢ))²·d/(n(n-d)) + S²·e(n-e)/n³ - 2(F(t)-F(tᵢ))·S·e/n². Where all end this way it is Greenwood's.
    """

    a: float = 0.0
    b: float = 0.0
    c: float = 0.0

    def after(self, share: float, survival: float, at_risk: int, ended: int, this_way: int) -> float:
        """The variance once the step to `share` is taken, `survival` being that before it."""
        greenwood = ended / (at_risk * (at_risk - ended)) if ended < at_risk else 0.0
        hazard = this_way / at_risk
        together = survival * hazard / at_risk
        self.a += greenwood
        self.b += share * greenwood + together
        self.c += share * share * greenwood + survival * survival * hazard * (1 - hazard) / at_risk
        self.c += 2 * share * together
        return max(0.0, share * share * self.a - 2 * share * self.b + self.c)


def cumulative_incidence(
    ended: Mapping[int, int], competing: Mapping[int, int], censored: Mapping[int, int]
) -> list[Step]:
    """The share of cases that have ended in the way asked about by each instant at which any ended, with 95 % limits.

    Args:
        ended: How many ended in that way, by duration.
        competing: How many ended otherwise and can no longer end in that way, by duration.
        censored: How many were last seen open, by duration; at the same duration they are still at risk.

    Source: Aalen and Johansen (1978), Scand. J. Statist. 5:141-150; without competing endings 1 - Kaplan and Meier
    (1958), JASA 53:457-481. Limits by log(-log(1 - share)), Kalbfleisch and Prentice (2002), eq. 1.15, which are those
    of Kaplan and Meier where nothing competes. Once all have ended, the lower limit stays what it was.
    """
    steps: list[Step] = []
    variance = _Variance()
    survival, share, low = 1.0, 0.0, 0.0
    at_risk = sum(ended.values()) + sum(competing.values()) + sum(censored.values())
    leaving = sorted(censored, reverse=True)
    for at in sorted({*ended, *competing}):
        while leaving and leaving[-1] < at:
            at_risk -= censored[leaving.pop()]
        this_way = ended.get(at, 0)
        both = this_way + competing.get(at, 0)
        share += survival * this_way / at_risk
        spread = variance.after(share, survival, at_risk, both, this_way)
        low, high = _log_log_limits(share, spread, low)
        steps.append(Step(at, share, low, high))
        survival *= (at_risk - both) / at_risk
        at_risk -= both
    return steps


def _log_log_limits(share: float, variance: float, low_before: float) -> tuple[float, float]:
    rest = 1 - share
    if share <= 0:
        return 0.0, 0.0
    if rest <= _TOLERANCE:
        return low_before, 1.0
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    factor = math.exp(z * math.sqrt(variance) / -(rest * math.log(rest)))
    return 1 - rest ** (1 / factor), 1 - rest**factor


@dataclass(frozen=True, slots=True)
class Quantile:
    """The duration by which so many percent have ended, with its limits; None where it is not reached."""

    at: int | None
    low: int | None
    high: int | None


def quantile(steps: Sequence[Step], percent: int) -> Quantile:
    """The first duration at which the share, its upper and its lower limit come up to so many percent.

    Source: Brookmeyer and Crowley (1982), Biometrics 38:29-41: the limits of a quantile are where the limits of the
    curve cross its level.
    """
    level = percent / 100 - _TOLERANCE
    return Quantile(
        at=next((step.at for step in steps if step.share >= level), None),
        low=next((step.at for step in steps if step.high >= level), None),
        high=next((step.at for step in steps if step.low >= level), None),
    )
