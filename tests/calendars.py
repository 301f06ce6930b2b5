"""Calendars for tests of hours: told in local time, with holidays of their own, in a zone frozen as publishing does."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from tests.time_stories import windows
from ticketing.adapters.freezing import frozen
from ticketing.domain.calendar import DayWindow, Frozen, Holiday, MakeUpDay, Window
from ticketing.domain.reference import CalendarPublished


def day_windows(*hours: str) -> tuple[DayWindow, ...]:
    """Hours of one day, such as `09:00-17:00`; those that close no later than they open cross midnight."""
    return tuple(DayWindow(**window.model_dump(exclude={"day"})) for window in windows(("mon",), *hours))


def local(text: str, zone: str = "UTC") -> datetime:
    """A local time, such as `2026-03-29 09:00`; of one that is repeated the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def calendar(
    weekly: Iterable[Window],
    *,
    zone: str = "UTC",
    version: int = 1,
    effective: str = "2026-01-01 00:00",
    until: str | None = None,
    holidays: Iterable[str] = (),
    make_up: Iterable[MakeUpDay] = (),
    closed: Iterable[str] = (),
) -> CalendarPublished:
    """A frozen calendar.

    Args:
        weekly: Its windows.
        zone: Its zone, in which the rest is told.
        version: Its number.
        effective: From when on.
        until: The last day that is frozen; the last of the same year where there is none.
        holidays: Days, such as `2026-12-25`.
        make_up: Days worked with windows of their own.
        closed: Days on which nothing opens.
    """
    effective_at = local(effective, zone)
    last = date.fromisoformat(until) if until else date(effective_at.year, 12, 31)
    named = tuple(Holiday(on=date.fromisoformat(day), name="a holiday") for day in sorted(holidays))
    return CalendarPublished(
        key="c-1",
        version=version,
        effective_from=effective_at,
        zone=zone,
        windows=tuple(weekly),
        make_up_days=tuple(make_up),
        closed_days=tuple(map(date.fromisoformat, closed)),
        frozen_until=last,
        frozen=_zone_frozen(zone, effective_at.year, last).model_copy(update={"holidays": named}),
    )


@cache
def _zone_frozen(zone: str, year: int, until: date) -> Frozen:
    effective_at = datetime(year, 1, 1, tzinfo=ZoneInfo(zone))
    made = frozen(CalendarPublished(key="c-1", version=1, effective_from=effective_at, zone=zone, frozen_until=until))
    assert made.frozen is not None
    return made.frozen
