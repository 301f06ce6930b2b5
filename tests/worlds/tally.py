"""Tally: how often the limits of a figure held the truth over many worlds, and how far off its value was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum, sqrt
from statistics import fmean

from scipy import stats

from tests.worlds.saying import Said
from ticketing.projections.statistics import CONFIDENCE

_HELD = (0.93, 0.97)
_OFF = 0.10
_CHANCE = 1e-5


@dataclass(slots=True)
class Tally:
    """One figure over many worlds.

    Attributes:
        held: In how many the limits held the truth.
        truths: The truth in each.
        errors: By which part of the truth the value was off, where there was one.
        leans: By how many standard errors it was too high, where there are limits.
    """

    held: int = 0
    truths: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    leans: list[float] = field(default_factory=list)

    def count(self, said: Said) -> None:
        """Takes in one world."""
        self.held += said.holds
        self.truths.append(said.truth)
        if said.error is not None:
            self.errors.append(said.error)
        if said.lean is not None:
            self.leans.append(said.lean)

    @property
    def worlds(self) -> int:
        """In how many worlds it was asked."""
        return len(self.truths)

    @property
    def holding(self) -> float:
        """In which part of the worlds the limits held the truth."""
        return self.held / self.worlds

    @property
    def silent(self) -> int:
        """In how many worlds it said nothing."""
        return self.worlds - len(self.errors)

    @property
    def error(self) -> float:
        """By which part of the truth it was off on average; what is too high makes up for what is too low."""
        return fmean(self.errors)

    @property
    def distance(self) -> float:
        """By which part of the truth it was off on average, too high or too low."""
        return fmean(map(abs, self.errors))

    @property
    def lean(self) -> float:
        """By how many standard errors the values of all worlds together are too high."""
        return fsum(self.leans) / sqrt(len(self.leans))

    @property
    def is_chance(self) -> bool:
        """Whether true figures with limits of 95 % come out so in more than one of a hundred thousand runs.

        The limits in few worlds find out what is far off, the values of all together what leans to one side.
        """
        few = stats.binom.cdf(self.held, self.worlds, CONFIDENCE)
        aside = 2 * stats.norm.sf(abs(self.lean)) if self.leans else 1.0
        return bool(min(few, aside) > _CHANCE)


Tallies = Mapping[str, Tally]


def tallied(said: Iterable[Mapping[str, Said]]) -> dict[str, Tally]:
    """Every figure over these worlds."""
    tallies: dict[str, Tally] = {}
    for world in said:
        for name, one in world.items():
            tallies.setdefault(name, Tally()).count(one)
    return tallies


def faults(tallies: Tallies) -> list[str]:
    """What a long run must not show, line by line: limits that hold too seldom or too often, a p90 far off."""
    low, high = _HELD
    found = [
        f"the limits of {name} hold the truth in {tally.holding:.1%} of the worlds, not in {low:.0%} to {high:.0%}"
        for name, tally in tallies.items()
        if not low <= tally.holding <= high
    ]
    if tallies["p90"].distance > _OFF:
        found.append(f"p90 is {tallies['p90'].distance:.1%} off on average, more than {_OFF:.0%}")
    return found
