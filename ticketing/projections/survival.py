"""Survival: what share of cases has ended by a duration, where some are still open and others ended otherwise."""

import math
import warnings
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from ticketing.projections.statistics import CONFIDENCE, Numbers, scipy_stats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TOLERANCE = 1e-9
"""A level counts as reached within this, so that the last bit of a product decides nothing."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """The duration by which so many percent have ended, with its limits; None where it is not reached."""

    at: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The share of cases that have ended in the way asked about, by duration.

    Attributes:
        at: The durations at which the curve rises, ascending.
        share: How far it has risen then, from 0 to 1.
        low: The lower 95 % limit of the share.
        high: The upper one.
    """

    at: "NDArray[np.int64]"
    share: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"

    def quantile(self, percent: int) -> Quantile:
        """The first duration at which the share, its upper and its lower limit come up to so many percent.

        Source: Brookmeyer and Crowley (1982), Biometrics 38:29-41: the limits of a quantile are where the limits of
        the curve cross its level.
        """
        level = percent / 100 - _TOLERANCE
        return Quantile(
            at=self._first(self.share >= level),
            low=self._first(self.high >= level),
            high=self._first(self.low >= level),
        )

    def _first(self, reached: "NDArray[np.bool_]") -> int | None:
        return int(self.at[reached.argmax()]) if reached.any() else None

    def share_by(self, at: int) -> tuple[float, float, float]:
        """The share that has ended by a duration, inclusive, and its limits; all 0 before the first has."""
        place = int(self.at.searchsorted(at, side="right")) - 1
        if place < 0:
            return 0.0, 0.0, 0.0
        return float(self.share[place]), float(self.low[place]), float(self.high[place])


def incidence(ended: Numbers, competing: Numbers, censored: Numbers) -> Incidence:
    """The share of cases that have ended in the way asked about by each duration, with 95 % limits.

    Args:
        ended: The durations of those that ended in that way, in whole seconds, in any order.
        competing: Of those that ended otherwise and can no longer end in that way.
        censored: How long those were watched that were last seen open; at that duration they are still at risk.

    Returns:
        The curve of Kaplan and Meier where nothing competes, else that of Aalen and Johansen. Limits are those of
        log(-log), Kalbfleisch and Prentice (2002), eq. 1.15. Once all have ended, the lower limit stays what it was.

    Raises:
        BadInput: scipy, of the extra `figures`, is not installed.
    """
    scipy_stats()
    import numpy as np

    ends, others, open_ = (np.asarray(durations, dtype=np.int64) for durations in (ended, competing, censored))
    if not ends.size:
        nothing = np.empty(0)
        return Incidence(np.empty(0, dtype=np.int64), nothing, nothing, nothing)
    return _aalen_johansen(ends, others, open_) if others.size else _kaplan_meier(ends, open_)


def _kaplan_meier(ended: "NDArray[np.int64]", censored: "NDArray[np.int64]") -> Incidence:
    """Source: Kaplan and Meier (1958), JASA 53:457-481, by `scipy.stats.ecdf`."""
    import numpy as np

    stats = scipy_stats()
    curve = stats.ecdf(stats.CensoredData(uncensored=ended, right=censored)).cdf
    with warnings.catch_warnings():  # where nobody has ended yet, or everybody has, `_curve` knows the limits
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        limits = curve.confidence_interval(CONFIDENCE, method="log-log")
    rises = np.diff(curve.probabilities, prepend=0.0) > 0
    return _curve(
        curve.quantiles[rises].astype(np.int64),
        curve.probabilities[rises],
        limits.low.probabilities[rises],
        limits.high.probabilities[rises],
    )


def _aalen_johansen(
    ended: "NDArray[np.int64]", competing: "NDArray[np.int64]", censored: "NDArray[np.int64]"
) -> Incidence:
    """Source: Aalen and Johansen (1978), Scand. J. Statist. 5:141-150, cases that end at once ending together.

    The variance is that of the delta method with multinomial increments, Marubini and Valsecchi (1995), Analysing
    Survival Data from Clinical Trials, eq. 10.12: with F the incidence, S the survival before tᵢ, n at risk, d ended,
    e of them this way, Σ (F(t)-F(tᵢ))²·d/(n(n-d)) + S²·e(n-e)/n³ - 2(F(t)-F(tᵢ))·S·e/n². Multiplied out, it is a
    polynomial in F(t) whose coefficients are running sums. Where all end this way it is Greenwood's.
    """
    import numpy as np

    at, both = np.unique(np.concatenate((ended, competing)), return_counts=True)
    ordered = np.sort(ended)
    this_way = ordered.searchsorted(at, side="right") - ordered.searchsorted(at, side="left")
    left_unseen = np.sort(censored).searchsorted(at, side="left")
    at_risk = both.sum() + censored.size - (both.cumsum() - both) - left_unseen
    remain = at_risk - both
    survival = np.concatenate(([1.0], (remain / at_risk).cumprod()[:-1]))
    hazard = this_way / at_risk
    share = (survival * hazard).cumsum()

    greenwood = np.divide(both, at_risk * remain, out=np.zeros(at.size), where=remain > 0)
    together = survival * hazard / at_risk
    square = greenwood.cumsum()
    linear = (share * greenwood + together).cumsum()
    constant = (
        share * share * greenwood + survival**2 * hazard * (1 - hazard) / at_risk + 2 * share * together
    ).cumsum()
    variance = np.maximum(0.0, share * share * square - 2 * share * linear + constant)
    rises = this_way > 0
    return _curve(at[rises], share[rises], *_log_log(share[rises], variance[rises]))


def _log_log(
    share: "NDArray[np.float64]", variance: "NDArray[np.float64]"
) -> tuple["NDArray[np.float64]", "NDArray[np.float64]"]:
    """The limits of shares above 0; those of 1 are left to `_curve`."""
    import numpy as np

    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    rest = np.maximum(1 - share, _TOLERANCE)
    factor = np.exp(z * np.sqrt(variance) / -(rest * np.log(rest)))
    return 1 - rest ** (1 / factor), 1 - rest**factor


def _curve(
    at: "NDArray[np.int64]",
    share: "NDArray[np.float64]",
    low: "NDArray[np.float64]",
    high: "NDArray[np.float64]",
) -> Incidence:
    """The curve, its limits set right where all have ended and the formula gives none."""
    if math.isclose(share[-1], 1.0, rel_tol=0.0, abs_tol=_TOLERANCE):
        low[-1] = low[-2] if low.size > 1 else 0.0
        high[-1] = 1.0
    return Incidence(at, share, low, high)
