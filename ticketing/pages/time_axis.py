"""Time axis: where instants lie between two edges, and the ticks that people read there, in a zone of their own.

Law of this file: a tick is a moment of a wall clock, such as midnight, so that they are not evenly spaced where clocks
are put forward. A label stands only where it touches no other.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONGEST_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis."""

    at: datetime
    label: str


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """An axis between two instants, and between two pixels.

    Attributes:
        zone: Of the ticks.
    """

    from_at: datetime
    to_at: datetime
    zone: tzinfo
    left: float = 0.0
    right: float = 1.0

    def between(self, left: float, right: float) -> "TimeAxis":
        """The same between other pixels."""
        return replace(self, left=left, right=right)

    def place(self, at: datetime) -> float:
        """The pixel of an instant, that of the nearer edge for one beyond it."""
        share = (at - self.from_at) / (self.to_at - self.from_at)
        return round(self.left + (self.right - self.left) * min(max(share, 0.0), 1.0), 2)

    def ticks(self, least: float) -> list[Tick]:
        """The ticks, at least so many pixels apart; of the steps that people count in, the smallest that allows it."""
        shortest = (self.to_at - self.from_at) * (least / (self.right - self.left))
        return [tick for tick in self._by_step(shortest) if self.from_at <= tick.at <= self.to_at]

    def _by_step(self, shortest: timedelta) -> Iterator[Tick]:
        for minutes in _MINUTES:
            if minutes * _MINUTE >= shortest:
                return self._by_minutes(minutes)
        for days in _DAYS:
            if days * _DAY >= shortest:
                return self._by_days(days)
        for months in _MONTHS:
            if months * _LONGEST_MONTH >= shortest or months == _MONTHS[-1]:
                return self._by_months(months)
        raise AssertionError  # the last step ends the search

    def _by_minutes(self, step: int) -> Iterator[Tick]:
        day = self.from_at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        while (midnight := day.replace(tzinfo=self.zone)) <= self.to_at:
            for minute in range(0, 24 * 60, step):
                wall = day + minute * _MINUTE
                at = wall.replace(tzinfo=self.zone)
                if _is_of_the_wall(at, wall):
                    yield Tick(at.astimezone(UTC), f"{wall:%H:%M}" if minute else _day(midnight))
            day += _DAY

    def _by_days(self, step: int) -> Iterator[Tick]:
        """Every so many days; of whole weeks the Mondays."""
        first = self.from_at.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        day = first - timedelta(days=first.weekday() if step % 7 == 0 else 0)
        while (midnight := day.replace(tzinfo=self.zone)) <= self.to_at:
            yield Tick(midnight.astimezone(UTC), _day(midnight))
            day += timedelta(days=step)

    def _by_months(self, step: int) -> Iterator[Tick]:
        first = self.from_at.astimezone(self.zone)
        month = first.year * 12 + (first.month - 1) // step * step
        while True:
            at = datetime(month // 12, month % 12 + 1, 1, tzinfo=self.zone)
            if at > self.to_at:
                return
            yield Tick(at.astimezone(UTC), str(at.year) if step >= 12 else f"{MONTHS[at.month - 1]} {at.year}")
            month += step


def _is_of_the_wall(at: datetime, wall: datetime) -> bool:
    """Whether a wall clock shows that time on that day; it shows none of the hour that is left out in spring."""
    return at.astimezone(UTC).astimezone(at.tzinfo).replace(tzinfo=None) == wall


def _day(at: datetime) -> str:
    return f"{at.day} {MONTHS[at.month - 1]}"
