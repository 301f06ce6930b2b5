"""Clock: the value of a running clock, and its due date, which is the exact inverse.

Laws of this file: instants are whole microseconds since 1970; intervals are half-open. The value is the length of what
is open between the start and an instant, less what lies in the pauses; pauses are merged first, so that none counts
twice, and a pause outside open hours removes nothing. Due is the first instant at which the value reaches the target.
Nothing here loops over days: every question is a few binary searches for each pause.
"""

from collections.abc import Iterable, Sequence

from ticketing.domain.hours import Hours, OpenTime

ENDLESS = 2**62
"""The end of a pause that goes on."""

Pauses = Sequence[tuple[int, int]]
"""Merged: in order of time, none touching another."""


def merged(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of intervals."""
    union: list[tuple[int, int]] = []
    for begin, end in sorted(intervals):
        if begin >= end:
            continue
        if union and begin <= union[-1][1]:
            if end > union[-1][1]:
                union[-1] = (union[-1][0], end)
        else:
            union.append((begin, end))
    return union


def value(time: OpenTime, start: int, at: int, pauses: Pauses) -> int:
    """Open microseconds from the start to an instant, less those in the pauses; 0 before the start."""
    if at <= start:
        return 0
    opened = time.opened
    total = opened(at) - opened(start)
    for begin, end in pauses:
        if begin >= at:
            break
        if end > start:
            total -= opened(min(end, at)) - opened(max(begin, start))
    return total


def due(time: OpenTime, start: int, target: int, pauses: Pauses) -> int | None:
    """The first instant at which the value reaches the target; None where it never does, as in a pause that goes on."""
    opened = time.opened
    wanted = opened(start) + target
    for begin, end in pauses:
        if end <= start:
            continue
        before = opened(max(begin, start))
        if before >= wanted:
            break
        if end >= ENDLESS:
            return None
        wanted += opened(end) - before
    return time.reached(wanted)


def within_until(time: OpenTime, due_at: int | None, pauses: Pauses) -> int | None:
    """The last instant at which the value is not above what it is at `due_at`; None where it never gets above."""
    at = None if due_at is None else time.next_open(due_at)
    for begin, end in pauses:
        if at is None or begin > at:
            break
        if at < end:
            at = None if end >= ENDLESS else time.next_open(end)
    return at


def days(hours: Hours, start: int, at: int, pauses: Pauses) -> int:
    """Local days after the start day of which some instant before `at` lies in no pause."""
    if at <= start:
        return 0
    first, last = hours.day_of(start) + 1, hours.day_of(at - 1)
    counted = max(0, last - first + 1)
    for begin, end in pauses:
        if begin >= at:
            break
        whole = _first_whole_day(hours, begin), last if end >= at else hours.day_of(end) - 1
        counted -= max(0, min(whole[1], last) - max(whole[0], first) + 1)
    return counted


def days_due(hours: Hours, start: int, target: int, pauses: Pauses) -> int | None:
    """24:00 of the local day with which `days` reaches the target; None in a pause that goes on."""
    day, left = hours.day_of(start), target
    for begin, end in pauses:
        first = max(_first_whole_day(hours, begin), day + 1)
        if first - 1 - day >= left:
            break
        if end >= ENDLESS:
            return None
        last = hours.day_of(end) - 1
        if last >= first:
            left -= first - 1 - day
            day = last
    return hours.day_ends(day + left)


def days_within_until(due_at: int | None, pauses: Pauses) -> int | None:
    """The last instant at which `days` is not above what it is at `due_at`; None where it never gets above."""
    at = due_at
    for begin, end in pauses:
        if at is None or begin > at:
            break
        if at < end:
            at = None if end >= ENDLESS else end
    return at


def _first_whole_day(hours: Hours, begin: int) -> int:
    """The first local day that does not start before the instant."""
    day = hours.day_of(begin)
    return day if hours.day_ends(day - 1) == begin else day + 1
