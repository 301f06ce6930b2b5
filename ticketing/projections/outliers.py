"""Outliers: which of several rates stand out from the others by more than chance, and which months from the rest.

A rate is a numerator and a denominator. One of no cases at all takes part in nothing and has no limits.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import fmean
from typing import Literal

from ticketing.projections.statistics import scipy_stats

Rate = tuple[int, int]
Limits = tuple[float, float]
Side = Literal["above", "below"]

TAILS = (0.025, 0.001)
"""Of the limits of a funnel on either side: 95 % and 99.8 %, about two and three standard deviations."""

_FALSE_DISCOVERIES = 0.05
"""The share of groups said to stand out that may do so by chance."""

_SIGMAS = 3
_MEAN_RANGE_OF_TWO = 1.128
"""The expected range of two standard normal values, 2/√π, to the digits that control charts use."""

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Standing:
    """How one group stands to the others.

    Attributes:
        limits: Where the rates of 95 % of groups of this size lie that differ by chance alone; None of no cases.
        wide_limits: The same of 99.8 %.
        p: How likely rates so far apart or farther are by chance; None where it was not asked, or there are no others.
        p_adjusted: The same, adjusted to how many groups were asked about.
        rank: 1 for the highest rate; the same for the same rate; None for too few.
        stands_out: On which side, if by more than chance.
        is_too_few: Whether it has fewer cases than may be judged.
    """

    limits: Limits | None
    wide_limits: Limits | None
    p: float | None
    p_adjusted: float | None
    rank: int | None
    stands_out: Side | None
    is_too_few: bool


def pooled(rates: Sequence[Rate]) -> float | None:
    """The rate of all cases together; None where there are none."""
    whole = sum(denominator for _, denominator in rates)
    return sum(numerator for numerator, _ in rates) / whole if whole else None


def funnel(rates: Sequence[Rate], minimum_n: int) -> list[Standing]:
    """Each group against the others, in the order given; one with too few cases counts among the others and no more.

    The limits are about the pooled rate of all, since that is the one line a funnel has. The test is Fisher's, of the
    group against the others: it takes neither rate for known, so that it holds for two groups as for fifty, where a
    test against a pool that the group itself is part of would find too little. Hence of few groups one may stand out
    that lies within the limits: each pulls the line towards itself.

    Args:
        rates: Of the groups.
        minimum_n: The fewest cases that are judged, at least 1.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.

    Source: Spiegelhalter (2005), Statistics in Medicine 24:1185-1202, for the funnel; Fisher (1935), J. R. Statist.
    Soc. 98:39-54; Benjamini and Hochberg (1995), J. R. Statist. Soc. B 57:289-300, over the groups that are judged.
    """
    centre = pooled(rates)
    sizes = [n for _, n in rates]
    inner, outer = ([None] * len(rates) if centre is None else binomial_limits(centre, sizes, tail) for tail in TAILS)
    judged = [place for place, n in enumerate(sizes) if n >= minimum_n]
    rank_of = dict(zip(judged, _ranks([Fraction(*rates[place]) for place in judged]), strict=True))
    tested = _tested(rates, judged)
    standings = []
    for place in range(len(rates)):
        p, p_adjusted, stands_out = tested.get(place, (None, None, None))
        is_too_few = place not in rank_of
        standings.append(
            Standing(inner[place], outer[place], p, p_adjusted, rank_of.get(place), stands_out, is_too_few=is_too_few)
        )
    return standings


def _tested(rates: Sequence[Rate], judged: Sequence[int]) -> dict[int, tuple[float, float, Side | None]]:
    """The p-value, the adjusted one and the side of each group judged, by its place, if there are others."""
    had_it, whole = sum(numerator for numerator, _ in rates), sum(n for _, n in rates)
    others_of = {place: (had_it - rates[place][0], whole - rates[place][1]) for place in judged}
    p_of = {place: _fisher(rates[place], others) for place, others in others_of.items() if others[1]}
    adjusted = map(float, scipy_stats().false_discovery_control(list(p_of.values()))) if p_of else ()
    tested: dict[int, tuple[float, float, Side | None]] = {}
    for (place, p), p_adjusted in zip(p_of.items(), adjusted, strict=True):
        side: Side = "above" if Fraction(*rates[place]) > Fraction(*others_of[place]) else "below"
        tested[place] = p, p_adjusted, side if p_adjusted <= _FALSE_DISCOVERIES else None
    return tested


def _fisher(rate: Rate, others: Rate) -> float:
    table = [[numerator, n - numerator] for numerator, n in (rate, others)]
    return min(1.0, float(scipy_stats().fisher_exact(table).pvalue))


def binomial_limits(rate: float, sizes: Sequence[int], tail: float) -> list[Limits | None]:
    """Between which the rate of so many cases lies, for each size, save for at most the tail on either side.

    Returns:
        The limits by size, from 0 to 1; None of no cases.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.

    Source: Spiegelhalter (2005), appendix: with r the least number whose distribution reaches the tail, F(r) ≥ tail,
    the limit is (r - α)/n, α = (F(r) - tail)/(F(r) - F(r-1)). The upper limit is the lower one of the cases that did
    not have it, so that neither side is stricter, whichever of the two is counted.
    """
    low, high = _lower(rate, sizes, tail), _lower(1 - rate, sizes, tail)
    return [(below, 1 - above) if n else None for n, below, above in zip(sizes, low, high, strict=True)]


def _lower(rate: float, sizes: Sequence[int], tail: float) -> list[float]:
    binomial = scipy_stats().binom
    import numpy as np

    if rate in {0, 1}:
        return [float(rate)] * len(sizes)
    n = np.maximum(np.asarray(sizes, dtype=np.int64), 1)
    reached = binomial.ppf(tail, n, rate)
    over = (binomial.cdf(reached, n, rate) - tail) / binomial.pmf(reached, n, rate)
    return [float(limit) for limit in np.maximum(0.0, (reached - over) / n)]


def _ranks(rates: Sequence[Fraction]) -> list[int]:
    """1 for the highest; the same for equals."""
    place_of: dict[Fraction, int] = {}
    for place, rate in enumerate(sorted(rates, reverse=True), 1):
        place_of.setdefault(rate, place)
    return [place_of[rate] for rate in rates]


# one rate over time


@dataclass(frozen=True, slots=True)
class Point:
    """One rate of a control chart.

    Attributes:
        z: How many standard deviations of chance alone it lies from the centre; None where all or none had it.
        limits: Of the p chart, which knows no other variation than chance within each month; None of no cases.
        limits_prime: Of the p′ chart, which takes months to differ as much as neighbours do; None for one alone.
        is_signal: Whether it lies outside the first.
        is_signal_prime: Whether it lies outside the second.
    """

    z: float | None
    limits: Limits | None
    limits_prime: Limits | None
    is_signal: bool
    is_signal_prime: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A p chart and a p′ chart of the same rates.

    Attributes:
        centre: The pooled rate; None of no cases.
        sigma_z: How much more than by chance neighbours differ: 1 is chance alone; None where nothing tells.
        points: One for each rate; None of no cases.
    """

    centre: float | None
    sigma_z: float | None
    points: tuple[Point | None, ...]


def laney(rates: Sequence[Rate]) -> Chart:
    """The p and the p′ chart of rates in order of time; a month of no cases is passed over.

    Source: Laney (2002), Quality Engineering 14:531-537: z = (p - p̄)/√(p̄(1-p̄)/n), σ_z its mean moving range ÷ 1.128,
    limits p̄ ± 3σ_z·√(p̄(1-p̄)/n). With σ_z = 1 they are Shewhart's. All are cut off at 0 and 1.
    """
    centre = pooled(rates)
    if centre is None:
        return Chart(None, None, (None,) * len(rates))
    spreads = [math.sqrt(centre * (1 - centre) / n) if n else None for _, n in rates]
    scores = [
        (numerator / n - centre) / spread if spread else None
        for (numerator, n), spread in zip(rates, spreads, strict=True)
    ]
    known = [z for z in scores if z is not None]
    sigma_z = (
        fmean(abs(after - before) for before, after in pairwise(known)) / _MEAN_RANGE_OF_TWO if known[1:] else None
    )
    points = tuple(
        None if spread is None else _point(centre, spread, z, sigma_z)
        for spread, z in zip(spreads, scores, strict=True)
    )
    return Chart(centre, sigma_z, points)


def _point(centre: float, spread: float, z: float | None, sigma_z: float | None) -> Point:
    return Point(
        z=z,
        limits=_about(centre, _SIGMAS * spread),
        limits_prime=None if sigma_z is None else _about(centre, _SIGMAS * sigma_z * spread),
        is_signal=z is not None and abs(z) > _SIGMAS + _TOLERANCE,
        is_signal_prime=z is not None and sigma_z is not None and abs(z) > _SIGMAS * sigma_z + _TOLERANCE,
    )


def _about(centre: float, distance: float) -> Limits:
    return max(0.0, centre - distance), min(1.0, centre + distance)
