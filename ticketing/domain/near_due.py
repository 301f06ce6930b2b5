"""Near due: the recorded waits that paused a clock, and those of them that began in its last tenth before due."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import get_args

from ticketing.domain.course import Course
from ticketing.domain.events import WaitCause
from ticketing.domain.hours import micros
from ticketing.domain.policy import WaitName
from ticketing.domain.standing import Standing, standings_of
from ticketing.domain.time_rules import TimeRules
from ticketing.domain.values import Event, Recorded
from ticketing.domain.waits import Wait

_LAST_PART = 10
_RECORDED = frozenset(get_args(WaitCause))


def recorded(waits: Iterable[Wait]) -> list[Wait]:
    """The waits that somebody put on record, without those that other facts show."""
    return [wait for wait in waits if wait.cause in _RECORDED]


def pausing(facts: Sequence[Recorded[Event]], rules: TimeRules) -> tuple[tuple[Wait, bool], ...]:
    """The recorded waits that began while a clock ran which they pause, each with whether it was nearly due.

    Nearly due is a clock of whose target a tenth or less is left, in its own time; there is nothing to gain by pausing
    one that is past it.

    Args:
        facts: The surviving ones, in whatever order.
        rules: What was published.
    """
    course = Course(facts, rules)
    waits = recorded(course.waits)
    if not waits:
        return ()
    standings = list(_standings(course, rules, course.facts[-1].occurred_at, {wait.cause for wait in waits}))
    found = []
    for wait in waits:
        left = [_left(one, micros(wait.from_at)) for one in standings if wait.cause in one.clock.pauses]
        running = [one for one in left if one is not None]
        if running:
            found.append((wait, any(left * _LAST_PART <= target for left, target in running)))
    return tuple(found)


def _standings(course: Course, rules: TimeRules, now: datetime, causes: set[WaitName]) -> Iterator[Standing]:
    """Every run of a clock that one of the causes pauses."""
    for clock in rules.clocks:
        if any(not causes.isdisjoint(defined.pauses) for _, defined in clock.versions):
            yield from standings_of(clock, course, rules, now, is_forced=False).values()


def _left(standing: Standing, at: int) -> tuple[int, int] | None:
    """What was left of the target at an instant, and the target; None where the clock did not run, or was past it."""
    reading, end = standing.reading, standing.run.last.end
    ends = [standing.cancelled_at, None if end is None else micros(end.occurred_at)]
    if at < standing.holds_from or any(end is not None and at >= end for end in ends) or reading.measure == "until":
        return None
    left = reading.target - reading.value(at)
    return (left, reading.target) if left >= 0 and reading.target > 0 else None
