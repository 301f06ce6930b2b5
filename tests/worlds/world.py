"""World: a small company drawn from a seed, its tickets, and its true figures, which no ticket is counted for.

Tickets are opened evenly over the days, long before day 0 and on after the day that is asked about: what is handed back
in a week is then what was opened in one, and a rate by hand-back has the same truth as one by opening. The true figures
follow from the distributions that the tickets are drawn from, in closed form but for complaints against opening.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from statistics import NormalDist, fmean

_NORMAL = NormalDist()
_POINTS = 2000
_QUANTILES = [_NORMAL.inv_cdf((number + 0.5) / _POINTS) for number in range(_POINTS)]
"""Points that each stand for as much of a normal distribution."""
_BEFORE_DAYS = 400
"""How long before day 0 tickets were opened: hardly any takes that long."""
_REACHED_DAYS = 10
"""How long before day 0 a ticket may be over and still belong to something asked: a clock of ten days is due then."""
_AFTER_DAYS = 14


@dataclass(frozen=True, slots=True)
class Course:
    """One of the ways that tickets go.

    Attributes:
        share: The part of all tickets that go so.
        median_days: From receipt to the end, lognormal.
        sigma: How much that spreads.
        complaining_before: The part complained about before the end, at any time alike.
        complaining_after: The part of which the complaint comes after it.
        passing: The part that passes its first inspection.
        is_disposed: Whether the unit is disposed of, unseen by any inspector.
    """

    share: float
    median_days: float
    sigma: float
    complaining_before: float = 0.0
    complaining_after: float = 0.0
    passing: float = 0.0
    is_disposed: bool = False

    def ended_by(self, days: float) -> float:
        """The part that has ended so many days after receipt."""
        return _NORMAL.cdf(math.log(days / self.median_days) / self.sigma) if days > 0 else 0.0

    def mean(self, of: Callable[[float], float]) -> float:
        """The mean of something that follows from how many days a ticket takes."""
        return fmean(of(self.median_days * math.exp(self.sigma * z)) for z in _QUANTILES)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One ticket; instants are days after day 0."""

    opened: float
    ended: float
    is_disposed: bool
    complained: float | None
    presented: float
    passes: bool


@dataclass(frozen=True, slots=True)
class World:
    """A small company.

    Attributes:
        day: The day in the middle that is asked about, in days after day 0.
        per_day: How many tickets are opened a day.
        courses: The ways that tickets go.
        complaint_days: How long after hand-back a complaint comes, on average; exponential.
    """

    day: float
    per_day: float
    courses: tuple[Course, ...]
    complaint_days: float

    # the truth

    def back_within(self, days: float) -> float:
        """The part of all tickets that is handed back within so many days."""
        return sum(course.share * course.ended_by(days) for course in self._back)

    def percentile(self, percent: int) -> float:
        """The days within which so many percent of all tickets are handed back; infinite if never."""
        level = percent / 100
        if sum(course.share for course in self._back) <= level:
            return math.inf
        low, high = 0.0, 10_000.0
        while high - low > 1e-9 * high:
            middle = (low + high) / 2
            low, high = (middle, high) if self.back_within(middle) < level else (low, middle)
        return high

    def complained_after_hand_back(self, days: int) -> float:
        """The part of those handed back that is complained about by so many days after."""
        by_then = self._complained_by(days)
        return self._of_those_back(lambda course: course.complaining_before + course.complaining_after * by_then)

    def complained_after_opening(self, days: int) -> float:
        """The part of all tickets that is complained about within so many days of opening."""
        return sum(
            course.share
            * (
                course.complaining_before * course.mean(lambda took: min(1.0, days / took))
                + course.complaining_after * course.mean(lambda took: self._complained_by(days - took))
            )
            for course in self.courses
        )

    def passing(self) -> float:
        """The part of those presented that passes at first."""
        return self._of_those_back(lambda course: course.passing)

    def met(self, days: int) -> float:
        """The part of the clocks of so many days that is met; one of a unit disposed of in time has no verdict."""
        gone = sum(course.share * course.ended_by(days) for course in self.courses if course.is_disposed)
        return self.back_within(days) / (1 - gone)

    @property
    def _back(self) -> tuple[Course, ...]:
        return tuple(course for course in self.courses if not course.is_disposed)

    def _of_those_back(self, part: Callable[[Course], float]) -> float:
        return sum(course.share * part(course) for course in self._back) / sum(course.share for course in self._back)

    def _complained_by(self, days: float) -> float:
        return 1 - math.exp(-days / self.complaint_days) if days > 0 else 0.0

    # its tickets

    def tickets(self, chance: Random) -> Iterator[Drawn]:
        """Every ticket that anything asked since day 0 may count, in the order of opening."""
        days = _BEFORE_DAYS + self.day + _AFTER_DAYS
        number = round(days * self.per_day)
        for opened in sorted(chance.uniform(-_BEFORE_DAYS, self.day + _AFTER_DAYS) for _ in range(number)):
            one = self.drawn(chance, opened)
            if one.ended >= -_REACHED_DAYS:
                yield one

    def drawn(self, chance: Random, opened: float) -> Drawn:
        """A ticket that is opened then."""
        course = chance.choices(self.courses, [course.share for course in self.courses])[0]
        took = chance.lognormvariate(math.log(course.median_days), course.sigma)
        return Drawn(
            opened=opened,
            ended=opened + took,
            is_disposed=course.is_disposed,
            complained=self._complained(chance, course, opened, took),
            presented=opened + took * chance.uniform(0.3, 0.9),
            passes=chance.random() < course.passing,
        )

    def _complained(self, chance: Random, course: Course, opened: float, took: float) -> float | None:
        drawn = chance.random()
        if drawn < course.complaining_before:
            return opened + took * chance.random()
        if drawn < course.complaining_before + course.complaining_after:
            return opened + took + chance.expovariate(1 / self.complaint_days)
        return None


def small_company(chance: Random, opened: tuple[int, int], *, with_disposal: bool) -> World:
    """A company asked about after six to twelve weeks: most repairs take some days, a part waits for weeks.

    Args:
        chance: What it is drawn from.
        opened: How many tickets it opens until then, at least and at most.
        with_disposal: Whether some units are disposed of instead of handed back.
    """
    waiting = chance.uniform(0.12, 0.35)
    disposed = chance.uniform(0.02, 0.07) if with_disposal else 0.0
    courses = [
        Course(
            share=(1 - disposed) * (1 - waiting),
            median_days=chance.uniform(1.5, 5),
            sigma=chance.uniform(0.4, 0.8),
            complaining_before=chance.uniform(0, 0.03),
            complaining_after=chance.uniform(0.02, 0.12),
            passing=chance.uniform(0.8, 0.97),
        ),
        Course(
            share=(1 - disposed) * waiting,
            median_days=chance.uniform(18, 35),
            sigma=chance.uniform(0.25, 0.5),
            complaining_before=chance.uniform(0.05, 0.25),
            complaining_after=chance.uniform(0.05, 0.2),
            passing=chance.uniform(0.6, 0.95),
        ),
    ]
    if with_disposal:
        days = chance.uniform(8, 25)
        courses.append(Course(disposed, days, 0.6, complaining_before=chance.uniform(0.05, 0.2), is_disposed=True))
    day = chance.uniform(42, 84)
    return World(day, chance.uniform(*opened) / day, tuple(courses), chance.uniform(8, 20))
