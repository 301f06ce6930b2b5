"""Calendar faults: what in a calendar cannot be meant, each with its key; it is refused before it is published.

What needs zones and holidays, the days up to which a calendar is frozen among it, `adapters/freezing.py` looks at.
"""

from collections.abc import Iterator, Sequence

from ticketing.domain.calendar import DayWindow
from ticketing.domain.contradictions import Contradiction, twice
from ticketing.domain.reference import CalendarPublished

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""A calendar is effective from a year among these: before and after, nobody knows zones."""


def calendar_faults(calendar: CalendarPublished) -> Iterator[Contradiction]:
    """Everything in the calendar that cannot be meant, in the order of its keys."""
    year = calendar.effective_from.year
    if not FIRST_YEAR <= year <= LAST_YEAR:
        yield Contradiction("effective_from", f"the year {year} is not among {FIRST_YEAR} to {LAST_YEAR}")
    yield from _in_windows("windows", calendar.windows)
    if calendar.holidays is not None:
        yield from _in_windows("holidays.make_up_windows", calendar.holidays.make_up_windows)
    yield from twice("make_up_days", (day.on.isoformat() for day in calendar.make_up_days))
    for number, day in enumerate(calendar.make_up_days):
        key = f"make_up_days.{number}"
        if day.on in calendar.closed_days:
            yield Contradiction(f"{key}.on", f"{day.on} is one of the closed_days too")
        if not day.windows:
            yield Contradiction(f"{key}.windows", f"{day.on} is to be worked, and no window opens")
        yield from _in_windows(f"{key}.windows", day.windows)


def _in_windows(key: str, windows: Sequence[DayWindow]) -> Iterator[Contradiction]:
    for number, window in enumerate(windows):
        opens, closes = window.opens, window.closes
        if opens == "24:00":
            yield Contradiction(f"{key}.{number}.opens", "24:00 is the end of the day; let the next day open at 00:00")
        elif not window.crosses_midnight and closes <= opens:
            said = f"{closes} is not after opens, {opens}; where it closes on the next day, say crosses_midnight = true"
            yield Contradiction(f"{key}.{number}.closes", said)
        elif window.crosses_midnight and closes > opens:
            said = f"from {opens} to {closes} on the next day is longer than a day; leave out crosses_midnight"
            yield Contradiction(f"{key}.{number}.closes", said)
