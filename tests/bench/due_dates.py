"""The entry `due_dates`: due dates by two years of open hours with public holidays, three pauses each.

Ours is what the engine calls: instants into microseconds, pauses merged, `due`, and back into an instant. What it is
compared with, `businesstimedelta`, knows no pauses. It is spared them: what its own `difference` finds open before each
pause is taken off the target, and what is left is added where the last of them ended. So it walks through every open
day once and through no pause, and its holidays are a set of days that is made beforehand, as our calendar is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from random import Random

import businesstimedelta
import pytz

from tests.bench.compared import Compared, Turn, in_turn, rate
from tests.time_stories import WORKDAYS, windows
from ticketing.adapters.freezing import frozen
from ticketing.domain import clock
from ticketing.domain.calendar import HolidaySet
from ticketing.domain.hours import Hours, instant_at, micros
from ticketing.domain.reference import CalendarPublished

AIM = 100.0
_ZONE = "Europe/Berlin"
_FIRST, _LAST = date(2025, 1, 1), date(2026, 12, 31)
_LAST_START = date(2026, 6, 30)
_TARGET_HOURS = (8, 16, 24, 40, 80)
_LONGEST = timedelta(days=4)


@dataclass(frozen=True, slots=True)
class Asked:
    """One due date to be found; the pauses are in order and do not overlap."""

    start: datetime
    target: timedelta
    pauses: tuple[tuple[datetime, datetime], ...]


def due_dates(*, count: int = 500, repeats: int = 7) -> Compared:
    """How many due dates both find in a second.

    Args:
        count: How many different ones there are.
        repeats: How often each has its turn.

    Raises:
        ValueError: They differ about one.
    """
    calendar, some = two_years(), asked(count)
    hours, rules = Hours.of([calendar]), rules_of(calendar)
    for one in some:
        if ours(hours, one) != theirs(rules, one):
            raise ValueError(f"{one}: ours is {ours(hours, one)}, theirs {theirs(rules, one)}")
    our_turns, their_turns = in_turn(
        lambda: Turn(rate(count, lambda: [ours(hours, one) for one in some])),
        lambda: Turn(rate(count, lambda: [theirs(rules, one) for one in some])),
        repeats,
    )
    return Compared(
        against=f"businesstimedelta {version('businesstimedelta')}",
        told=f"{count} due dates of 8 to 80 working hours, {_FIRST} to {_LAST}, three pauses each; all are equal",
        unit="due dates",
        aim=AIM,
        ours=our_turns,
        theirs=their_turns,
    )


def two_years() -> CalendarPublished:
    """Monday to Friday, nine to five, without the public holidays of Berlin."""
    return frozen(
        CalendarPublished(
            key="berlin",
            version=1,
            effective_from=datetime.combine(_FIRST, time(), tzinfo=UTC),
            zone=_ZONE,
            windows=windows(WORKDAYS, "09:00-17:00"),
            holidays=HolidaySet(country="DE", subdivision="BE"),
            frozen_until=_LAST,
        )
    )


def asked(count: int) -> Sequence[Asked]:
    """So many due dates, the same ones each time."""
    random = Random(count)
    return [_asked(random) for _ in range(count)]


def _asked(random: Random) -> Asked:
    def some(longest: timedelta) -> timedelta:
        return timedelta(seconds=random.randrange(1, int(longest.total_seconds())))

    at = start = datetime.combine(_FIRST, time(), tzinfo=UTC) + some(_LAST_START - _FIRST)
    pauses = []
    for _ in range(3):
        begin = at + some(_LONGEST)
        at = begin + some(_LONGEST)
        pauses.append((begin, at))
    return Asked(start, timedelta(hours=random.choice(_TARGET_HOURS)), tuple(pauses))


def ours(hours: Hours, one: Asked) -> datetime | None:
    """The due date as the engine finds it."""
    pauses = clock.merged((micros(begin), micros(end)) for begin, end in one.pauses)
    found = clock.due(hours, micros(one.start), one.target // timedelta(microseconds=1), pauses)
    return None if found is None else instant_at(found)


def rules_of(calendar: CalendarPublished) -> businesstimedelta.Rules:
    """The same open hours in their terms."""
    assert calendar.frozen is not None
    zone = pytz.timezone(calendar.zone)
    workdays = businesstimedelta.WorkDayRule(
        start_time=time(9), end_time=time(17), working_days=[0, 1, 2, 3, 4], tz=zone
    )
    holidays = businesstimedelta.HolidayRule({holiday.on for holiday in calendar.frozen.holidays}, tz=zone)
    return businesstimedelta.Rules([workdays, holidays])


def theirs(rules: businesstimedelta.Rules, one: Asked) -> datetime:
    """The due date by their sums, pauses left out."""
    at, left = one.start, one.target
    for begin, end in one.pauses:
        worked = rules.difference(at, begin).timedelta
        if worked >= left:
            break
        at, left = end, left - worked
    due: datetime = at + businesstimedelta.BusinessTimeDelta(rules, timedelta=left)
    return due
