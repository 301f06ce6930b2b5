"""The oracle of open hours: whether an instant is open, asked of what was declared and of the libraries themselves.

It knows nothing of what publishing froze but until when, and adds nothing up. Instants are seconds since 1970 UTC.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from ticketing.domain.calendar import DayWindow
from ticketing.domain.reference import CalendarPublished

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(at: datetime) -> int:
    return int(at.timestamp())


@cache
def zone_offset(zone: str, at: int) -> int:
    """What a watch there shows ahead of UTC."""
    offset = datetime.fromtimestamp(at, ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds())


@cache
def strikes(zone: str, local: datetime, *, is_last: bool) -> int:
    """The instant at which the watch shows a time of day: where twice, the first or last; where never, the change."""
    shown = local.replace(tzinfo=ZoneInfo(zone), fold=int(is_last)).astimezone(UTC)
    if shown.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local:
        return seconds(shown)
    at = seconds(local.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC))
    before = zone_offset(zone, at)
    while zone_offset(zone, at) == before:
        at += 60
    return at


@cache
def public_holidays(country: str, subdivision: str | None, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """The public holidays of a year, and the days worked in exchange."""
    found = holidays.country_holidays(country, subdiv=subdivision, years=year)
    return frozenset(found), frozenset(getattr(found, "weekend_workdays", ()))


@dataclass(eq=False)
class Version:
    """One version of a calendar, as it was declared."""

    said: CalendarPublished
    from_at: int = 0
    end: int = 0
    windows: dict[date, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.from_at = seconds(self.said.effective_from)
        self.end = strikes(self.said.zone, datetime.combine(self.until + DAY, datetime.min.time()), is_last=False)

    @property
    def until(self) -> date:
        """The last day for which zone and holidays are known."""
        return self.said.frozen_until or date(self.said.effective_from.year + 10, 12, 31)

    def is_frozen(self, at: int) -> bool:
        return at < self.end

    def watch(self, at: int) -> datetime:
        """Local time; after the end no clock is changed any more."""
        offset = zone_offset(self.said.zone, min(at, self.end - 1))
        return datetime.fromtimestamp(at, UTC).replace(tzinfo=None) + timedelta(seconds=offset)

    def strikes(self, local: datetime, *, is_last: bool) -> int:
        if local.date() <= self.until:
            return strikes(self.said.zone, local, is_last=is_last)
        return seconds(local.replace(tzinfo=UTC)) - zone_offset(self.said.zone, self.end - 1)

    def windows_of(self, day: date) -> tuple[DayWindow, ...]:
        """The windows that begin on a day."""
        weekly = tuple(window for window in self.said.windows if window.day == WEEKDAYS[day.weekday()])
        if day > self.until:
            return weekly
        if day in self.said.closed_days:
            return ()
        made_up = [made_up.windows for made_up in self.said.make_up_days if made_up.on == day]
        if made_up:
            return made_up[0]
        if self.said.holidays is not None:
            off, worked = public_holidays(self.said.holidays.country, self.said.holidays.subdivision, day.year)
            if day in worked:
                return self.said.holidays.make_up_windows
            if day in off:
                return ()
        return weekly

    def opened_on(self, day: date) -> Iterator[tuple[int, int]]:
        for window in self.windows_of(day):
            opens, closes = (minutes(text) for text in (window.opens, window.closes))
            midnight = datetime.combine(day, datetime.min.time())
            if window.crosses_midnight:
                closes += 24 * 60
            yield (
                self.strikes(midnight + timedelta(minutes=opens), is_last=False),
                self.strikes(midnight + timedelta(minutes=closes), is_last=True),
            )

    def is_open(self, at: int) -> bool:
        today = self.watch(at).date()
        for day in (today - 2 * DAY, today - DAY, today, today + DAY):
            if day not in self.windows:
                self.windows[day] = tuple(self.opened_on(day))
            if any(opens <= at < closes for opens, closes in self.windows[day]):
                return True
        return False


def minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


@dataclass(eq=False)
class OpenHours:
    """A calendar as one clock knows it: the versions published when it started, and those published later."""

    known: Sequence[Version]
    later: Sequence[Version]
    asked: dict[int, bool] = field(default_factory=dict)
    days: dict[int, date] = field(default_factory=dict)
    ends: dict[date, int] = field(default_factory=dict)

    def version_at(self, at: int) -> Version | None:
        """The version effective at an instant; one published later only where those known are not frozen any more."""
        found = latest(self.known, at)
        if found is not None and found.is_frozen(at):
            return found
        return latest([*self.known, *self.later], at)

    def is_open(self, at: int) -> bool:
        if at not in self.asked:
            version = self.version_at(at)
            self.asked[at] = version is not None and version.is_open(at)
        return self.asked[at]

    @property
    def horizon(self) -> int:
        """The first instant at which the version that counts is not frozen any more."""
        ends = (it.end for it in (*self.known, *self.later))
        past = (at for at in ends if (found := self.version_at(at)) is not None and not found.is_frozen(at))
        return min(past, default=0)

    def day(self, at: int) -> date:
        if at not in self.days:
            version = self.version_at(at)
            self.days[at] = (version.watch(at) if version is not None else datetime.fromtimestamp(at, UTC)).date()
        return self.days[at]

    def day_end(self, at: int) -> int:
        """Midnight after an instant: the first minute of another day."""
        day = self.day(at)
        if day not in self.ends:
            at -= at % 60
            while self.day(at) == day:
                at += 60
            self.ends[day] = at
        return self.ends[day]


def latest(versions: Sequence[Version], at: int) -> Version | None:
    return max((it for it in versions if it.from_at <= at), key=lambda it: it.said.version, default=None)
