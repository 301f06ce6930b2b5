"""Calendars as they are declared and frozen: windows, holidays, make-up days, and the zone's changes of the clock.

What a person declares names a zone and a set of public holidays; publishing freezes what the zone and the holidays
libraries say of both, from a first day to a last one, so that a later release of either changes nothing.
"""

import re
from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic.types import StringConstraints

from ticketing.domain.values import Instant, Key, Value


def _time_of_day(given: object) -> object:
    if isinstance(given, time) and not given.second and not given.microsecond:
        return given.isoformat("minutes")
    if not isinstance(given, str) or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d|24:00", given) is None:
        raise ValueError(f"{given} is no time of day: write it like 09:30, in quotes")
    return given


LocalTime = Annotated[
    str, BeforeValidator(_time_of_day), StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class DayWindow(Value):
    """Open hours of one day, local time; the end `24:00` is midnight at the end of the day.

    With `crosses_midnight` it closes on the day after. It belongs to the day on which it starts.
    """

    opens: LocalTime
    closes: LocalTime
    crosses_midnight: bool = False


class Window(DayWindow):
    """Open hours of one weekday, week by week."""

    day: Weekday


class MakeUpDay(Value):
    """A day that is worked, whatever its weekday and the holidays say: with windows of its own."""

    on: date
    windows: tuple[DayWindow, ...]


class HolidaySet(Value):
    """The public holidays of a country, or of a part of it, in the codes of ISO 3166-1 and ISO 3166-2.

    Attributes:
        make_up_windows: The hours of the days that are worked in exchange for holidays; due where there are such days.
    """

    country: Key
    subdivision: Key | None = None
    make_up_windows: tuple[DayWindow, ...] = ()


class Transition(Value):
    """From `at` on, local time is UTC plus so many seconds."""

    at: Instant
    offset_seconds: int


class Holiday(Value):
    """One public holiday, with its name in the country's language."""

    on: date
    name: Key


class Frozen(Value):
    """What was taken from the libraries at publication.

    Attributes:
        since: The first local day that it holds for.
        until: The last local day; what lies after is provisional: weekly windows alone, at the last offset.
        offset_seconds: What is added to UTC for local time at the beginning of `since`.
        transitions: Every later change, in order of time.
        holidays: In order of date.
        make_up_days: Days worked in exchange for holidays, in order of date.
        sources: The libraries with their versions.
    """

    since: date
    until: date
    offset_seconds: int = 0
    transitions: tuple[Transition, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    make_up_days: tuple[date, ...] = ()
    sources: tuple[Annotated[str, Field(max_length=200)], ...] = ()
