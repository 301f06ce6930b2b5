"""Wall clocks: the open hours of a calendar, read off a clock on the wall every quarter of an hour.

All bounds and all changes of the clock lie on a quarter. Nothing here is shared with the hours that it checks.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ticketing.domain.calendar import DayWindow
from ticketing.domain.hours import Hours
from ticketing.domain.reference import CalendarPublished

QUARTER = timedelta(minutes=15)
A_DAY = timedelta(days=1) // QUARTER
DAYS_WATCHED = 6
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Watched:
    """Versions of a calendar, and a time in which they are watched.

    Attributes:
        versions: In order of number.
        known: How many of them are known; what follows extends their horizon.
    """

    versions: tuple[CalendarPublished, ...]
    known: int

    @property
    def hours(self) -> Hours:
        return Hours.of(self.versions[: self.known], extensions=self.versions[self.known :])

    def instants(self, days_more: int = 0) -> list[datetime]:
        """Every quarter of an hour, from the first that is effective on; with days more on either side."""
        begin = min(version.effective_from for version in self.versions[: self.known])
        return [begin + number * QUARTER for number in range(-days_more * A_DAY, (DAYS_WATCHED + days_more) * A_DAY)]


class WallClock:
    """What one version says of every quarter of an hour.

    Attributes:
        shown: The local time of each instant.
        open: The instants that are open.
        past: Those of which the version has frozen nothing.
    """

    def __init__(self, version: CalendarPublished, instants: Sequence[datetime]) -> None:
        assert version.frozen is not None
        self.version, self.frozen = version, version.frozen
        zone = ZoneInfo(version.zone)
        self.shown = {instant: instant.astimezone(zone).replace(tzinfo=None) for instant in instants}
        self.past = {instant for instant, shown in self.shown.items() if shown.date() > self.frozen.until}
        if self.past:
            # Nobody changes the clock any more.
            last = (min(self.past) - QUARTER).astimezone(zone).utcoffset()
            assert last is not None
            self.shown |= {instant: instant.replace(tzinfo=None) + last for instant in self.past}
        self.instants_of: dict[datetime, list[datetime]] = defaultdict(list)
        for instant, shown in self.shown.items():
            self.instants_of[shown].append(instant)
        self.open = set(self._open())

    def _open(self) -> Iterator[datetime]:
        shown = [shown.date() for shown in self.shown.values()]
        for number in range(1, (shown[-1] - shown[0]).days - 1):
            day = shown[0] + timedelta(days=number)
            for window in self._windows(day):
                instant = self._when(day, window.opens)[0]
                closes = self._when(day + timedelta(days=window.crosses_midnight), window.closes)[-1]
                while instant < closes:
                    yield instant
                    instant += QUARTER

    def _windows(self, day: date) -> Sequence[DayWindow]:
        if day <= self.frozen.until:
            if day in self.version.closed_days:
                return ()
            for made_up in self.version.make_up_days:
                if made_up.on == day:
                    return made_up.windows
            if day in self.frozen.make_up_days:
                assert self.version.holidays is not None
                return self.version.holidays.make_up_windows
            if any(holiday.on == day for holiday in self.frozen.holidays):
                return ()
        return [window for window in self.version.windows if window.day == _WEEKDAYS[day.weekday()]]

    def _when(self, day: date, time: str) -> list[datetime]:
        """The instants at which the clock shows it; where it never does, the first at which it shows a later time."""
        hours, minutes = map(int, time.split(":"))
        asked = datetime.combine(day, datetime.min.time()) + timedelta(hours=hours, minutes=minutes)
        return self.instants_of.get(asked) or [min(at for at, shown in self.shown.items() if shown > asked)]


class Read:
    """What is read off the wall clocks of all versions: at each instant off that which counts.

    Attributes:
        is_open: Whether it is open at each instant.
        days: The local day of each.
        horizon: The first instant that is past what is frozen; None where none is.
    """

    def __init__(self, watched: Watched) -> None:
        self._clocks = [WallClock(version, watched.instants(3)) for version in watched.versions]
        instants = watched.instants()
        counting = [self._counting(instant, watched.known) for instant in instants]
        # Where nothing of the known one is frozen, what was published later counts.
        counting = [
            clock if instant not in clock.past else self._counting(instant, len(watched.versions))
            for instant, clock in zip(instants, counting, strict=True)
        ]
        self.horizon = self._horizon(instants, counting)
        self.is_open = [instant in clock.open for instant, clock in zip(instants, counting, strict=True)]
        self.days = [clock.shown[instant].date() for instant, clock in zip(instants, counting, strict=True)]

    def _counting(self, instant: datetime, of_the_first: int) -> WallClock:
        return [clock for clock in self._clocks[:of_the_first] if clock.version.effective_from <= instant][-1]

    @staticmethod
    def _horizon(instants: Sequence[datetime], counting: Sequence[WallClock]) -> datetime | None:
        past = (instant for instant, clock in zip(instants, counting, strict=True) if instant in clock.past)
        return next(past, None)
